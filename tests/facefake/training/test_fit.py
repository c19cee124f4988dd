from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from facefake.models import load_detector
from facefake.models.file import read_card
from facefake.training import TrainConfig, TrainResult, load_config, train
from facefake.training.data import read_crops
from facefake.training.log import read_metrics
from facefake.training.schedule import lr_at
from facefake.training.validation import validate
from preprocessing.errors import FacefakeError
from tests.facefake.training.metrics import column

SMALL = ["backbone.name=tiny-vit", "backbone.weights=random:0", "data.batch_size=8", "trainer.device=cpu"]
FAST = [*SMALL, "optimiser.lr=1e-2", "schedule.cycle_epochs=4"]


def config(*overrides: str) -> TrainConfig:
    return load_config("face-ln", [*FAST, *overrides])


def run(store: Path, out: Path, *overrides: str, resume: bool = True) -> TrainResult:
    return train(config(*overrides), store, out, resume=resume, progress=False)


@pytest.fixture(scope="module")
def trained(store: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """Six epochs, undisturbed."""
    return run(store, tmp_path_factory.mktemp("run"), "trainer.epochs=6")


def test_it_learns_the_toy_forgery(trained: TrainResult):
    assert trained.best >= 0.9
    losses = np.array(column(trained, "cross_entropy"))
    assert losses[-4:].mean() < losses[:4].mean() - 0.01  # logits of unit vectors move slowly


def test_the_detector_loads_and_scores_the_validation_split_as_training_measured_it(trained: TrainResult, store: Path):
    val = read_crops(store, "val", 32)
    scores = load_detector(trained.detector, "cpu").score([np.asarray(Image.open(path)) for path, _ in val.files])
    figures = validate(scores, val.labels, val.clips)
    card = read_card(trained.detector)
    assert card.selection is not None
    assert figures.video_auc == trained.best == card.selection.value
    assert figures.frame_auc == pytest.approx(card.metrics["frame_auc"], abs=1e-12)
    assert figures.cross_entropy == pytest.approx(card.metrics["cross_entropy"], abs=1e-6)


def test_loading_twice_scores_the_same(trained: TrainResult, store: Path):
    crops = [np.asarray(Image.open(path)) for path, _ in read_crops(store, "test", 32).files]
    first, second = (load_detector(trained.detector, "cpu").score(crops) for _ in range(2))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_the_file_holds_only_what_was_trained_and_says_where_it_comes_from(trained: TrainResult, store: Path):
    names = set(load_file(trained.detector))
    assert len(names) == 2 * (2 * 2 + 2) + 2  # LayerNorms of two blocks, ln_pre and ln_post; the head
    assert all("ln_" in name or name.startswith("head.") for name in names)
    card = read_card(trained.detector)
    assert (card.strategy, card.head, card.face_detector) == ("ln", "hyperspherical", "mtcnn")
    assert card.geometry == {"template": "gend", "scale": 1.3, "size": None}
    assert card.training is not None
    assert (card.training.split, card.training.clips, card.training.crops) == ("train", 8, 32)
    assert card.training.config_sha256 == config("trainer.epochs=6").sha256
    assert card.selection is not None
    assert (card.selection.split, card.selection.metric, card.selection.epoch) == ("val", "video_auc", trained.epoch)


def test_the_run_folder(trained: TrainResult):
    out = trained.detector.parent
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert names == ["checkpoints/last.ckpt", "config.yaml", "detector.safetensors", "metrics.csv"]
    assert load_config(out / "config.yaml") == config("trainer.epochs=6")


def test_a_checkpoint_leaves_the_base_out_and_is_safe_to_load(trained: TrainResult):
    path = trained.detector.parent / "checkpoints" / "last.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    assert {name.removeprefix("network.") for name in checkpoint["state_dict"]} == set(load_file(trained.detector))


def test_every_step_has_the_schedules_rate(trained: TrainResult):
    expected = [lr_at(step, config().schedule, lr=1e-2, steps_per_epoch=4) for step in range(24)]
    np.testing.assert_allclose(column(trained, "lr"), expected, rtol=1e-9)
    assert trained.steps == 24


def test_the_loss_is_the_sum_of_its_parts(trained: TrainResult):
    ce, u, a = (np.array(column(trained, name)) for name in ("cross_entropy", "uniformity", "alignment"))
    np.testing.assert_allclose(column(trained, "loss"), ce + 0.5 * u + 0.1 * a, atol=1e-6)


def test_the_best_epoch_is_kept(trained: TrainResult):
    rows = [row for row in read_metrics(trained.metrics) if row["val_video_auc"]]
    ranks = [(float(row["val_video_auc"]), -float(row["val_cross_entropy"])) for row in rows]
    assert len(ranks) == 6
    assert trained.epoch == max(range(6), key=lambda epoch: ranks[epoch])


def test_stopping_and_resuming_gives_the_same_run(trained: TrainResult, store: Path, tmp_path: Path):
    for epochs in (2, 3, 6):
        resumed = run(store, tmp_path / "run", f"trainer.epochs={epochs}")
    assert resumed.metrics.read_bytes() == trained.metrics.read_bytes()
    assert (resumed.best, resumed.epoch, resumed.steps) == (trained.best, trained.epoch, trained.steps)
    for name, tensor in load_file(trained.detector).items():
        torch.testing.assert_close(load_file(resumed.detector)[name], tensor, atol=1e-6, rtol=0)


CHILD = """
import sys
from facefake.training import load_config, train
train(load_config("face-ln", sys.argv[3:]), sys.argv[1], sys.argv[2], progress=False)
"""


@pytest.mark.parametrize("extra", [[], ["loss.slerp=true", "data.pairing=pair", "trainer.accumulate=2"]])
def test_killed_in_the_middle_of_an_epoch_and_resumed(store: Path, tmp_path: Path, extra: list[str]):
    overrides = [*FAST, "trainer.epochs=16", *extra]
    killed = tmp_path / "killed"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(store), str(killed), *overrides])
    while child.poll() is None and not (killed / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -9
    assert len(read_metrics(killed / "metrics.csv")) < 16 * 3
    resumed = run(store, killed, "trainer.epochs=16", *extra)
    undisturbed = run(store, tmp_path / "whole", "trainer.epochs=16", *extra)
    np.testing.assert_allclose(column(resumed, "loss"), column(undisturbed, "loss"), atol=1e-6)
    assert len(column(resumed, "val_video_auc")) == 16
    for name, tensor in load_file(undisturbed.detector).items():
        torch.testing.assert_close(load_file(resumed.detector)[name], tensor, atol=1e-6, rtol=0)


def test_resuming_a_finished_run_changes_nothing(trained: TrainResult, store: Path):
    before = trained.detector.read_bytes(), trained.metrics.read_bytes()
    again = run(store, trained.detector.parent, "trainer.epochs=6")
    assert again == trained
    assert (trained.detector.read_bytes(), trained.metrics.read_bytes()) == before


def test_loading_processes_and_global_seeds_do_not_change_a_run(store: Path, tmp_path: Path):
    losses = []
    for number, workers in enumerate((0, 2)):
        torch.manual_seed(number)
        losses.append(column(run(store, tmp_path / str(number), "trainer.epochs=2", f"data.workers={workers}"), "loss"))
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-6)


