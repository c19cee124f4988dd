from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torchvision.transforms import v2

from facefake.training.augment import Augmentation, seen
from facefake.training.config import AugmentConfig, OneOfConfig, load_config
from preprocessing.faces import CropGeometry
from preprocessing.views import views

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
    assert not Augmentation(OFF, CropGeometry("five-crop", 1, 32)).changes


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
    augment = Augmentation(OFF.model_copy(update=change))
    augmented = augment(CROP, 3)
    assert augment.changes
    assert augmented.size == CROP.size
    assert not np.array_equal(pixels(augmented), pixels(CROP))


def test_how_often_a_blur_of_one_in_ten_happens():
    augment = Augmentation(OFF.model_copy(update={"blur": 0.1}))
    happened = sum(not np.array_equal(pixels(augment(CROP, seed)), pixels(CROP)) for seed in range(400))
    assert 20 < happened < 65  # 40 expected, six standard deviations each way at most


def published(config: AugmentConfig) -> v2.Compose:
    """The published order of crops of faces, straight from torchvision's parts."""
    steps = [
        v2.RandomHorizontalFlip(config.flip),
        v2.RandomAffine(config.degrees, translate=(config.translate, config.translate), scale=config.scale),
        v2.RandomApply([v2.GaussianBlur(list(config.blur_kernel), list(config.blur_sigma))], config.blur),
        v2.ColorJitter(brightness=config.brightness, contrast=config.contrast),
    ]
    return v2.Compose(steps + ([v2.JPEG(list(config.jpeg))] if config.jpeg else []))


@pytest.mark.parametrize("recipe", ["face-ln", "face-ln-first-paper", "demo"])
def test_crops_of_faces_get_the_published_steps_to_the_byte(recipe: str):
    config = load_config(recipe).augment
    for seed in range(20):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            expected = published(config)(CROP)
        assert np.array_equal(pixels(Augmentation(config)(CROP, seed)), pixels(expected)), seed


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8))
SIZE = 32


def look(seed: int, template: str = "resize-crop", scale: float = 1.0, picture: Image.Image = NOISE, **changes):
    geometry = CropGeometry(template, scale, SIZE)
    return Augmentation(OFF.model_copy(update=changes), geometry)(picture, seed)


@pytest.mark.parametrize("template", ["resize-crop", "crop", "squash"])
def test_a_whole_picture_without_augmentation_is_seen_as_in_scoring(template: str):
    [(_, square)] = views(np.asarray(NOISE), CropGeometry(template, 1, SIZE))
    assert np.array_equal(pixels(look(0, template)), square)
    assert np.array_equal(pixels(seen(NOISE, CropGeometry(template, 1, SIZE))), square)


def test_of_five_views_training_sees_the_centre():
    assert np.array_equal(pixels(look(0, "five-crop")), pixels(look(0, "crop")))


def test_a_random_crop_is_torchvisions_of_the_resized_picture():
    resized = v2.functional.resize(NOISE, 40, v2.InterpolationMode.BICUBIC)
    assert resized.size == (53, 40)
    windows = {
        (left, top): np.asarray(resized.crop((left, top, left + SIZE, top + SIZE)))
        for left in range(53 - SIZE + 1)
        for top in range(40 - SIZE + 1)
    }
    found = set()
    for seed in range(60):
        cut = np.asarray(look(seed, scale=1.25, crop="random"))
        at = [place for place, window in windows.items() if np.abs(window.astype(int) - cut).max() <= 1]
        assert len(at) == 1
        found.update(at)
    lefts, tops = zip(*found, strict=True)
    assert (min(lefts) <= 2, max(lefts) >= 19, min(tops) <= 1, max(tops) >= 7) == (True,) * 4


