from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from facefake.models.preprocess import Preprocess
from facefake.training.augment import Augmentation
from facefake.training.config import AugmentConfig
from facefake.training.data import read_crops
from facefake.training.dataset import CropDataset, collate
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry

PREPROCESS = Preprocess(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


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


def test_a_damaged_crop_is_an_error_with_its_code_also_through_a_batch(make_store, toy):
    crops = read_crops(make_store(toy.rows(pairs=1, frames=1)), "train", 32)
    path, _ = crops.files[1]
    whole = path.read_bytes()
    # a file that is none, one that was cut off, one with a broken chunk: Pillow has an exception of its own for each
    for damaged in (b"no picture", whole[: len(whole) // 2], whole[:37] + bytes(4) + whole[41:]):
        path.write_bytes(damaged)
        dataset = CropDataset(crops, PREPROCESS, CropGeometry())
        batch = collate([dataset[0, 0], dataset[0, 1]])
        assert batch.rows.tolist() == [0]
        [(row, error)] = batch.failed
        assert (row, error.code) == (1, "store_damaged")
        assert str(path) in error.message


def test_items_are_uint8_and_equal_the_preprocessed_crop(store: Path):
    crops = read_crops(store, "val", 32)
    picture, label, row = CropDataset(crops, PREPROCESS, CropGeometry())[0, 5]
    assert (picture.dtype, picture.shape, label, row) == (torch.uint8, (3, 32, 32), int(crops.labels[5]), 5)
    assert torch.equal(picture, PREPROCESS.resize(np.asarray(Image.open(crops.files[5][0]))))


def test_an_augmented_item_depends_on_seed_epoch_and_row_alone(store: Path):
    crops = read_crops(store, "train", 32)
    augmentation = Augmentation(AugmentConfig())
    dataset = CropDataset(crops, PREPROCESS, CropGeometry(), augmentation, seed=1)
    first = dataset[3, 7][0]
    torch.manual_seed(99)
    dataset[0, 0]
    assert torch.equal(dataset[3, 7][0], first)
    assert not torch.equal(dataset[4, 7][0], first)
    assert not torch.equal(CropDataset(crops, PREPROCESS, CropGeometry(), augmentation, seed=2)[3, 7][0], first)


def test_a_batch(store: Path):
    dataset = CropDataset(read_crops(store, "train", 32), PREPROCESS, CropGeometry())
    pictures, labels, rows, failed = collate([dataset[0, 0], dataset[0, 20]])
    assert (pictures.shape, pictures.dtype) == ((2, 3, 32, 32), torch.uint8)
    assert (labels.tolist(), rows.tolist(), failed) == ([1, 0], [0, 20], [])


def test_only_the_clips_asked_for(store: Path):
    crops = read_crops(store, "train", 32, clips=["real/train0.mp4", "fake/train1.mp4", "real/val0.mp4"])
    assert set(crops.clips) == {"toy/real/train0.mp4", "toy/fake/train1.mp4"}
    assert crops.sha256 != read_crops(store, "train", 32).sha256
