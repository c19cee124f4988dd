import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "facefake.scoring",
        "facefake.scoring.verdict",
        "facefake.evaluation",
        "facefake.evaluation.compare",
        "facefake.evaluation.foreign",
        "facefake.reporting",
        "facefake.cli.report",
    ],
)
def test_reading_and_reporting_results_needs_no_torch(module):
    code = f"import sys, {module}; print([name for name in ('torch', 'cv2', 'av', 'sklearn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_scoring_names_are_there_when_asked_for():
    import facefake.scoring

    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = facefake.scoring.guess
