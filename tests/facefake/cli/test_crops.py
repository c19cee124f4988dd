"""Sets that are released as face crops, from their files to a trained detector and its scores, without any video."""

import json
from types import SimpleNamespace

import pytest

from facefake.demo import make_demo_set
from preprocessing.store import FaceStore
from tests.crops import state, write_crops
from tests.facefake.cli.conftest import command
from tests.preprocessing.datasets import crop_trees

TINY = ("--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0", "--set", "data.batch_size=4")
DETECTOR = "detector.safetensors"


def train(dataset, data, root, *more):
    return command(
        *("train", "--dataset", dataset, "--data", data, "--store", root / "store", "--out", root / "run"),
        *("--frames", "uniform:4", "--workers", 1, *TINY, "--set", "trainer.epochs=1", *more),
    )


def score(dataset, data, root, detector, *more) -> tuple[int, dict]:
    done = command(
        *("score", "--dataset", dataset, "--data", data, "--store", root / "store", "--detector", detector),
        *("--frames", "uniform:4", "--workers", 1, "--json", root / "out.json", *more),
    )
    return done.returncode, json.loads((root / "out.json").read_text())


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """DeepfakeBench's crops, and a detector trained on them."""
    root = tmp_path_factory.mktemp("bench")
    data = crop_trees.deepfakebench(root / "raw")
    assert train("deepfakebench", data, root).returncode == 0
    return SimpleNamespace(root=root, data=data, detector=root / "run" / DETECTOR)


@pytest.mark.parametrize("name", ["wilddeepfake", "df40", "frames"])
def test_from_the_release_to_scores(name, tmp_path):
    data = getattr(crop_trees, name)(tmp_path / "raw")
    if name == "df40":  # another source group, to hold out
        write_crops(data / "DF40_train/simswap/frames/720_672", fake=True)
        write_crops(data / "FaceForensics++/original_sequences/youtube/c23/frames/720")
    before = state(tmp_path / "raw")
    trained = train(name, data, tmp_path)
    assert trained.returncode == 0
    assert ("held out as one" in trained.stderr) == (name != "frames")
    code, document = score(name, data, tmp_path, tmp_path / "run" / DETECTOR)
    assert code == 0
    assert {result["status"] for result in document["results"]} == {"scored"}
    assert {result["label"] for result in document["results"]} == {0, 1}
    assert state(tmp_path / "raw") == before


def test_from_deepfakebench_to_scores(bench):
    code, document = score("deepfakebench", bench.data, bench.root, bench.detector)
    assert code == 0
    assert len(document["results"]) == 5
    # four forgeries of one name are four videos, not one
    assert len({result["clip"] for result in document["results"] if result["clip"].endswith("953_974")}) == 4
    assert document["detector"]["face_detector"] == "dlib"
    assert document["detector"]["geometry"] == {"template": "arcface", "scale": 1.3, "size": 256}


def test_a_face_store_is_scored_and_trained_on_without_what_it_was_made_of(bench, tmp_path):
    whole = FaceStore(bench.root / "store").clips().to_pylist()
    before = state(bench.root / "store")
    code, document = score("store", bench.root / "store", tmp_path, bench.detector)
    assert code == 0
    wanted = [row for row in whole if row["split"] == "test"] or whole
    assert [(result["dataset"], result["clip"], result["label"]) for result in document["results"]] == [
        (row["dataset"], row["clip"], row["label"]) for row in wanted
    ]
    assert train("store", bench.root / "store", tmp_path).returncode == 0
    assert (tmp_path / "run" / DETECTOR).is_file()
    assert state(bench.root / "store") == before


def test_a_detector_refuses_the_crops_of_another_release(bench, tmp_path):
    data = crop_trees.wilddeepfake(tmp_path / "raw")
    done = command(
        *("score", "--dataset", "wilddeepfake", "--data", data, "--store", tmp_path / "store"),
        *("--detector", bench.detector, "--workers", 1),
    )
    assert done.returncode == 2
    assert "[crop_mismatch]" in done.stderr


def test_crops_whose_making_is_published_are_made_from_a_video_and_others_are_not(bench, tmp_path):
    videos = make_demo_set(tmp_path / "videos", scenes={"test": 1}, frames=8)
    clip = next((tmp_path / "videos").rglob("*.mp4"))
    assert videos
    score_clip = ("score", clip, "--workers", 1, "--detector")
    assert command(*score_clip, bench.detector, "--json", tmp_path / "out.json").returncode == 0
    recipe = json.loads((tmp_path / "out.json").read_text())["settings"]["recipe"]
    assert (recipe["face_detector"], recipe["geometry"]["template"]) == ("mtcnn", "arcface")
    wild = crop_trees.wilddeepfake(tmp_path / "raw")
    assert train("wilddeepfake", wild, tmp_path).returncode == 0
    done = command(*score_clip, tmp_path / "run" / DETECTOR)
    assert done.returncode == 2
    assert "cannot be cut out like the crops of wilddeepfake" in done.stderr


def test_a_face_store_is_not_extracted_again(bench):
    done = command("extract", bench.root / "store", "--dataset", "store")
    assert done.returncode == 2
    assert "extracted already" in done.stderr
