"""The benchmarks of models run, on something tiny: their figures are looked at by people."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.digest import sha256_file
from preprocessing.faces import CropGeometry, align, load_face_detector
from tests.clips import write_video
from tests.face_networks import known, scrfd, write

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
CPU = ("--device", "cpu")


def rows(tmp_path: Path, *arguments: str) -> list[dict[str, str]]:
    """What a benchmark has written."""
    script, *options = arguments
    out = tmp_path / "results.csv"
    command = [sys.executable, BENCHMARKS / f"{script}.py", *options, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with out.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_encode(tmp_path: Path, precision: str):
    options = ["--backbone", "ViT-B-32-quickgelu", "--batch", "1", "--pictures", "1", "--no-compile"]
    (row,) = rows(tmp_path, "encode", *CPU, *options, "--precision", precision)
    a_picture = float(row["tflops"]) / float(row["pictures_a_second"])
    # 4.4 thousand million multiplications, as published for ViT-B/32
    assert a_picture == pytest.approx(2 * 4.41e-3, rel=0.05)


@pytest.mark.slow
def test_train_step(tmp_path: Path):
    recipes = [f"image-{strategy}" for strategy in ("prompt", "linear", "adapter", "lora", "full")]
    options = ["--backbone", "tiny-clip", "--batch", "4", "--steps", "1", "--config", *recipes]
    assert [row["config"] for row in rows(tmp_path, "train_step", *CPU, *options)] == recipes


@pytest.mark.slow
def test_feature_cache(tmp_path: Path):
    found = rows(tmp_path, "feature_cache", *CPU, "--backbone", "tiny-clip", "--pictures", "64", "--rounds", "1")
    assert {row["bytes_a_picture"] for row in found} == {str(4 * 32 + 40)}


@pytest.mark.slow
def test_score_model(tmp_path: Path):
    (row,) = rows(tmp_path, "score_model", *CPU, "--backbone", "tiny-vit", "--crops", "4", "--rounds", "1")
    assert float(row["largest_score_difference"]) < 0.01


@pytest.mark.slow
def test_face_detectors(tmp_path: Path):
    portrait = np.ascontiguousarray(astronaut()[:320, 60:380])
    (face,) = load_face_detector().detect(portrait[None])[0]
    folder = tmp_path / "crops" / "aligned"
    folder.mkdir(parents=True)
    crop = align(portrait, face.landmarks, CropGeometry())
    cv2.imwrite(str(folder / "0.png"), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
    write_video(tmp_path / "a.mp4", [portrait] * 2, 2)
    other = write(tmp_path / "other.onnx", scrfd([known(400, 400, 100)]))
    found = rows(tmp_path, "face_detectors", str(tmp_path), "--onnx", str(other), "--frames", "2")
    published = {row["face_detector"]: row for row in found if row["set"] == "published"}
    name = f"scrfd-{sha256_file(other)[:12]}"
    assert float(published["mtcnn"]["gend"]) < 4
    assert float(published[name]["gend"]) > 50
    (pair,) = [row for row in found if (row["face_detector"], row["against"], row["set"]) == (name, "mtcnn", "videos")]
    assert [pair[column] for column in ("faces", "found", "more", "gend", "file")] == [
        "2",
        "0",
        "2",
        "",
        "other.onnx",
    ]


@pytest.mark.slow
def test_export(tmp_path: Path):
    found = rows(tmp_path, "export", "--backbone", "tiny-vit", "--pictures", "2", "--rounds", "1")
    drift = {row["way"]: float(row["largest_score_difference"]) for row in found}
    ways = ["torch fp32", "torch bf16", "torchscript fp32", "onnx fp32", "onnx fp16", "onnx int8"]
    assert list(drift) == ways
    assert max(drift["torchscript fp32"], drift["onnx fp32"]) < 1e-4
