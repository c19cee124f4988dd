"""Training on whole pictures that lie as they were released."""

from __future__ import annotations

import csv
import json
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from facefake.models import load_detector
from facefake.models.file import read_card
from facefake.training import TrainConfig, TrainResult, load_config, train, train_pictures
from facefake.training.augment import Augmentation
from facefake.training.data import read_pictures
from facefake.training.dataset import CropDataset, collate
from facefake.training.log import read_metrics
from facefake.training.validation import validate
from preprocessing.clip import Clip
from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.views import views
from tests.crops import crop, png
from tests.facefake.cli.conftest import command
from tests.facefake.training.metrics import column

STRATEGIES = ("prompt", "linear", "adapter", "lora", "full")
PER_FOLDER = {"train": 26, "val": 6}
SMALL = (
    *("backbone.name=tiny-clip", "backbone.weights=random:0", "data.batch_size=8", "trainer.device=cpu"),
    *("trainer.epochs=1", "trainer.precision=fp32"),
)
ANEW = "data.cached_views=null"


def tree(root: Path) -> Path:
    """``<split>/<category>/{0_real,1_fake}/<n>.png``, wider than high; the fakes have a grid."""
    for split, count in PER_FOLDER.items():
        for category in ("car", "cat"):
            for label, folder in enumerate(("0_real", "1_fake")):
                place = root / split / category / folder
                place.mkdir(parents=True)
                for number in range(count):
                    seed = len(split + category) * 1000 + 100 * label + number
                    Image.fromarray(crop(seed, bool(label), 56)[: 40 + number % 5]).save(place / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """A small ProGAN: 104 pictures for training, 24 for validation."""
    return get_reader("progan").read(tree(tmp_path_factory.mktemp("progan"))).clips


@pytest.fixture
def own(tmp_path: Path) -> list[Clip]:
    """The same, to be damaged."""
    return get_reader("progan").read(tree(tmp_path / "progan")).clips


def config(recipe: str, *overrides: str) -> TrainConfig:
    return load_config(recipe, [*SMALL, *overrides])


def run(clips: list[Clip], out: Path, *overrides: str, recipe: str = "image-linear", **options) -> TrainResult:
    return train_pictures(
        config(recipe, *overrides), clips, out, progress=False, features=out.parent / "features", **options
    )


def test_reads_a_split_sorted_with_its_labels(pictures: list[Clip]):
    crops = read_pictures(pictures[::-1], "train")
    assert (len(crops), crops.clip_count, crops.labels.sum()) == (104, 104, 52)
    assert crops.clips == sorted(crops.clips)
    assert crops.clips[0] == "progan/train/car/0_real/0.png"
    assert all(("1_fake" in name) == bool(label) for name, label in zip(crops.clips, crops.labels, strict=True))
    assert (crops.geometry, crops.face_detector, crops.datasets) == (None, "none", ["progan"])
    assert crops.sha256 == read_pictures(pictures, "train").sha256 != read_pictures(pictures, "val").sha256


@pytest.mark.parametrize(("label", "word"), [(0, "only reals"), (1, "only fakes"), (None, "nothing labelled")])
def test_a_split_without_both_classes(pictures: list[Clip], label: int | None, word: str):
    clips = [replace(clip, label=label) for clip in pictures]
    with pytest.raises(FacefakeError) as caught:
        read_pictures(clips, "train")
    assert caught.value.code == "split_empty"
    assert word in caught.value.message
    assert "train, val" in caught.value.message


def test_an_item_is_what_scoring_sees_unless_it_is_augmented(pictures: list[Clip]):
    crops, geometry = read_pictures(pictures, "train"), CropGeometry("resize-crop", 1.143, 32)
    settings = config("image-linear").augment
    preprocess = load_preprocess()
    plain = CropDataset(crops, preprocess, geometry)
    picture, label, row = plain[0, 5]
    [(_, square)] = views(np.asarray(Image.open(crops.files[5][0])), geometry)
    assert (label, row, picture.dtype) == (0, 5, torch.uint8)
    assert np.array_equal(picture.permute(1, 2, 0).numpy(), square)
    augmented = CropDataset(crops, preprocess, geometry, Augmentation(settings, geometry), seed=1)
    first = augmented[3, 5][0]
    torch.manual_seed(99)
    assert torch.equal(augmented[3, 5][0], first)
    assert not torch.equal(augmented[4, 5][0], first)


def load_preprocess():
    from facefake.models import BackboneSpec, load_backbone

    return load_backbone(BackboneSpec("tiny-clip", "random:0")).preprocess


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_trains_and_its_file_scores_as_training_measured(
    strategy: str, pictures: list[Clip], tmp_path: Path
):
    result = run(pictures, tmp_path / "run", "trainer.epochs=2", recipe=f"image-{strategy}")
    card = read_card(result.detector)
    geometry = CropGeometry("resize-crop", 1.143, 32)
    assert (card.strategy, card.geometry, card.face_detector) == (strategy, geometry.to_dict(), "none")
    assert card.training is not None
    assert (card.training.clips, card.training.crops, card.training.datasets) == (104, 104, ["progan"])
    assert card.selection is not None
    assert (card.selection.metric, card.selection.split) == ("video_auc", "val")
    val = read_pictures(pictures, "val")
    squares = [views(np.asarray(val.open(row)), geometry)[0][1] for row in range(len(val))]
    figures = validate(load_detector(result.detector, "cpu").score(squares), val.labels, val.clips)
    assert figures.video_auc == figures.frame_auc == pytest.approx(result.best, abs=1e-12)
    assert figures.cross_entropy == pytest.approx(card.metrics["cross_entropy"], abs=1e-5)


@pytest.mark.parametrize(
    ("strategy", "tensors"),
    [
        ("prompt", {"network.head.prompt.context"}),
        ("linear", {"network.head.linear.weight", "network.head.linear.bias"}),
    ],
)
def test_a_checkpoint_holds_what_is_trained_alone(
    strategy: str, tensors: set[str], pictures: list[Clip], tmp_path: Path
):
    run(pictures, tmp_path / "run", recipe=f"image-{strategy}")
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert set(state) == tensors


def test_it_learns_the_toy_forgery(pictures: list[Clip], tmp_path: Path):
    still = ["augment.blur=0", "augment.jpeg=null", "augment.downscale=0", "optimiser.lr=1e-2", "trainer.epochs=8"]
    result = run(pictures, tmp_path / "run", *still, "schedule.cycle_epochs=8", recipe="image-full")
    assert result.best >= 0.9
    assert np.mean(column(result, "loss")[-6:]) < np.mean(column(result, "loss")[:6])


@pytest.mark.parametrize(
    ("recipe", "rates"),
    [
        ("image-prompt-paper", [1e-5] * 5 + [2e-3] * 5),
        ("image-adapter-paper", [1e-5] * 5 + [2e-3] * 5),
        ("image-linear-paper", [3e-3] * 10),
        ("image-full-paper", [1e-5] * 5),
    ],
)
def test_the_papers_recipes_step_at_the_papers_rates_and_keep_the_last_epoch(
    recipe: str, rates: list[float], pictures: list[Clip], tmp_path: Path
):
    epochs = load_config(recipe).trainer.epochs
    few = ["data.per_class=44", "data.batch_size=16", f"trainer.epochs={epochs}"]
    result = run(pictures, tmp_path / "run", *few, recipe=recipe)
    np.testing.assert_allclose(column(result, "lr"), rates, rtol=1e-9)
    card = read_card(result.detector)
    assert card.training is not None
    assert card.selection is not None
    assert (result.epoch, card.selection.metric, card.selection.epoch) == (epochs - 1, "last_epoch", epochs - 1)
    assert card.training.crops == 88
    assert card.selection.value == column(result, "val_video_auc")[-1]


def test_the_last_epoch_is_kept_even_if_it_is_worse(pictures: list[Clip], tmp_path: Path):
    wild = ["trainer.epochs=4", "optimiser.lr=3", "schedule.warmup_epochs=0", ANEW]
    last = run(pictures, tmp_path / "last", *wild, "selection=last")
    best = run(pictures, tmp_path / "best", *wild, "selection=best")
    assert column(last, "val_video_auc") == column(best, "val_video_auc")
    assert (last.epoch, last.best) == (3, column(last, "val_video_auc")[3])
    assert best.best == max(column(best, "val_video_auc"))


def test_loading_processes_do_not_change_a_run(pictures: list[Clip], tmp_path: Path):
    losses = [column(run(pictures, tmp_path / str(n), ANEW, f"data.workers={n}"), "loss") for n in (0, 2)]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-6)


