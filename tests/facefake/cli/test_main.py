import subprocess
import sys

import pytest

import facefake
from facefake.cli import COMMANDS, main
from preprocessing.errors import FacefakeError

HEAVY = {"torch", "open_clip", "cv2", "av", "pyarrow", "sklearn", "lightning", "matplotlib", "rich", "pydantic"}


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "facefake", *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("statement", ["import facefake", "from facefake.cli import main; main(['--help'])"])
def test_help_and_import_load_nothing_heavy(statement):
    code = (
        f"import sys\ntry:\n    {statement}\nfinally:\n    print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_a_worked_example(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"facefake {command}" in capsys.readouterr().out.split("Options:")[0].split("Usage:")[1].partition("\n")[2]


def test_a_mistyped_command_gets_the_nearest():
    done = run("scoer")
    assert done.returncode == 2
    assert "Did you mean 'score'?" in done.stderr


def test_an_error_ends_in_words_hint_code_and_exit_code_2(tmp_path):
    done = run("extract", str(tmp_path / "nowhere"), "--out", str(tmp_path / "store"))
    assert done.returncode == 2
    assert "error [dataset_not_found]" in done.stderr
    assert " hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_package_offers_load_and_score_and_nothing_made_up():
    assert callable(facefake.load)
    assert callable(facefake.score)
    with pytest.raises(AttributeError):
        facefake.verdict  # noqa: B018


def test_an_error_needs_a_listed_code():
    with pytest.raises(ValueError, match="unknown error code"):
        FacefakeError("oops", "message", "hint")
