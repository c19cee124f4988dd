import csv

import pytest
from PIL import Image

from facefake.cli.train import _recipe
from facefake.training import load_config
from tests.crops import crop
from tests.facefake.cli.conftest import command
from tests.preprocessing.datasets import trees


def test_the_run_folder_has_detector_config_and_metrics(run):
    assert {path.name for path in run.out.iterdir()} >= {"detector.safetensors", "config.yaml", "metrics.csv"}
    with (run.out / "metrics.csv").open() as file:
        assert any(row["val_video_auc"] for row in csv.DictReader(file))


def test_a_mistyped_key_is_refused_with_the_nearest(run, tmp_path):
    done = command("train", "--dataset", "folder", "--data", run.videos, "--set", "trainer.epoch=3", "--out", tmp_path)
    assert done.returncode == 2
    assert "error [config_unknown_key]" in done.stderr
    assert "epochs" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--config", "no-such-recipe"], "config_not_found"),
        (["--set", "optimiser.lr=fast"], "config_invalid"),
        (["--set", "strategy=lnn"], "config_invalid"),
        (["--data", "."], "no_videos"),
    ],
)
def test_what_cannot_be_trained_is_said_with_its_code(tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    done = command("train", "--dataset", "folder", *args)
    assert done.returncode == 2
    assert f"error [{code}]" in done.stderr


def test_a_test_list_that_was_cut_short_is_said_and_not_trained_past(tmp_path, monkeypatch):
    root = trees.celebdf(tmp_path / "celebdf")
    (root / "List_of_testing_videos.txt").write_text("1 YouTube-real/00170.mp4\n")
    monkeypatch.chdir(tmp_path)
    done = command("train", "--dataset", "celebdf", "--data", root)
    assert done.returncode == 2
    assert "note: List_of_testing_videos.txt names no video of Celeb-real, Celeb-synthesis" in done.stderr
    assert "error [split_empty]" in done.stderr
    assert not (tmp_path / "store").exists()


def test_a_finished_run_is_not_overwritten(run):
    done = command(
        *("train", "--dataset", "folder", "--data", run.videos, "--store", run.store, "--out", run.out),
        *("--frames", "uniform:4", "--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0"),
        *("--set", "data.batch_size=4"),
    )
    assert done.returncode == 2
    assert "--resume" in done.stderr


@pytest.fixture(scope="module")
def progan(tmp_path_factory):
    """A small ProGAN without a val split, and one of its pictures damaged."""
    root = tmp_path_factory.mktemp("data") / "progan"
    for category in ("car", "cat"):
        for label, folder in enumerate(("0_real", "1_fake")):
            place = root / "train" / category / folder
            place.mkdir(parents=True)
            for number in range(35):
                suffix = "png" if label else "jpg"
                Image.fromarray(crop(number, bool(label))).save(place / f"{number}.{suffix}")
    (root / "train" / "car" / "0_real" / "6.jpg").write_bytes(b"no picture")
    return root


TINY = (
    *("--set", "backbone.name=tiny-clip", "--set", "backbone.weights=random:0", "--set", "data.batch_size=8"),
    *("--set", "trainer.epochs=1", "--device", "cpu"),
)


def test_whole_pictures_train_where_they_lie(progan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command("train", "--strategy", "adapter", "--dataset", "progan", "--data", progan.parent, *TINY)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "runs" / "image-adapter-progan"
    assert load_config(out / "config.yaml").strategy == "adapter"
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "features"}
    for words in (
        "14 of train are held out",
        "warning: file format alone is right",
        "warning: 1 pictures could not be read and were left out, progan/train/car/0_real/6.jpg",
        f"{out.relative_to(tmp_path)}/damaged.csv",
        "val AUC over pictures",
    ):
        assert words in done.stderr
    scored = command("score", progan / "train" / "cat", "--detector", out / "detector.safetensors")
    assert scored.returncode == 0
    assert "whole picture" in scored.stderr


def test_a_folder_of_ones_own_is_of_pictures_if_one_says_so(progan, tmp_path):
    labels = tmp_path / "mine.csv"
    pictures = [path for path in sorted(progan.rglob("*.*")) if path.stem != "6"]
    rows = [f"{path.relative_to(progan)},{int(path.suffix == '.png')}" for path in pictures]
    labels.write_text("path,label\n" + "\n".join(rows))
    words = ("train", "--dataset", "folder", "--data", progan, "--labels", labels, "--path", "image")
    done = command(*words, "--config", "face-ln", *TINY, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "the set has no splits" in done.stderr
    assert load_config(tmp_path / "run" / "config.yaml").strategy == "ln"


@pytest.mark.parametrize("path", ["face", "image"])
def test_pictures_without_labels_are_said_to_have_none(progan, tmp_path, path):
    words = ("train", "--dataset", "folder", "--data", progan / "train" / "cat", "--path", path)
    done = command(*words, *TINY, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "error [labels_missing]: none of the" in done.stderr
    assert all(word in done.stderr for word in ("--labels", "labels.csv", "--dataset aigcdetect"))
    assert "held out" not in done.stderr


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--path", "face"], "set of whole pictures"),
        (["--store", "store"], "--store is for faces"),
        (["--frames", "uniform:4"], "--frames is for faces"),
        (["--strategy", "promt"], "strategy = 'promt'"),
        (["--strategy", "lora", "--config", "image-linear"], "data.cached_views"),
    ],
)
def test_options_that_do_not_go_with_pictures(progan, tmp_path, args, word):
    done = command("train", "--dataset", "progan", "--data", progan, *TINY, "--out", tmp_path / "run", *args)
    assert done.returncode == 2
    assert word in done.stderr


def test_nothing_is_written_into_a_release(progan):
    done = command("train", "--dataset", "progan", "--data", progan, *TINY, "--out", progan / "run")
    assert (done.returncode, "which is only read" in done.stderr) == (2, True)
    assert not (progan / "run").exists()


def test_videos_of_faces_are_no_pictures(run):
    done = command("train", "--dataset", "ffpp", "--data", run.videos, "--path", "image")
    assert (done.returncode, "ffpp is a set of faces" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("config", "strategy", "pictures", "expected"),
    [
        (None, None, False, ("face-ln", [], "face-ln")),
        (None, None, True, ("image-prompt", [], "image-prompt")),
        (None, "lora", True, ("image-lora", [], "image-lora")),
        (None, "bitfit", True, ("face-ln", ["strategy=bitfit"], "face-ln-bitfit")),
        (None, "lora", False, ("face-ln", ["strategy=lora"], "face-ln-lora")),
        ("my/own.yaml", "full", True, ("my/own.yaml", ["strategy=full"], "own-full")),
    ],
)
def test_which_recipe_is_taken(config, strategy, pictures, expected):
    assert _recipe(config, strategy, pictures) == expected


@pytest.mark.parametrize("strategy", ["prompt", "linear", "adapter", "lora", "full", "ln", "bitfit"])
@pytest.mark.parametrize("pictures", [True, False])
def test_every_strategy_has_a_recipe_on_either_path(strategy, pictures):
    recipe, changes, _ = _recipe(None, strategy, pictures)
    assert load_config(recipe, changes).strategy == strategy