@pytest.mark.parametrize("side", [SIZE, 20])
def test_a_random_crop_without_resize(side: int):
    values = np.arange(1, 1 + side * 40, dtype=np.uint16).reshape(side, 40)
    picture = np.stack([values % 256, values // 256, np.full_like(values, 7)], axis=2).astype(np.uint8)
    lefts = set()
    for seed in range(40):
        cut = np.asarray(look(seed, "crop", picture=Image.fromarray(picture), crop="random"))
        assert cut.shape == (SIZE, SIZE, 3)
        there = cut[..., 2] == 7
        assert there.sum() == side * SIZE  # all of the height that there is, black around it
        top, left = np.argwhere(there)[0]
        assert (left, top) == (0, (SIZE - side) // 2)
        lefts.add(int(cut[top, 0, 0]) - 1)
        assert np.array_equal(cut[top : top + side], picture[:, (x := int(cut[top, 0, 0]) - 1) : x + SIZE])
    assert lefts == set(range(9))


@pytest.mark.parametrize("shape", [(31, 31), (17, 20), (32, 19), (20, 21)])
def test_a_picture_that_is_too_small_to_choose_from_is_seen_as_in_scoring(shape: tuple[int, int]):
    picture = Image.fromarray(np.random.default_rng(0).integers(1, 256, (*shape, 3), np.uint8))
    geometry = CropGeometry("crop", 1, 32)
    cut = Augmentation(OFF.model_copy(update={"crop": "random"}), geometry)(picture, 0)
    assert np.array_equal(pixels(cut), pixels(seen(picture, geometry)))


def test_a_resized_crop_is_torchvisions():
    for seed in range(5):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            expected = v2.RandomResizedCrop(SIZE, scale=(0.3, 0.5), interpolation=v2.InterpolationMode.BICUBIC)(NOISE)
        assert np.array_equal(pixels(look(seed, crop="resized", crop_area=(0.3, 0.5))), pixels(expected))


def test_the_file_is_compressed_before_the_backbones_view_is_cut_out():
    once = v2.functional.jpeg(v2.functional.to_image(NOISE), 20)
    expected = seen(v2.functional.to_pil_image(once), CropGeometry("crop", 1, SIZE))
    assert np.array_equal(pixels(look(0, "crop", jpeg=(20, 20))), pixels(expected))


def test_how_often_a_picture_is_compressed():
    plain = pixels(look(0, "crop"))
    changed = [
        not np.array_equal(pixels(look(n, "crop", jpeg=(20, 20), jpeg_probability=0.5)), plain) for n in range(100)
    ]
    assert 25 < sum(changed) < 75


def test_a_blur_as_wide_as_it_must_be_is_scipys():
    sigma = 2.3
    blurred = Augmentation(OFF.model_copy(update={"blur": 1.0, "blur_kernel": None, "blur_sigma": (sigma, sigma)}))
    expected = ndimage.gaussian_filter(pixels(NOISE).astype(float), (sigma, sigma, 0), mode="mirror", truncate=4)
    assert np.abs(pixels(blurred(NOISE, 0)) - expected).max() < 2  # OpenCV's kernel has 8 bits


def test_a_blur_of_nothing_changes_nothing():
    nothing = Augmentation(OFF.model_copy(update={"blur": 1.0, "blur_kernel": None, "blur_sigma": (0.0, 0.0)}))
    assert np.array_equal(pixels(nothing(NOISE, 0)), pixels(NOISE))


def test_smaller_pictures():
    smaller = Augmentation(OFF.model_copy(update={"downscale": 1.0, "downscale_factor": (0.5, 0.5)}))
    assert smaller(NOISE, 0).size == (60, 45)
    assert smaller(NOISE.resize((40, 20)), 0).size == (32, 16)  # no side below 16 pixels
    assert smaller(NOISE.resize((40, 10)), 0).size == (40, 10)


@pytest.mark.parametrize("shape", [(500, 16), (16, 500), (33, 31), (16, 16)])
@pytest.mark.parametrize("crop", ["none", "random", "resized"])
@pytest.mark.parametrize("template", ["resize-crop", "crop", "five-crop"])
def test_pictures_of_any_shape_come_to_the_backbones_square(shape: tuple[int, int], crop: str, template: str):
    picture = NOISE.resize(shape)
    assert look(3, template, picture=picture, crop=crop, downscale=1.0).size == (SIZE, SIZE)


def one_of(seed: int, picture: Image.Image, **changes) -> np.ndarray:
    config = OneOfConfig(probability=1.0, translate=5).model_copy(update=changes)
    return pixels(look(seed, "squash", picture=picture, one_of=config))


def test_one_of_four_changes_each_a_quarter_of_the_time():
    grey = Image.new("RGB", (SIZE, SIZE), (200, 200, 200))
    kinds = {"zoom": 0, "corners": 0, "edge": 0, "cutout": 0}
    for seed in range(200):
        black = (one_of(seed, grey) == 0).all(axis=2)
        if not black.any():
            kinds["zoom"] += 1  # or a move by nothing
        elif black[0, 0] and black[-1, -1] and black[0, -1] and black[-1, 0]:
            kinds["corners"] += 1
        elif black[0].all() or black[-1].all():
            kinds["edge"] += 1
        else:
            kinds["cutout"] += 1
    assert min(kinds.values()) > 25, kinds
    assert np.array_equal(one_of(0, grey, probability=0.0), pixels(grey))


def test_the_papers_probe_sees_squashed_pictures():
    config = load_config("image-linear-paper").augment
    picture = Augmentation(config, CropGeometry("squash", 1, SIZE))(NOISE, 5)
    assert picture.size == (SIZE, SIZE)