def test_another_seed_is_another_run(trained: TrainResult, store: Path, tmp_path: Path):
    other = run(store, tmp_path / "run", "trainer.epochs=1", "seed=1")
    assert not np.allclose(column(other, "loss"), column(trained, "loss")[:4], atol=1e-4)


@pytest.mark.parametrize("strategy", ["linear", "bitfit", "full"])
def test_strategies_train_what_they_say_and_leave_the_rest(store: Path, tmp_path: Path, strategy: str):
    result = run(store, tmp_path / "run", "trainer.epochs=1", f"strategy={strategy}")
    load_detector(result.detector, "cpu")  # refuses a base that has moved
    assert column(result, "loss")


@pytest.mark.parametrize(
    "override",
    ["trainer.precision=bf16", "trainer.grad_checkpointing=true", "head=linear", "loss.label_smoothing=0.1"],
)
def test_variants_train(store: Path, tmp_path: Path, override: str):
    result = run(store, tmp_path / "run", "trainer.epochs=1", override)
    assert np.isfinite(column(result, "loss")).all()
    assert np.isfinite(load_detector(result.detector, "cpu").score([np.zeros((48, 48, 3), np.uint8)])).all()


def test_gradient_checkpointing_changes_no_loss(trained: TrainResult, store: Path, tmp_path: Path):
    result = run(store, tmp_path / "run", "trainer.epochs=1", "trainer.grad_checkpointing=true")
    np.testing.assert_allclose(column(result, "loss"), column(trained, "loss")[:4], atol=1e-6)


def test_accumulated_batches_are_one_step(store: Path, tmp_path: Path):
    plain = ["loss.uniformity=0", "loss.alignment=0", "trainer.epochs=1", "schedule.warmup_epochs=0"]
    large = run(store, tmp_path / "large", *plain, "data.batch_size=16")
    summed = run(store, tmp_path / "summed", *plain, "data.batch_size=8", "trainer.accumulate=2")
    assert (large.steps, summed.steps) == (2, 2)
    # cross-entropy is a mean over crops, so two halves give the whole's gradient
    np.testing.assert_allclose(column(summed, "loss"), column(large, "loss"), atol=1e-6)
    for name, tensor in load_file(large.detector).items():
        torch.testing.assert_close(load_file(summed.detector)[name], tensor, atol=1e-4, rtol=0)


