"""A CNN of timm with BatchNorms, trained with the strategy full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from facefake.models import BackboneSpec, load_backbone, load_detector
from facefake.models.norms import statistics
from facefake.models.tower import check_name
from facefake.training import TrainResult, load_config, train, train_pictures
from facefake.training.data import read_crops
from facefake.training.validation import validate
from preprocessing.clip import Clip
from tests.crops import crop
from tests.facefake.models.custom import register
from tests.facefake.training.metrics import column

CHANGES = [
    *("backbone.name=tiny-cnn", "backbone.weights=random:0", "strategy=full", "head=linear", "trainer.device=cpu"),
    *("data.batch_size=8", "optimiser.lr=3e-3", "schedule.warmup_epochs=0", "schedule.cycle_epochs=null"),
    *("augment.jpeg=null", "augment.degrees=0", "augment.blur=0"),
]


@pytest.fixture(scope="module", autouse=True)
def _cnn(tmp_path_factory: pytest.TempPathFactory) -> None:
    check_name("tiny-vit")  # registers the shipped ones
    register(tmp_path_factory.mktemp("configs"))


def run(store: Path, out: Path, *overrides: str) -> TrainResult:
    return train(load_config("face-ln", [*CHANGES, *overrides]), store, out, progress=False)


@pytest.fixture(scope="module")
def trained(store: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """Five epochs, undisturbed."""
    return run(store, tmp_path_factory.mktemp("run"), "trainer.epochs=5")


def test_it_learns(trained: TrainResult):
    assert trained.best >= 0.9
    losses = column(trained, "cross_entropy")
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])


def test_the_detector_scores_as_training_measured_it(trained: TrainResult, store: Path):
    val = read_crops(store, "val", 32)
    detector = load_detector(trained.detector, "cpu", precision="fp32")
    figures = validate(detector.score([np.asarray(Image.open(path)) for path, _ in val.files]), val.labels, val.clips)
    assert figures.video_auc == trained.best
    assert figures.cross_entropy == pytest.approx(detector.card.metrics["cross_entropy"], abs=1e-5)


def test_statistics_are_in_the_file_and_in_the_checkpoint(trained: TrainResult):
    names = {f"backbone.{name}" for name in statistics(load_backbone(BackboneSpec("tiny-cnn", "random:0")))}
    tensors = load_file(trained.detector)
    checkpoint = torch.load(trained.detector.parent / "checkpoints" / "last.ckpt", weights_only=True)
    assert names < set(tensors) == {name.removeprefix("network.") for name in checkpoint["state_dict"]}
    steps = 4 * (trained.epoch + 1)
    assert {int(tensors[name]) for name in names if name.endswith("num_batches_tracked")} == {steps}


def test_stopping_and_resuming_gives_the_same_run(trained: TrainResult, store: Path, tmp_path: Path):
    for epochs in (1, 3, 5):
        resumed = run(store, tmp_path / "run", f"trainer.epochs={epochs}")
    assert resumed.metrics.read_bytes() == trained.metrics.read_bytes()
    for name, tensor in load_file(trained.detector).items():
        torch.testing.assert_close(load_file(resumed.detector)[name], tensor, atol=1e-6, rtol=0)


def test_activations_computed_again_change_nothing(trained: TrainResult, store: Path, tmp_path: Path):
    again = run(store, tmp_path / "run", "trainer.epochs=5", "trainer.grad_checkpointing=true")
    np.testing.assert_allclose(column(again, "loss"), column(trained, "loss"), atol=1e-6)
    for name, tensor in load_file(trained.detector).items():
        torch.testing.assert_close(load_file(again.detector)[name], tensor, atol=1e-6, rtol=0)


def test_bf16_trains(store: Path, tmp_path: Path):
    result = run(store, tmp_path / "run", "trainer.epochs=1", "trainer.precision=bf16")
    assert {tensor.dtype for tensor in load_file(result.detector).values()} == {torch.float32, torch.int64}
    assert np.isfinite(load_detector(result.detector, "cpu").score([np.zeros((48, 48, 3), np.uint8)])).all()


def test_a_picture_left_alone_in_its_batch_is_trained_on(tmp_path: Path):
    clips = []
    for number in range(106):
        path = tmp_path / f"{number}.png"
        Image.fromarray(crop(number, bool(number % 2), 32)).save(path)
        split = "val" if number >= 102 else "train"
        clips.append(Clip(path, path.name, "toy", "mine", number % 2, split, pair=None, name=path.stem))
    clips[7].path.write_bytes(b"no picture")
    # each stage of the network halves the picture: of one picture a channel has a single value at the end
    config = load_config("image-full", [*CHANGES, "data.batch_size=2", "trainer.epochs=1", "augment.crop=none"])
    result = train_pictures(config, clips, tmp_path / "run", progress=False)
    assert result.damaged == ["toy/7.png"]
    assert np.isfinite(column(result, "loss")).all()
    assert result.steps == 51
