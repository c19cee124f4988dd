"""Training, encoding and scoring on a GPU: every strategy, each precision, stopped and resumed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from facefake.features import Tower, encode_pictures
from facefake.models import BackboneSpec, load_backbone, load_detector
from facefake.models.precision import cast_products
from facefake.training import train_pictures
from facefake.training.log import read_metrics
from preprocessing.clip import Clip
from preprocessing.datasets import get_reader
from preprocessing.faces import CropGeometry
from tests.crops import crop
from tests.facefake.cli.conftest import command
from tests.facefake.training.test_pictures import STRATEGIES, config, tree

DEVICE = "cuda"
NEAR = 0.03  # in P(fake): bf16 has 8 bits, and a GPU's convolutions 11

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("gpu") / "progan")


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Clip]:
    return get_reader("progan").read(root).clips


def losses(out: Path) -> list[float]:
    return [float(row["loss"]) for row in read_metrics(out / "metrics.csv") if row["loss"]]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("strategy", [*STRATEGIES, "ln", "bitfit"])
def test_a_strategy_trains_stops_goes_on_and_scores_as_on_a_cpu(
    pictures: list[Clip], tmp_path: Path, strategy: str, precision: str
):
    known = strategy in STRATEGIES
    recipe = f"image-{strategy}" if known else "image-lora"
    settings = [f"trainer.precision={precision}", "data.workers=2", *(() if known else (f"strategy={strategy}",))]

    def train(out: str, epochs: int):
        recipe_now = config(recipe, *settings, f"trainer.epochs={epochs}")
        return train_pictures(recipe_now, pictures, tmp_path / out, device=DEVICE, features=tmp_path, progress=False)

    undisturbed = train("undisturbed", 2)
    train("stopped", 1)
    resumed = train("stopped", 2)
    assert resumed.steps == undisturbed.steps == 26
    assert np.isfinite(losses(tmp_path / "stopped")).all()
    # sums of a GPU come out in any order
    assert losses(tmp_path / "stopped") == pytest.approx(losses(tmp_path / "undisturbed"), rel=0.02, abs=0.02)

    crops = [crop(number, number % 2 == 0, 56) for number in range(40)]
    there, here = load_detector(resumed.detector, DEVICE), load_detector(resumed.detector, "cpu", precision="fp32")
    np.testing.assert_allclose(there.score(crops), here.score(crops), atol=NEAR)


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_activations_may_be_computed_again(pictures: list[Clip], tmp_path: Path, strategy: str):
    for kept in ("false", "true"):
        settings = config(f"image-{strategy}", f"trainer.grad_checkpointing={kept}", "trainer.precision=bf16")
        train_pictures(settings, pictures, tmp_path / kept, device=DEVICE, features=tmp_path, progress=False)
    assert losses(tmp_path / "true") == pytest.approx(losses(tmp_path / "false"), rel=0.02, abs=0.02)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_features_are_those_of_a_cpu_and_damaged_pictures_are_named(root: Path, tmp_path: Path, precision: str):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    files = [*((path, None) for path in sorted((root / "val").rglob("*.png"))), (damaged, None)]

    def features(device: str, precision: str):
        backbone = load_backbone(BackboneSpec("tiny-clip", "random:0", "joint"))
        if precision == "bf16":
            cast_products(backbone)
        tower = Tower.of_base(backbone.to(device), torch.device(device), precision)
        return encode_pictures(files, tower, CropGeometry("resize-crop", 1.0, 32), tmp_path / device, workers=2)

    there, here = features(DEVICE, precision), features("cpu", "fp32")
    assert list(there.failed) == list(here.failed) == [len(files) - 1]
    good = range(len(files) - 1)
    found, expected = there.read(good)[:, 0], here.read(good)[:, 0]
    cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.999


def test_the_same_command_lines_work_on_a_gpu(root: Path, tmp_path: Path):
    detector, results = tmp_path / "run" / "detector.safetensors", tmp_path / "results.json"
    tiny = [f"--set={each}" for each in ("backbone.name=tiny-clip", "backbone.weights=random:0", "data.batch_size=8")]
    places = ["--data", root, "--out", tmp_path / "run", "--features", tmp_path / "features"]
    command("train", "--dataset", "progan", "--strategy", "prompt", *places, *tiny, "--device", DEVICE)
    command("score", root / "val", "--detector", detector, "--device", DEVICE, "--json", results)
    answers = json.loads(results.read_text())
    assert answers["detector"]["device"].startswith(DEVICE)
    assert {each["status"] for each in answers["results"]} == {"scored"}
