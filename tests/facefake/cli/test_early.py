"""What can fail is said before the work: no face is extracted, no feature encoded and no detector loaded first."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from facefake.demo import make_demo_set
from tests.crops import crop
from tests.facefake.cli import picture_sets
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector
from tests.preprocessing.datasets import crop_trees

TINY = ("--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0", "--set", "data.batch_size=4")
CPU = ("--device", "cpu", "--workers", 1)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """Two real and two fake videos of training, one and one of validation, of testing too."""
    root = tmp_path_factory.mktemp("videos")
    make_demo_set(root, scenes={"train": 2, "val": 1, "test": 1}, frames=4)
    return root


@pytest.fixture
def unloadable(tmp_path: Path) -> Path:
    """A detector file whose base's weights are not here: whoever loads it says so."""
    path = random_detector(tmp_path / "unloadable.safetensors")
    card = path.read_bytes().replace(b"random:1", b"gone.bin")
    path.write_bytes(card)
    return path


def refused(done: subprocess.CompletedProcess[str], code: str) -> str:
    assert done.returncode == 2, done.stderr
    assert f"error [{code}]" in done.stderr
    assert "hint: " in done.stderr
    return done.stderr


def train(videos: Path, root: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return command(
        *("train", "--dataset", "folder", "--data", videos, "--store", root / "store", "--out", root / "run"),
        *("--features", root / "features", "--frames", "uniform:4", *CPU, *TINY, *more),
    )


def written(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} & {"store", "run", "features"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (["backbone.weights=gone.safetensors"], "weights_not_found"),
        (["backbone.weights=laion"], "weights_not_found"),
        (["backbone.name=tiny-vi"], "backbone_unknown"),
        (["backbone.name=RN50", "strategy=ln"], "backbone_unknown"),
        (["trainer.precision=fp16"], "config_invalid"),
        (["trainer.device=cuda:99"], "device_unavailable"),
        (["data.batch_size=128"], "config_invalid"),  # 4 clips of 4 frames
        (["data.batch_size=8", "data.frames_per_clip=1"], "config_invalid"),
        (["data.per_class=9"], "config_invalid"),
        (["data.val_split=dev"], "split_empty"),
        (["data.cached_views=2"], "config_invalid"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_training_on_faces_extracts_none_before(videos, tmp_path, changes, code):
    changes = [word for change in changes for word in ("--set", change)]
    device = ("--device", "auto") if "device=" in " ".join(changes) else ()
    refused(train(videos, tmp_path, *changes, *device), code)
    assert written(tmp_path) == set()


def test_published_weights_that_cannot_be_fetched_are_missed_before_faces_are_extracted(videos, tmp_path, monkeypatch):
    monkeypatch.setattr("facefake.models.weights.why_offline", lambda: "no network in this test")
    monkeypatch.setattr("facefake.models.weights.local_file", lambda name, weights: None)
    done = command(
        *("train", "--dataset", "folder", "--data", videos, "--store", tmp_path / "store", "--out", tmp_path / "run"),
        *("--frames", "uniform:4", "--set", "data.batch_size=4", *CPU),
    )
    assert "no network in this test" in refused(done, "weights_not_found")
    assert written(tmp_path) == set()


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_logger_that_is_not_installed_is_missed_before_faces_are_extracted(videos, tmp_path, name):
    if find_spec(name) or find_spec("tensorboardX"):
        pytest.skip(f"{name} is installed")
    refused(train(videos, tmp_path, "--set", f"trainer.loggers=[{name}]"), "config_invalid")
    assert written(tmp_path) == set()


def test_a_run_folder_that_cannot_be_written_or_holds_a_run(videos, tmp_path):
    (tmp_path / "run").touch()
    refused(train(videos, tmp_path), "not_writable")
    (tmp_path / "run").unlink()
    checkpoint = tmp_path / "run" / "checkpoints" / "last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"PK")
    assert "--resume" in refused(train(videos, tmp_path), "usage")
    assert "damaged" in refused(train(videos, tmp_path, "--resume"), "usage")
    assert written(tmp_path) == {"run"}


def test_a_labels_file_with_one_class_in_a_split(videos, tmp_path):
    rows = [row for row in (videos / "labels.csv").read_text().splitlines() if "fake" not in row or "train" in row]
    (tmp_path / "mine.csv").write_text("\n".join(row for row in rows if ",val" in row or "path" in row))
    refused(train(videos, tmp_path, "--labels", tmp_path / "mine.csv"), "split_empty")
    assert written(tmp_path) == set()


def test_resuming_without_a_checkpoint_is_said_and_begins(videos, tmp_path):
    done = train(videos, tmp_path, "--resume", "--set", "trainer.epochs=1")
    assert done.returncode == 0
    assert "holds no checkpoint yet" in done.stderr


def train_pictures(root: Path, *more: object) -> subprocess.CompletedProcess[str]:
    folder, rows = root / "mine", ["path,label"]
    folder.mkdir()
    for number in range(40):
        Image.fromarray(crop(number, bool(number % 2), 40)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{'fake' if number % 2 else 'real'}")
    (root / "mine.csv").write_text("\n".join(rows))
    return command(
        *("train", "--dataset", "folder", "--data", folder, "--labels", root / "mine.csv", "--path", "image"),
        *("--strategy", "linear", "--device", "cpu", "--features", root / "features", "--out", root / "run"),
        *("--set", "backbone.name=tiny-clip", "--set", "backbone.weights=random:0", "--set", "data.cached_views=2"),
        *("--set", "trainer.epochs=1", *more),
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("data.batch_size=128", "config_invalid"),
        ("data.per_class=100", "config_invalid"),
        ("backbone.weights=gone.safetensors", "weights_not_found"),
    ],
)
def test_training_on_pictures_encodes_none_before(tmp_path, change, code):
    refused(train_pictures(tmp_path, "--set", "data.batch_size=8", "--set", change), code)
    assert written(tmp_path) == set()


def test_a_folder_for_features_that_cannot_be_written(tmp_path):
    (tmp_path / "features").touch()
    refused(train_pictures(tmp_path, "--set", "data.batch_size=8"), "not_writable")
    assert written(tmp_path) == {"features"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--json", "{file}/out.json"), "not_writable"),
        (("--csv", "{file}/out.csv"), "not_writable"),
        (("--html", "{file}/out.html"), "not_writable"),
        (("--frames", "every:3"), "usage"),
        (("--decoder", "vlc"), "usage"),
        (("--pooling", "mode"), "config_invalid"),
        (("--threshold", "1.5"), "config_invalid"),
        (("--device", "cuda:99"), "device_unavailable"),
        ((), "weights_not_found"),
    ],
)
def test_scoring_loads_no_detector_before(videos, unloadable, tmp_path, options, code):
    (tmp_path / "file").touch()
    options = [word.format(file=tmp_path / "file") for word in options]
    refused(command("score", videos, "--detector", unloadable, *options), code)


def test_a_store_of_another_recipe_is_said_before_the_first_set_is_extracted(videos, tmp_path):
    detector = random_detector(tmp_path / "d.safetensors")
    wild = crop_trees.wilddeepfake(tmp_path / "sets" / "wilddeepfake")
    shutil.copytree(videos, tmp_path / "sets" / "folder")
    common = ("--data", tmp_path / "sets", "--store", tmp_path / "store", "--detector", detector, *CPU)
    done = command("score", "--dataset", "folder", "--dataset", "wilddeepfake", *common)
    refused(done, "crop_mismatch")
    assert wild.is_dir()
    assert "extracting" not in done.stderr
    assert not (tmp_path / "store").exists()
    (tmp_path / "store" / "wilddeepfake").mkdir(parents=True)
    (tmp_path / "store" / "wilddeepfake" / "notes.txt").touch()
    done = command("score", "--dataset", "folder", "--dataset", "wilddeepfake", "--foreign-crops", *common)
    refused(done, "store_damaged")
    assert not (tmp_path / "store" / "folder").exists()


def suite(root: Path, videos: Path) -> Path:
    path = root / "suite.yaml"
    path.write_text(
        f"frames: uniform:4\nsets: [{{dataset: folder, splits: [test], data: {videos}}}, wilddeepfake:test]\n"
    )
    return path


def test_a_suite_says_which_sets_cannot_be_scored_before_it_scores_the_first(videos, tmp_path):
    crop_trees.wilddeepfake(tmp_path / "sets" / "wilddeepfake")
    detector = random_detector(tmp_path / "d.safetensors")
    done = command(
        *("evaluate", suite(tmp_path, videos), "--detector", detector, "--data", tmp_path / "sets", "--no-abstain"),
        *("--store", tmp_path / "store", "--out", tmp_path / "out", *CPU),
    )
    assert done.returncode == 1
    assert 0 <= done.stderr.index("wilddeepfake failed [crop_mismatch]") < done.stderr.index("clips in")
    assert (tmp_path / "out" / "report.json").is_file()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--frames", "every:3"), "usage"),
        (("--face-detector", "onnx:gone.onnx"), "not_found"),
        (("--out", "{file}"), "not_writable"),
        (("--dataset", "celebdf"), "dataset_not_found"),
        (("--device", "cuda:99"), "device_unavailable"),
        ((), "weights_not_found"),
    ],
)
def test_a_suite_loads_no_detector_before(videos, unloadable, tmp_path, options, code):
    (tmp_path / "file").touch()
    options = [word.format(file=tmp_path / "file") for word in options]
    common = ("--detector", unloadable, "--data", tmp_path, "--store", tmp_path / "store", "--out", tmp_path / "out")
    refused(command("evaluate", suite(tmp_path, videos), *common, *options), code)
    assert not (tmp_path / "store").exists()


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets")
    picture_sets.progan(root)
    picture_sets.ufd(root)
    return root


