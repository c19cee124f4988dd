"""Training on features that were encoded once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facefake.models import load_detector
from facefake.training import TrainConfig, TrainResult, load_config, train, train_pictures
from facefake.training.log import read_metrics
from facefake.training.run import FEATURES
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from tests.crops import crop

STILL = [
    *("flip=0", "degrees=0", "translate=0", "scale=[1,1]", "downscale=0", "blur=0", "brightness=0", "contrast=0"),
    *("jpeg=null", "crop=none"),
]
STRATEGIES = {
    "prompt": ["strategy=prompt", "head=text", "prompt.context=4"],
    "adapter": ["strategy=adapter", "head=text"],
    "linear": ["strategy=linear", "head=linear"],
}
COMMON = [
    *("backbone.name=tiny-clip", "backbone.weights=random:0", "backbone.feature=joint", "trainer.device=cpu"),
    *("data.batch_size=8", "optimiser.lr=1e-2", "trainer.epochs=3", "data.cached_views=null"),
]


def config(strategy: str, *overrides: str, still: bool = True) -> TrainConfig:
    off = [f"augment.{setting}" for setting in STILL] if still else []
    return load_config("image-linear", [*COMMON, *STRATEGIES[strategy], *off, *overrides])


def figures(result: TrainResult) -> dict[str, list[float]]:
    rows = read_metrics(result.metrics)
    names = ("loss", "lr", "val_video_auc", "val_cross_entropy")
    return {name: [float(row[name]) for row in rows if row[name]] for name in names}


@pytest.fixture(autouse=True)
def _uncached_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run that is not given a folder of features would leave one here."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / FEATURES).exists()


def assert_same_run(one: TrainResult, other: TrainResult) -> None:
    for name, values in figures(one).items():
        assert len(values) >= 3
        np.testing.assert_allclose(figures(other)[name], values, atol=1e-6, rtol=0, err_msg=name)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Whole pictures of three splits, of different sizes; the fakes with a grid."""
    root = tmp_path_factory.mktemp("pictures")
    made = []
    for split, count in (("train", 13), ("val", 6)):
        for label, word in enumerate(("real", "fake")):
            for number in range(count):
                key = f"{split}/{word}/{number}.png"
                path = root / key
                path.parent.mkdir(parents=True, exist_ok=True)
                seed = len(made)
                Image.fromarray(crop(seed, bool(label), 40 + seed % 7)).save(path)
                made.append(Clip(path, key, "toy", word, label, split, None, f"{split}-{number}"))
    return made


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pictures_give_the_same_losses_cached_and_uncached(strategy: str, clips: list[Clip], tmp_path: Path):
    uncached = train_pictures(config(strategy), clips, tmp_path / "uncached", progress=False)
    cached = train_pictures(
        config(strategy, "data.cached_views=2"), clips, tmp_path / "cached", features=tmp_path / "f", progress=False
    )
    assert_same_run(uncached, cached)
    pictures = [np.asarray(Image.open(clip.path)) for clip in clips]
    scores = [load_detector(run.detector, "cpu").score([p[:32, :32] for p in pictures]) for run in (uncached, cached)]
    np.testing.assert_allclose(*scores, atol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_face_store_gives_the_same_losses_cached_and_uncached(strategy: str, store: Path, tmp_path: Path):
    pairs = "data.pairing=pair"
    uncached = train(config(strategy, pairs), store, tmp_path / "uncached", progress=False)
    cached = train(
        config(strategy, pairs, "data.cached_views=1"),
        store,
        tmp_path / "cached",
        features=tmp_path / "kept",
        progress=False,
    )
    assert_same_run(uncached, cached)


def rows_kept(features: Path) -> list[int]:
    """Pictures in each folder of features, told by the size of the index."""
    return sorted(path.stat().st_size // 40 for path in features.glob("*/index"))


def test_strategies_and_seeds_share_what_is_encoded(clips: list[Clip], tmp_path: Path):
    for strategy, seed in (("prompt", 0), ("adapter", 1), ("linear", 2)):
        settings = config(strategy, "data.cached_views=2", f"seed={seed}", still=False)
        train_pictures(settings, clips, tmp_path / strategy, features=tmp_path / "kept", progress=False)
    assert rows_kept(tmp_path / "kept") == [12, 26, 26]  # val as it is, two views of train


def test_pictures_that_nothing_changes_are_one_view(clips: list[Clip], tmp_path: Path):
    settings = config("linear", "data.cached_views=3")
    train_pictures(settings, clips, tmp_path / "run", features=tmp_path / "kept", progress=False)
    assert rows_kept(tmp_path / "kept") == [26 + 12]


def test_epochs_take_turns_with_the_views(clips: list[Clip], tmp_path: Path):
    """At a rate of nearly nothing a loss tells which view was seen."""
    frozen = (
        "optimiser.lr=1e-12",
        "schedule.min_lr=0",
        "trainer.epochs=4",
        "data.cached_views=2",
        "data.batch_size=26",
    )
    result = train_pictures(
        config("linear", *frozen, still=False), clips, tmp_path / "run", features=tmp_path / "kept", progress=False
    )
    losses = figures(result)["loss"]
    np.testing.assert_allclose(losses[:2], losses[2:], atol=1e-5)
    assert abs(losses[0] - losses[1]) > 1e-4


RESUMED = """
import sys
from pathlib import Path
from facefake.training import train
from tests.facefake.training.test_cached import config
store, out, features = map(Path, sys.argv[1:])
settings = config("linear", "data.cached_views=2", "trainer.epochs=40", still=False)
train(settings, store, out, features=features, progress=False)
"""


def test_killed_and_resumed_is_the_undisturbed_run(store: Path, tmp_path: Path):
    settings = config("linear", "data.cached_views=2", "trainer.epochs=40", still=False)
    whole = train(settings, store, tmp_path / "whole", features=tmp_path / "kept", progress=False)
    out = tmp_path / "run"
    command = [sys.executable, "-c", RESUMED, str(store), str(out), str(tmp_path / "other")]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[3])
    checkpoint = out / "checkpoints" / "last.ckpt"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert (out / "metrics.csv").read_bytes() != whole.metrics.read_bytes()
    resumed = train(settings, store, out, features=tmp_path / "other", progress=False)
    assert resumed.metrics.read_bytes() == whole.metrics.read_bytes()


def test_a_changed_picture_is_seen_by_the_next_run(clips: list[Clip], tmp_path: Path):
    settings = config("linear", "data.cached_views=1", "trainer.epochs=1")
    copies = []
    for clip in clips:
        path = tmp_path / clip.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip.path.read_bytes())
        copies.append(Clip(path, clip.key, "toy", clip.method, clip.label, clip.split, None, clip.name))
    features = tmp_path / "kept"
    train_pictures(settings, copies, tmp_path / "first", features=features, progress=False)
    Image.fromarray(crop(1234, side=60)).save(copies[0].path)
    after = train_pictures(settings, copies, tmp_path / "second", features=features, progress=False)
    uncached = train_pictures(config("linear", "trainer.epochs=1"), copies, tmp_path / "third", progress=False)
    assert figures(after)["loss"] == pytest.approx(figures(uncached)["loss"], abs=1e-6)
    assert rows_kept(features) == [26 + 12 + 1]


@pytest.mark.parametrize("strategy", ["ln", "bitfit", "lora", "full"])
def test_a_tower_that_is_trained_cannot_be_cached(strategy: str):
    with pytest.raises(FacefakeError) as raised:
        config("linear", f"strategy={strategy}", "data.cached_views=1")
    assert raised.value.code == "config_invalid"
    assert "cached_views" in raised.value.message
    assert strategy in raised.value.message


def test_a_damaged_picture_is_left_out_as_without_features(clips: list[Clip], tmp_path: Path):
    many = [
        Clip(clips[number % 26].path, f"{number}.png", "toy", "m", clips[number % 26].label, "train", None, str(number))
        for number in range(120)
    ]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    many[7] = Clip(broken, "7.png", "toy", "m", 0, "train", None, "7")
    splits = [*many, *clips[26:]]
    uncached = train_pictures(config("linear"), splits, tmp_path / "uncached", progress=False)
    cached = train_pictures(
        config("linear", "data.cached_views=1"), splits, tmp_path / "cached", features=tmp_path / "f", progress=False
    )
    assert_same_run(uncached, cached)
    assert cached.damaged == uncached.damaged == ["toy/7.png"]
