"""Exporting as a user types it, and scoring with what came out."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from facefake.models.file import read_card
from tests.crops import crop
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector

ON_A_CPU = "computes products of float16 in float32"


@pytest.fixture
def detector(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return random_detector(tmp_path / "detector.safetensors", PICTURES)


def scored(path, *pictures):
    done = command("score", *pictures, "--detector", path, "--json", "-", "--workers", 1)
    assert done.returncode == 0
    answers = json.loads(done.stdout)
    return answers["detector"], [(each["verdict"], each["score"]) for each in answers["results"]]


def test_an_export_scores_as_the_detector_does(detector, tmp_path):
    pictures = []
    for number in range(3):
        Image.fromarray(crop(number, fake=number == 1, side=300)).save(tmp_path / f"{number}.png")
        pictures.append(tmp_path / f"{number}.png")
    done = command("export", detector, "--crops", tmp_path)
    assert done.returncode == 0
    assert "compared on 3 pictures" in done.stderr
    assert "0 verdicts change" in done.stderr
    assert ON_A_CPU not in done.stderr
    assert done.stdout == "facefake score FILE --detector detector-fp32.onnx\n"
    before, after = scored(detector, *pictures), scored("detector-fp32.onnx", *pictures)
    assert [verdict for verdict, _ in after[1]] == [verdict for verdict, _ in before[1]]
    assert [score for _, score in after[1]] == pytest.approx([score for _, score in before[1]], abs=1e-4)
    assert (after[0]["precision"], after[0]["export"]["sha256"]) == ("fp32", before[0]["sha256"])
    assert before[0]["export"] is None
    assert read_card(tmp_path / "detector-fp32.onnx").geometry == PICTURES.to_dict()


def test_what_a_cpu_cannot_tell_of_float16_is_said(detector):
    assert ON_A_CPU in command("export", detector, "--precision", "fp16").stderr


def test_what_cannot_be_exported(detector, tmp_path):
    for arguments, code in (
        (("none.safetensors",), "detector_not_found"),
        ((detector, "--out", detector), "usage"),
        ((detector, "--out", "detector.pt"), "usage"),
        ((detector, "--crops", "nowhere"), "not_found"),
    ):
        done = command("export", *arguments)
        assert (done.returncode, code in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["detector.safetensors"]


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_an_export_that_outgrows_the_disk_is_an_error_in_words_and_leaves_nothing(detector, tmp_path, precision):
    line = f'ulimit -f 8; exec "{sys.executable}" -m facefake export detector.safetensors --precision {precision}'
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"error [not_writable]: Cannot write detector-{precision}.onnx (File too large)." in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["detector.safetensors"]
