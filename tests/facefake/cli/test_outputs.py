"""No command may cost its user what it reads: clips, lists of a release, detectors, hours of scores."""

import os
import shutil

import pytest

from facefake.cli.outputs import keep_apart, keep_out
from preprocessing.errors import FacefakeError
from tests.facefake.cli.conftest import command
from tests.facefake.evaluation.results import fakes, reals, write
from tests.preprocessing.datasets import trees


def test_an_output_is_no_input_and_no_other_output_however_it_is_written(tmp_path):
    (tmp_path / "in.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("in.json")
    for outputs in (["in.json"], ["sub/../in.json"], ["link.json"], ["a.csv", "./a.csv"]):
        with pytest.raises(FacefakeError) as error:
            keep_apart([tmp_path / each for each in outputs], [tmp_path / "in.json"])
        assert error.value.code == "usage"
    keep_apart([tmp_path / "out.json", None, "-", os.devnull, os.devnull], [tmp_path / "in.json", None])


def test_nothing_is_written_into_a_data_set(tmp_path):
    for target in ("ffpp/list.json", "ffpp", "other/../ffpp/store"):
        with pytest.raises(FacefakeError) as error:
            keep_out(tmp_path / "ffpp", tmp_path / "out", tmp_path / target)
        assert "only read" in error.value.message
    keep_out(tmp_path / "ffpp", tmp_path / "ffpp-store", "-", None)


def refused(done):
    assert (done.returncode, "error [usage]" in done.stderr) == (2, True)
    return True


def test_score_spares_its_clip_its_detector_and_the_release(run, tmp_path):
    clip = tmp_path / "clip.mp4"
    shutil.copy(run.videos / "test" / "clip-000.mp4", clip)
    before = clip.read_bytes(), run.detector.read_bytes()
    for target in (clip, run.detector):
        assert refused(command("score", clip, "--detector", run.detector, "--json", target))
    twice = ("--json", tmp_path / "a", "--csv", tmp_path / "a")
    assert refused(command("score", clip, "--detector", run.detector, *twice))
    assert (clip.read_bytes(), run.detector.read_bytes()) == before
    root = trees.celebdf(tmp_path / "celebdf")
    of_release = ("--dataset", "celebdf", "--data", root)
    official = root / "List_of_testing_videos.txt"
    assert refused(command("score", *of_release, "--detector", run.detector, "--csv", official))
    assert refused(command("score", *of_release, "--detector", run.detector, "--store", root / "store"))
    assert refused(command("extract", *of_release, "--out", root / "store"))
    assert official.read_text().count(".mp4")
    assert not (root / "store").exists()


def test_report_and_calibrate_spare_the_scores(run, tmp_path):
    scores = write(tmp_path / "scores.json", [*reals(4), *fakes(4)])
    before = scores.read_bytes()
    assert refused(command("report", scores, "--json", scores))
    assert refused(command("report", scores, "--json", tmp_path / "out", "--csv", tmp_path / "out"))
    assert refused(command("calibrate", "--detector", run.detector, "--scores", scores, "--out", scores))
    assert scores.read_bytes() == before
