"""Faults that DeepfakeBench's training loop has had, each as a fact that its behaviour would break.

Of its ``train.py`` and ``abstract_dataset.py`` as of 2025-06: the scheduler was stepped outside of the epochs' loop, so
the rate never fell; one epoch more than asked for was run; the best checkpoint was chosen on each test set; an item
that could not be loaded was replaced by item 0.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from facefake.training import TrainConfig, TrainResult, load_config, train
from facefake.training.checkpoint import read_checkpoint
from facefake.training.log import read_metrics
from preprocessing.errors import FacefakeError

EPOCHS = 4
STEPS = 4  # an epoch: 32 crops in batches of 8


def config(*overrides: str) -> TrainConfig:
    small = ["backbone.name=tiny-vit", "backbone.weights=random:0", "data.batch_size=8", "trainer.device=cpu"]
    long = [f"trainer.epochs={EPOCHS}", "optimiser.lr=1e-2", "schedule.warmup_epochs=0"]
    return load_config("face-ln", [*small, *long, f"schedule.cycle_epochs={EPOCHS}", *overrides])


@pytest.fixture(scope="module")
def trained(store: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A whole run on a store whose test crops cannot be opened."""
    blinded = tmp_path_factory.mktemp("blinded") / "store"
    shutil.copytree(store, blinded)
    test_crops = list(blinded.rglob("test*/*.png"))
    assert len(test_crops) == 32
    for path in test_crops:
        path.write_bytes(b"test crops are not for training")
    return train(config(), blinded, blinded.parent / "run", progress=False)


def test_the_rate_falls_from_epoch_to_epoch_as_configured(trained: TrainResult):
    rates = np.array([float(row["lr"]) for row in read_metrics(trained.metrics) if row["lr"]]).reshape(EPOCHS, STEPS)
    first = rates[:, 0]
    assert (np.diff(first) < 0).all()
    quarter_turns = (1 + np.cos(np.pi * np.arange(EPOCHS) / EPOCHS)) / 2
    np.testing.assert_allclose(first, 1e-5 + (1e-2 - 1e-5) * quarter_turns, rtol=1e-9)


def test_it_stops_after_the_epochs_asked_for(trained: TrainResult):
    rows = read_metrics(trained.metrics)
    assert trained.steps == EPOCHS * STEPS
    assert {int(row["epoch"]) for row in rows} == set(range(EPOCHS))
    assert sum(bool(row["val_video_auc"]) for row in rows) == EPOCHS
    checkpoint = read_checkpoint(trained.detector.parent / "checkpoints" / "last.ckpt")
    assert checkpoint["global_step"] == EPOCHS * STEPS


def test_the_best_checkpoint_is_that_of_the_validation_split_and_test_crops_are_never_opened(trained: TrainResult):
    figures = [row for row in read_metrics(trained.metrics) if row["val_video_auc"]]
    best = max(figures, key=lambda row: (float(row["val_video_auc"]), -float(row["val_cross_entropy"])))
    assert trained.epoch == int(best["epoch"])


def test_a_checkpoint_is_not_chosen_on_a_test_split():
    with pytest.raises(FacefakeError, match="chosen on test videos") as caught:
        config("data.val_split=test")
    assert caught.value.code == "config_invalid"


@pytest.mark.parametrize("broken", ["train", "val"])
def test_a_crop_that_cannot_be_read_ends_the_run_and_is_named(make_store, toy, tmp_path: Path, broken: str):
    rows = toy.rows()
    store = make_store(rows)
    crop = next(row["crop"] for row in rows if row["split"] == broken and row["frame"] == 20)
    (store / crop).write_bytes(b"no picture")
    with pytest.raises(FacefakeError, match=crop) as caught:
        train(config(), store, tmp_path / "run", progress=False)
    assert caught.value.code == "store_damaged"
