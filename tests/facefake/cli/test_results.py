"""What becomes of results when a run ends early: hours of scoring are never lost, nor taken for the whole."""

import json

import pytest

from facefake.cli.results import Outputs, write_results
from facefake.evaluation.scores_file import read_scores
from facefake.scoring import document_head
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import DETECTOR, SETTINGS, fakes, reals

HEAD = document_head(DETECTOR, SETTINGS | {"threshold_source": "default", "datasets": {}})
CLIPS = (*reals(4), *fakes(4))
ERROR = FacefakeError("store_damaged", "It is damaged.", "Make it anew.")


def until(error, clips=CLIPS):
    yield from clips
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ERROR])
def test_what_was_scored_before_a_run_ended_is_written_and_says_that_it_is_not_all(tmp_path, error):
    outputs = Outputs(*(tmp_path / f"out.{form}" for form in ("json", "csv", "md", "html")))
    with pytest.raises(type(error)):
        write_results(until(error), 20, HEAD, outputs)
    scores = read_scores(tmp_path / "out.json").scores
    assert len(scores) == len(CLIPS)
    assert scores.notes == ("out.json: The run ended early, with 8 of 20 files scored.",)
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1 + len(CLIPS)
    for page in ("out.md", "out.html"):
        assert "with 8 of 20 files scored" in (tmp_path / page).read_text()


def test_an_error_before_the_first_result_leaves_old_files(tmp_path):
    (tmp_path / "out.json").write_text("old")
    with pytest.raises(FacefakeError):
        write_results(until(ERROR, ()), 20, HEAD, Outputs(json=tmp_path / "out.json"))
    assert (tmp_path / "out.json").read_text() == "old"


def test_a_whole_run_does_not_say_that_it_ended_early(tmp_path):
    write_results(iter(CLIPS), len(CLIPS), HEAD, Outputs(json=tmp_path / "out.json"))
    assert "interrupted" not in json.loads((tmp_path / "out.json").read_text())
    assert read_scores(tmp_path / "out.json").scores.notes == ()


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_page_that_cannot_be_written_is_known_before_anything_is_scored(tmp_path, form):
    with pytest.raises(FacefakeError) as error:
        write_results(until(AssertionError("scored")), 20, HEAD, Outputs(**{form: tmp_path}))
    assert error.value.code == "not_writable"
