from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.transform import image_transform
from PIL import Image

from facefake.models.preprocess import Preprocess

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(8, 90), height=st.integers(8, 90), size=st.sampled_from([16, 33]), seed=st.integers(0, 9))
def test_equals_open_clips_own_transform(width: int, height: int, size: int, seed: int):
    crop = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    theirs = image_transform(size, is_train=False, mean=MEAN, std=STD)(Image.fromarray(crop))
    torch.testing.assert_close(Preprocess(size, MEAN, STD)(crop), theirs, atol=1e-6, rtol=1e-6)


def test_resize_gives_uint8_and_normalising_a_batch_equals_normalising_each():
    preprocess = Preprocess(16, MEAN, STD)
    crops = [np.random.default_rng(seed).integers(0, 256, (20 + seed, 20 + seed, 3), np.uint8) for seed in range(3)]
    batch = torch.stack([preprocess.resize(crop) for crop in crops])
    assert batch.dtype == torch.uint8
    torch.testing.assert_close(preprocess.normalise(batch), torch.stack([preprocess(crop) for crop in crops]))


def test_a_crop_of_the_right_size_is_not_resampled():
    crop = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert np.array_equal(Preprocess(16, MEAN, STD).resize(crop).permute(1, 2, 0).numpy(), crop)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (500, 3, 3)])
def test_tiny_and_narrow_crops_still_give_a_picture(shape: tuple[int, int, int]):
    assert Preprocess(16, MEAN, STD)(np.zeros(shape, np.uint8)).shape == (3, 16, 16)