def test_tensorboard_when_asked_for(store: Path, tmp_path: Path):
    pytest.importorskip("tensorboard")
    run(store, tmp_path / "run", "trainer.epochs=1", "trainer.loggers=[tensorboard]")
    assert list((tmp_path / "run" / "tensorboard").glob("events.*"))


def error_of(*args, **options) -> FacefakeError:
    with pytest.raises(FacefakeError) as caught:
        run(*args, **options)
    return caught.value


def test_a_batch_larger_than_the_split_says_what_to_set(store: Path, tmp_path: Path):
    error = error_of(store, tmp_path, "data.batch_size=128")
    assert error.code == "config_invalid"
    assert "32" in error.message
    assert "--set data.batch_size=16" in error.hint


def test_footage_on_both_sides_stops_the_run_before_it_starts(make_store, toy, tmp_path: Path):
    rows = [each | ({"pair": "train0"} if each["clip"] == "fake/val0.mp4" else {}) for each in toy.rows()]
    assert error_of(make_store(rows), tmp_path / "run").code == "split_leak"
    assert not (tmp_path / "run").exists()


def test_the_card_says_which_sets_the_checkpoint_was_chosen_on(trained: TrainResult):
    card = read_card(trained.detector)
    assert card.selection is not None
    assert (card.selection.datasets, card.selection.split) == (["toy"], "val")


def test_an_empty_validation_split(store: Path, tmp_path: Path):
    error = error_of(store, tmp_path, "data.val_split=dev")
    assert error.code == "split_empty"
    assert "train" in error.message


def test_a_run_that_is_there_is_not_overwritten(trained: TrainResult, store: Path):
    error = error_of(store, trained.detector.parent, resume=False)
    assert error.code == "usage"
    assert "--resume" in error.hint


@pytest.mark.parametrize("change", ["optimiser.lr=2e-3", "seed=5", "data.frames_per_clip=2"])
def test_a_run_is_not_resumed_with_another_recipe_or_other_data(trained: TrainResult, store: Path, change: str):
    before = (trained.detector.parent / "config.yaml").read_text()
    assert error_of(store, trained.detector.parent, change).code == "usage"
    assert (trained.detector.parent / "config.yaml").read_text() == before


def test_a_checkpoint_that_is_a_pickle_is_refused(store: Path, tmp_path: Path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "last.ckpt").write_bytes(b"\x80\x04N.")
    assert error_of(store, tmp_path / "run").code == "usage"


def test_splits_cut_with_different_geometries(make_store, toy, tmp_path: Path):
    rows = [each | ({"geometry": '{"template": "arcface"}'} if each["split"] == "val" else {}) for each in toy.rows()]
    assert error_of(make_store(rows), tmp_path / "run").code == "store_recipe_mismatch"


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_crop_keeps_its_code_on_the_way_out_of_the_loop(make_store, toy, tmp_path: Path, workers: int):
    rows = toy.rows()
    store = make_store(rows)
    (store / rows[0]["crop"]).write_bytes(b"no picture")
    assert error_of(store, tmp_path / "run", f"data.workers={workers}").code == "store_damaged"


def test_a_loss_that_is_no_number_stops_the_run(store: Path, tmp_path: Path):
    error = error_of(store, tmp_path / "run", "optimiser.lr=1e30", "schedule.warmup_epochs=0", "trainer.epochs=3")
    assert error.code == "config_invalid"
    assert "optimiser.lr" in error.hint


def test_an_output_that_cannot_be_written(store: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    assert error_of(store, tmp_path / "file" / "run").code == "not_writable"


def test_fp16_needs_cuda(store: Path, tmp_path: Path):
    assert error_of(store, tmp_path / "run", "trainer.precision=fp16").code == "config_invalid"


def test_training_says_nothing_on_stdout_and_little_on_stderr(store: Path, tmp_path: Path, capfd, recwarn):
    run(store, tmp_path / "run", "trainer.epochs=1")
    assert capfd.readouterr() == ("", "")
    assert [str(each.message) for each in recwarn] == []


def test_progress_goes_to_stderr(store: Path, tmp_path: Path, capfd):
    train(config("trainer.epochs=1"), store, tmp_path / "run")
    out, err = capfd.readouterr()
    assert out == ""
    assert "4/4" in err
