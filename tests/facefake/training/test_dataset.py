from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facefake.models.preprocess import Preprocess
from facefake.training.augment import Augmentation
from facefake.training.config import AugmentConfig
from facefake.training.data import read_crops
from facefake.training.dataset import CropDataset, collate
from preprocessing.faces import CropGeometry

PREPROCESS = Preprocess(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


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