def assert_same_run(one: TrainResult, other: TrainResult) -> None:
    for name in ("loss", "val_video_auc", "val_cross_entropy"):
        np.testing.assert_allclose(column(one, name), column(other, name), atol=1e-6, err_msg=name)
    assert (one.steps, one.epoch, one.damaged) == (other.steps, other.epoch, other.damaged)
    for name, tensor in load_file(other.detector).items():
        torch.testing.assert_close(load_file(one.detector)[name], tensor, atol=1e-6, rtol=0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_stopping_and_resuming_gives_the_same_run(strategy: str, pictures: list[Clip], tmp_path: Path):
    recipe = f"image-{strategy}"
    whole = run(pictures, tmp_path / "whole", "trainer.epochs=3", recipe=recipe)
    for epochs in (1, 3):
        resumed = run(pictures, tmp_path / "run", f"trainer.epochs={epochs}", recipe=recipe)
    assert_same_run(resumed, whole)


def test_it_does_so_with_loading_processes_which_work_ahead(pictures: list[Clip], tmp_path: Path):
    whole = run(pictures, tmp_path / "whole", ANEW, "trainer.epochs=2", "data.workers=2")
    for epochs in (1, 2):
        resumed = run(pictures, tmp_path / "run", ANEW, f"trainer.epochs={epochs}", "data.workers=2")
    assert_same_run(resumed, whole)


CHILD = """
import sys
from pathlib import Path
from facefake.training import load_config, train_pictures
from preprocessing.datasets import get_reader
root, out, *overrides = sys.argv[1:]
clips = get_reader("progan").read(Path(root)).clips
train_pictures(load_config("image-prompt", overrides), clips, Path(out), progress=False)
"""


def test_killed_in_the_middle_and_resumed(own: list[Clip], tmp_path: Path):
    own[3].path.write_bytes(b"no picture")
    overrides = ["trainer.epochs=8", "selection=last", ANEW]
    killed = tmp_path / "killed"
    child = subprocess.Popen([sys.executable, "-c", CHILD, tmp_path / "progan", killed, *SMALL, *overrides])
    while child.poll() is None and not (killed / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -9
    assert len(read_metrics(killed / "metrics.csv")) < 8 * 14
    resumed = run(own, killed, *overrides, recipe="image-prompt")
    undisturbed = run(own, tmp_path / "whole", *overrides, recipe="image-prompt")
    assert resumed.damaged == ["progan/train/car/0_real/11.png"]
    assert_same_run(resumed, undisturbed)


def damaged_rows(out: Path) -> list[dict[str, str]]:
    with (out / "damaged.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("cached", ["null", "1"])
def test_a_damaged_picture_is_left_out_by_name(cached: str, own: list[Clip], tmp_path: Path):
    lost = next(clip for clip in own if clip.key == "train/cat/1_fake/7.png")
    lost.path.write_bytes(lost.path.read_bytes()[:60])
    result = run(own, tmp_path / "run", "trainer.epochs=2", f"data.cached_views={cached}")
    assert result.damaged == ["progan/train/cat/1_fake/7.png"]
    [row] = damaged_rows(tmp_path / "run")
    assert (row["split"], row["picture"], row["code"]) == ("train", result.damaged[0], "unreadable")
    card = read_card(result.detector)
    assert card.training is not None
    assert (card.training.clips, card.training.crops) == (103, 103)
    assert result.steps == 2 * 13  # batches are those they would have been, one of them a picture shorter


def test_nothing_takes_the_place_of_a_damaged_picture(own: list[Clip]):
    own[1].path.unlink()
    crops, geometry = read_pictures(own, "train"), CropGeometry("squash", 1, 32)
    dataset = CropDataset(crops, load_preprocess(), geometry)
    row = crops.clips.index(f"progan/{own[1].key}")
    batch = collate([dataset[0, 0], dataset[0, row], dataset[0, 50]])
    assert (len(batch.inputs), batch.rows.tolist(), batch.labels.tolist()) == (
        2,
        [0, 50],
        crops.labels[[0, 50]].tolist(),
    )
    assert [(place, error.code) for place, error in batch.failed] == [(row, "not_found")]


@pytest.mark.parametrize("split", ["train", "val"])
def test_many_damaged_pictures_stop_the_run(split: str, own: list[Clip], tmp_path: Path):
    lost = [clip for clip in own if clip.split == split][:2]
    for clip in lost:
        clip.path.write_bytes(b"no picture")
    with pytest.raises(FacefakeError) as caught:
        run(own, tmp_path / "run", ANEW, "trainer.epochs=1")
    assert caught.value.code == "unreadable"
    assert split in caught.value.message
    assert "damaged.csv" in caught.value.hint
    assert damaged_rows(tmp_path / "run")[0]["split"] == split


def test_a_bomb_is_named_and_not_decoded(own: list[Clip], tmp_path: Path):
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = own[0].path.read_bytes()
    own[0].path.write_bytes(bomb[:12] + header + struct.pack(">I", zlib.crc32(header)) + bomb[33:])
    result = run(own, tmp_path / "run", ANEW)
    assert [row["code"] for row in damaged_rows(tmp_path / "run")] == ["too_large"]
    assert len(result.damaged) == 1


def test_rows_of_a_parquet_file(tmp_path: Path):
    table = tmp_path / "train-00000.parquet"
    labels = [number % 2 for number in range(40)]
    rows = [png(number, bool(label), 40) for number, label in enumerate(labels)]
    pq.write_table(pa.table({"image_data": rows, "label": labels}), table)
    clips = [
        Clip(
            table,
            f"{table.name}/{n}",
            "toy",
            "m",
            labels[n],
            "val" if n >= 28 else "train",
            None,
            str(n),
            member=str(n),
        )
        for n in range(40)
    ]
    crops = read_pictures(clips, "train")
    row = crops.clips.index(f"toy/{table.name}/7")
    assert np.array_equal(np.asarray(crops.open(row)), crop(7, True, 40))
    assert crops.labels[row] == 1
    for cached in ("null", "2"):
        result = run(clips, tmp_path / cached, f"data.cached_views={cached}")
        assert result.steps == 28 // 8


@pytest.mark.parametrize("template", ["crop", "squash", "five-crop"])
def test_geometries_go_into_the_file(template: str, pictures: list[Clip], tmp_path: Path):
    changes = [f"data.geometry={{template: {template}}}", "augment.crop=none"]
    result = run(pictures, tmp_path / "run", *changes)
    assert read_card(result.detector).geometry == {"template": template, "scale": 1.0, "size": 32}
    assert load_detector(result.detector, "cpu").whole


def test_few_shots_of_several_seeds_are_measured_on_the_same_pictures(pictures: list[Clip], tmp_path: Path):
    few = ["data.per_class=4", "data.val_per_class=3", "data.batch_size=4"]
    runs = [run(pictures, tmp_path / str(seed), *few, f"seed={seed}") for seed in (0, 1)]
    cards = [read_card(each.detector) for each in runs]
    assert [card.training.crops for card in cards if card.training] == [8, 8]
    assert cards[0].training != cards[1].training
    val = read_pictures(pictures, "val").drawn(3, 0, fewer=True)
    assert (len(val), val.labels.sum()) == (6, 3)


def test_too_few_pictures_for_a_draw_stop_before_anything_is_loaded(pictures: list[Clip], tmp_path: Path):
    with pytest.raises(FacefakeError) as caught:
        run(pictures, tmp_path / "run", "data.per_class=53")
    assert caught.value.code == "config_invalid"
    assert "only 52 real" in caught.value.message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("strategy", ["prompt", "adapter", "lora"])
def test_the_strategies_work_on_faces_too(strategy: str, store: Path, tmp_path: Path):
    settings = config(f"image-{strategy}")
    result = train(settings, store, tmp_path / "run", progress=False, features=tmp_path / "features")
    card = read_card(result.detector)
    assert (card.strategy, card.face_detector, card.geometry["template"]) == (strategy, "mtcnn", "gend")
    assert np.isfinite(load_detector(result.detector, "cpu").score([np.zeros((48, 48, 3), np.uint8)])).all()


def test_a_recipe_of_faces_works_on_pictures(pictures: list[Clip], tmp_path: Path):
    result = run(pictures, tmp_path / "run", recipe="face-ln")
    card = read_card(result.detector)
    assert (card.strategy, card.head, card.geometry["template"]) == ("ln", "hyperspherical", "resize-crop")


@pytest.mark.data
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_real_pictures(strategy: str, test_data: Path, tmp_path: Path):
    clips = get_reader("aigcdetect").read(test_data / "images").clips
    split = [replace(clip, split="val" if number % 4 == 0 else "train") for number, clip in enumerate(clips)]
    result = run(split, tmp_path / "run", recipe=f"image-{strategy}")
    assert result.damaged == []
    scored = command("score", test_data / "images", "--detector", result.detector, "--json", "-")
    told = json.loads(scored.stdout)
    assert [each["via"] for each in told["results"]] == ["image"] * len(clips)
    assert all(each["status"] == "scored" for each in told["results"])
