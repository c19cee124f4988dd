from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from facefake.training.augment import Augmentation
from facefake.training.config import AugmentConfig

OFF = AugmentConfig(flip=0, degrees=0, translate=0, scale=(1, 1), blur=0, brightness=0, contrast=0, jpeg=None)
CROP = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def test_same_seed_same_picture_and_the_global_generator_left_alone():
    augment = Augmentation(AugmentConfig())
    before = torch.get_rng_state()
    first, again, other = (pixels(augment(CROP, seed)) for seed in (7, 7, 8))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_everything_off_changes_nothing():
    assert np.array_equal(pixels(Augmentation(OFF)(CROP, 0)), pixels(CROP))


def test_flip_alone_mirrors():
    flipped = Augmentation(OFF.model_copy(update={"flip": 1.0}))(CROP, 0)
    assert np.array_equal(pixels(flipped), pixels(CROP)[:, ::-1])


@pytest.mark.parametrize(
    "change",
    [
        {"degrees": 10.0},
        {"translate": 0.1},
        {"scale": (1.1, 1.1)},
        {"blur": 1.0},
        {"brightness": 0.1},
        {"contrast": 0.1},
        {"jpeg": (40, 40)},
    ],
)
def test_each_setting_does_something_and_keeps_the_size(change: dict):
    augmented = Augmentation(OFF.model_copy(update=change))(CROP, 3)
    assert augmented.size == CROP.size
    assert not np.array_equal(pixels(augmented), pixels(CROP))


def test_how_often_a_blur_of_one_in_ten_happens():
    augment = Augmentation(OFF.model_copy(update={"blur": 0.1}))
    happened = sum(not np.array_equal(pixels(augment(CROP, seed)), pixels(CROP)) for seed in range(400))
    assert 20 < happened < 65  # 40 expected, six standard deviations each way at most


def test_the_steps_are_in_the_published_order():
    chain = Augmentation(AugmentConfig())._chain.transforms
    assert [type(step) for step in chain] == [
        v2.RandomHorizontalFlip,
        v2.RandomAffine,
        v2.RandomApply,
        v2.ColorJitter,
        v2.JPEG,
    ]
