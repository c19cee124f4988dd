"""Calibrating as a user types it: scores in, a detector file out that scores with probabilities."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.torch import load_file

from facefake.models.file import read_card
from facefake.scoring.result import ClipResult, FrameScore, PersonResult, Truth, document_head
from facefake.scoring.rules import ScoringRules
from tests.facefake.cli.conftest import command
from tests.facefake.evaluation.results import write_document


def result(number, split="val"):
    label = number % 2
    score = float(np.random.default_rng(number).beta(2 + 2 * label, 2)) ** 3
    person = PersonResult(0, score, score, (FrameScore(0, 0.0, score, (0, 0, 9, 9), (), 0.99),))
    return ClipResult(
        path=f"{number}.mp4",
        sha256=None,
        kind="video",
        status="scored",
        verdict="fake",
        probability=score,
        score=score,
        people=(person,),
        truth=Truth(f"{number}.mp4", "folder", "x", split, label, f"{number // 2}"),
    )


VIDEOS = [result(number) for number in range(80)]


def write_scores(path, detector, results, **settings):
    facts = {"name": detector.name, "sha256": hashlib.sha256(detector.read_bytes()).hexdigest()}
    return write_document(path, document_head(facts, ScoringRules().to_dict() | settings), results)


@pytest.fixture
def scores(run, tmp_path):
    return write_scores(tmp_path / "val.json", run.detector, VIDEOS)


def calibrate(run, scores, out, *more):
    return command("calibrate", "--detector", run.detector, "--scores", scores, "--out", out, *more)


def test_the_new_file_scores_with_probabilities_and_the_old_one_stays(run, scores, tmp_path):
    before = run.detector.read_bytes()
    done = calibrate(run, scores, tmp_path / "calibrated.safetensors")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert all(words in done.stderr for words in ("out of fold", "in sample", "40 real and 40 fake", "threshold 0.5"))
    assert run.detector.read_bytes() == before
    old, new = load_file(run.detector), load_file(tmp_path / "calibrated.safetensors")
    assert all((old[name] == new[name]).all() for name in old)

    clip = run.videos / "test" / "clip-000.mp4"
    documents = []
    for detector in (run.detector, tmp_path / "calibrated.safetensors"):
        scored = command("score", clip, "--detector", detector, "--frames", "uniform:4", "--json", "-")
        documents.append(json.loads(scored.stdout))
    raw, calibrated = documents
    card = read_card(tmp_path / "calibrated.safetensors")
    assert raw["settings"]["calibration"] is None
    assert calibrated["settings"]["calibration"] == json.loads(json.dumps(card.calibration.to_dict()))
    assert calibrated["settings"]["threshold_source"] == card.threshold_source
    assert calibrated["detector"]["calibration"]["fitted_on"]["detector"] == raw["detector"]["sha256"]
    (one,), (other,) = raw["results"], calibrated["results"]
    assert one["score"] == one["probability"] == other["score"]
    assert other["probability"] == pytest.approx(float(card.calibration.apply(one["score"])), abs=1e-6)
    assert other["probability"] != other["score"]
    assert other["people"][0]["probability"] == other["probability"]
    assert other["verdict"] == ("fake" if other["probability"] >= card.threshold else "real")


def test_the_input_is_replaced_only_when_it_is_named(run, scores, tmp_path):
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(run.detector.read_bytes())
    scores = write_scores(tmp_path / "copy.json", copy, VIDEOS)
    done = command(
        *("calibrate", "--detector", copy, "--scores", scores, "--out", copy),
        *("--method", "temperature", "--threshold-rule", "fpr:0.1"),
    )
    assert done.returncode == 0
    card = read_card(copy)
    assert card.calibration.method == "temperature"
    assert card.threshold_source.startswith("fpr:0.1: at most 10 % of the reals")
    assert calibrate(run, scores, tmp_path / "never.safetensors").returncode == 0  # the same bytes as were scored


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path, run: write_scores(path, run.store / "recipe.json", VIDEOS), "another detector"),
        (lambda path, run: write_scores(path, run.detector, VIDEOS, pooling="max"), "pooled by max"),
        (
            lambda path, run: write_scores(path, run.detector, [*VIDEOS, result(80, "test")]),
            "80.mp4 (test)",
        ),
        (lambda path, run: write_scores(path, run.detector, map(result, range(12))), "6 real"),
        (lambda path, run: write_scores(path, run.detector, VIDEOS, corruption="blur 2"), "blur 2"),
        (
            lambda path, run: write_scores(path, run.detector, VIDEOS, recipe={"corruption": "jpeg 30"}),
            "jpeg 30",
        ),
    ],
    ids=["detector", "pooling", "split", "few", "crops", "frames"],
)
def test_scores_that_may_not_calibrate_it(run, tmp_path, spoil, words):
    done = calibrate(run, spoil(tmp_path / "val.json", run), tmp_path / "out.safetensors")
    assert done.returncode == 2
    assert "calibration_invalid" in done.stderr
    assert words in done.stderr
    assert not (tmp_path / "out.safetensors").exists()


def test_it_needs_no_torch(run, scores, tmp_path):
    code = (
        "import sys; from facefake.cli import cli; "
        f"cli(['calibrate', '--detector', {str(run.detector)!r}, '--scores', {str(scores)!r}, "
        f"'--out', {str(tmp_path / 'out.safetensors')!r}], standalone_mode=False); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
