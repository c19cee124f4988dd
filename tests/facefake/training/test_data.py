from __future__ import annotations

import json
from pathlib import Path

import pytest

from facefake.training.data import read_crops
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry


def error_of(store: Path, split: str = "train") -> FacefakeError:
    with pytest.raises(FacefakeError) as caught:
        read_crops(store, split, 32)
    return caught.value


def test_reads_one_split_with_its_labels(store: Path):
    crops = read_crops(store, "train", 32)
    assert len(crops) == 32
    assert crops.clip_count == 8
    assert crops.labels.tolist() == [1] * 16 + [0] * 16  # sorted by clip: fake/, real/
    assert all("train" in clip and clip.startswith("toy/") for clip in crops.clips)
    assert all(path.is_file() and member is None for path, member in crops.files)
    assert crops.geometry == CropGeometry()
    assert (crops.face_detector, crops.datasets) == ("mtcnn", ["toy"])
    assert crops.pairs[0] == "toy/train0"
    assert [source.key for source in crops.sources] == sorted({clip.removeprefix("toy/") for clip in crops.clips})
    assert {(source.dataset, source.split) for source in crops.sources} == {("toy", "train")}


def test_only_labelled_main_faces_are_used(make_store, toy):
    rows = [
        toy.row("real/a.mp4", "train", 0, 0),
        toy.row("fake/a.mp4", "train", 1, 0),
        toy.row("fake/a.mp4", "train", 1, 1, main=False),
        toy.row("fake/b.mp4", "train", None, 0),
        toy.row("fake/c.mp4", None, 1, 0),
        toy.row("fake/d.mp4", "val", 1, 0),
    ]
    crops = read_crops(make_store(rows), "train", 32)
    assert list(zip(crops.clips, crops.frames.tolist(), strict=True)) == [("toy/fake/a.mp4", 0), ("toy/real/a.mp4", 0)]


@pytest.mark.parametrize(("most", "kept"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (10, list(range(10)))])
def test_frames_of_a_clip_are_limited_evenly(make_store, toy, most: int, kept: list[int]):
    rows = [toy.row(f"{label}.mp4", "train", label, frame) for label in (0, 1) for frame in range(10)]
    crops = read_crops(make_store(rows), "train", most)
    assert crops.frames.tolist() == kept * 2


def test_the_digest_depends_on_what_is_trained_on(make_store, toy):
    rows = toy.rows(pairs=2, frames=2)
    digests = [
        read_crops(make_store(rows, "a"), "train", 32).sha256,
        read_crops(make_store(rows[::-1], "b"), "train", 32).sha256,
        read_crops(make_store(rows, "c"), "train", 1).sha256,
        read_crops(make_store([{**rows[0], "label": 1}, *rows[1:]], "d"), "train", 32).sha256,
    ]
    assert digests[0] == digests[1]  # the order of the manifest is not
    assert len(set(digests)) == 3


def test_an_empty_split_says_what_there_is(store: Path):
    error = error_of(store, "dev")
    assert error.code == "split_empty"
    assert all(word in error.message for word in ("'dev'", "test", "train", "val"))


@pytest.mark.parametrize(("label", "word"), [(0, "only reals"), (1, "only fakes")])
def test_a_split_with_one_class(make_store, toy, label: int, word: str):
    error = error_of(make_store([toy.row("a.mp4", "train", label, 0)]))
    assert error.code == "split_empty"
    assert word in error.message


def test_crops_of_two_geometries(make_store, toy):
    other = json.dumps({"template": "arcface", "scale": 1.0, "size": 256})
    rows = [toy.row("a.mp4", "train", 0, 0), toy.row("b.mp4", "train", 1, 0, geometry=other)]
    error = error_of(make_store(rows))
    assert error.code == "store_recipe_mismatch"
    assert "arcface" in error.message


def test_a_manifest_that_points_outside_its_store(make_store, toy, tmp_path: Path):
    rows = toy.rows(pairs=1, frames=1)
    store = make_store(rows)
    make_store([{**rows[0], "crop": "../elsewhere.png"}, *rows[1:]])
    assert error_of(store).code == "store_damaged"


def test_no_store(tmp_path: Path):
    assert error_of(tmp_path / "none").code == "store_missing"


def test_only_the_clips_asked_for(store: Path):
    crops = read_crops(store, "train", 32, clips=["real/train0.mp4", "fake/train1.mp4", "real/val0.mp4"])
    assert set(crops.clips) == {"toy/real/train0.mp4", "toy/fake/train1.mp4"}
    assert crops.sha256 != read_crops(store, "train", 32).sha256