def study(sets: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    small = ("recipes=[image-linear, image-adapter]", "per_class=[8]", "seeds=[0]", "resamples=0")
    training = ("backbone.name=tiny-clip", "backbone.weights=random:0", "trainer.epochs=1", "data.batch_size=4")
    changes = [*small, *(f"training.{each}" for each in training), "training.data.val_per_class=6", *more]
    words = [word for change in changes for word in ("--set", change)]
    return command("study", "strategies", "--data", sets, "--dataset", "ufd", "--out", out, "--device", "cpu", *words)


def test_a_study_names_runs_that_cannot_be_trained_before_it_trains_the_first(sets, tmp_path):
    done = study(sets, tmp_path / "out", "per_class=[8, 4000]")
    assert done.returncode == 1
    said = done.stderr
    for name in ("linear-4000-s0", "adapter-4000-s0"):
        assert 0 <= said.index(f"{name} failed [config_invalid]") < said.index("training in")
    assert "run 2 of 2" in said
    done = study(sets, tmp_path / "none", "training.backbone.weights=gone.safetensors")
    assert "linear-8-s0 failed [weights_not_found]" in refused(done, "weights_not_found")
    assert not list((tmp_path / "none").rglob("features.f32"))


def test_a_study_whose_published_figures_or_work_folder_are_not_there(sets, tmp_path):
    refused(study(sets, tmp_path / "out", "published=cliping"), "config_not_found")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "work").touch()
    refused(study(sets, tmp_path / "out"), "not_writable")


