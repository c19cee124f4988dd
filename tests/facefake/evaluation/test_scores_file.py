import json

import pytest

from facefake.evaluation.scores_file import read_scores
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import fakes, reals, write


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "scores.json", [*reals(3), *fakes(3)])


def refused(path):
    with pytest.raises(FacefakeError) as error:
        read_scores(path)
    assert error.value.code == "scores_invalid"
    return error.value.message


def test_a_file_that_was_laid_out_anew_or_saved_with_a_byte_order_mark_reads_the_same(path):
    scores = read_scores(path).scores.score.tolist()
    path.write_text("\ufeff" + path.read_text())
    assert read_scores(path).scores.score.tolist() == scores
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8-sig")), indent=1))
    assert read_scores(path).scores.score.tolist() == scores


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"detector": None}, "NoneType"),
        ({"detector": {"sha256": None}}, "which detector file"),
        ({"settings": {}}, "it has no 'pooling'"),
        ({"settings": {"pooling": "mean", "threshold": 7}}, "threshold"),
        ({"settings": {"pooling": "mean", "threshold": "high"}}, "not supported between"),
        ({"schema": 2}, "no schema 1"),
        ({"schema": 2, "kind": "report"}, "it is a report, which is made from results"),
    ],
)
def test_a_head_that_a_report_could_not_use_is_refused(path, changed, words):
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    assert words in refused(path)