def test_reports_and_calibrated_detectors_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "out"
    for option in ("--json", "--csv", "--markdown", "--html"):
        refused(command("report", tmp_path / "gone.json", option, nowhere), "not_writable")
    options = ("--scores", tmp_path / "gone.json", "--out", nowhere.with_suffix(".safetensors"))
    refused(command("calibrate", "--detector", tmp_path / "gone.safetensors", *options), "not_writable")


def test_an_export_looks_at_its_pictures_and_its_folder_before_it_loads_the_detector(unloadable, tmp_path):
    pytest.importorskip("onnxscript")
    (tmp_path / "file").touch()
    refused(command("export", unloadable, "--out", tmp_path / "file" / "out.onnx"), "not_writable")
    refused(command("export", unloadable, "--out", tmp_path / "o.onnx", "--crops", tmp_path / "gone"), "not_found")
    refused(command("export", unloadable, "--out", tmp_path / "o.onnx"), "weights_not_found")


def test_what_is_wrong_with_words_is_told_without_torch(videos, tmp_path):
    (tmp_path / "empty").mkdir()
    wrong = [
        ["score", str(videos), "--detector", "gone.safetensors"],
        ["score", str(videos), "--detector", "d.safetensors", "--frames", "every:3"],
        ["train", "--dataset", "folder", "--data", str(tmp_path / "empty")],
        ["evaluate", "cross-dataset", "--detector", "d.safetensors", "--data", str(tmp_path), "--frames", "x"],
        ["report", "gone.json", "--html", str(videos / "labels.csv" / "out.html")],
    ]
    code = (
        "import sys; from facefake.cli import main\n"
        f"for words in {wrong!r}:\n"
        "    try: main(words)\n"
        "    except SystemExit as done: print(done.code, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines() == ["2 False"] * len(wrong), done.stderr


def test_released_crops_for_another_detector_are_refused_before_they_are_taken_into_a_store(tmp_path):
    wild = crop_trees.wilddeepfake(tmp_path / "raw")
    detector = random_detector(tmp_path / "d.safetensors")
    done = command(
        *("score", "--dataset", "wilddeepfake", "--data", wild, "--store", tmp_path / "store", "--detector", detector)
    )
    refused(done, "crop_mismatch")
    assert not (tmp_path / "store").exists()


def test_detectors_of_pictures_need_no_store(tmp_path):
    picture_sets.ufd(tmp_path)
    detector = random_detector(tmp_path / "d.safetensors", PICTURES)
    done = command("score", "--dataset", "ufd", "--data", tmp_path, "--detector", detector, "--store", tmp_path / "s")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "s").exists()
