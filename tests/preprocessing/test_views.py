"""Whole pictures as squares, against torchvision's transforms of the same name."""

import cv2
import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import CenterCrop, FiveCrop, InterpolationMode, Pad, Resize

from facefake.models.preprocess import Preprocess
from preprocessing.faces import WHOLE, CropGeometry
from preprocessing.views import views

SIZE = 64
SHAPES = [
    (64, 64),
    (65, 64),
    (63, 64),
    (16, 16),
    (17, 31),
    (333, 211),
    (210, 333),
    (481, 640),
    (128, 257),
    (1000, 16),
    (16, 3001),
    (97, 1999),
]


def picture(shape: tuple[int, int]) -> np.ndarray:
    """Noise on a slope: every pixel differs from its neighbours, and a shift by one shows."""
    rng = np.random.default_rng(sum(shape))
    slope = np.linspace(0, 120, shape[0])[:, None, None] + np.linspace(0, 60, shape[1])[None, :, None]
    return (slope + rng.integers(0, 75, (*shape, 3))).astype(np.uint8)


def seen(rgb: np.ndarray, template: str, scale: float = 1, size: int = SIZE) -> list[np.ndarray]:
    return [square for _, square in views(rgb, CropGeometry(template, scale, size))]


def bicubic(size) -> Resize:
    return Resize(size, InterpolationMode.BICUBIC, antialias=True)


@pytest.mark.parametrize("scale", [1, 256 / 224, 1.5, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_resize_crop_is_torchvisions_resize_and_centre_crop(shape, scale):
    rgb = picture(shape)
    expected = CenterCrop(SIZE)(bicubic(round(SIZE * scale))(Image.fromarray(rgb)))
    np.testing.assert_array_equal(seen(rgb, "resize-crop", scale), [np.asarray(expected)])


def test_resize_crop_is_torchvisions_on_every_odd_size():
    rng = np.random.default_rng(0)
    for _ in range(60):
        rgb = picture((int(rng.integers(16, 900)), int(rng.integers(16, 900))))
        expected = CenterCrop(224)(bicubic(256)(Image.fromarray(rgb)))
        np.testing.assert_array_equal(seen(rgb, "resize-crop", 256 / 224, 224), [np.asarray(expected)])


@pytest.mark.parametrize("shape", SHAPES)
def test_resize_crop_at_scale_one_is_what_the_backbones_own_preprocessing_does(shape):
    rgb = picture(shape)
    own = Preprocess(SIZE, (0, 0, 0), (1, 1, 1)).resize(rgb).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(seen(rgb, "resize-crop"), [own])


@pytest.mark.parametrize("template", WHOLE)
def test_the_backbones_own_preprocessing_leaves_a_view_as_it_is(template):
    preprocess = Preprocess(SIZE, (0, 0, 0), (1, 1, 1))
    for square in seen(picture((301, 97)), template):
        np.testing.assert_array_equal(preprocess.resize(square).permute(1, 2, 0).numpy(), square)


@pytest.mark.parametrize("shape", SHAPES)
def test_crop_is_torchvisions_centre_crop_black_padding_and_all(shape):
    rgb = picture(shape)
    np.testing.assert_array_equal(seen(rgb, "crop"), [np.asarray(CenterCrop(SIZE)(Image.fromarray(rgb)))])


@pytest.mark.parametrize("shape", SHAPES)
def test_squash_is_torchvisions_resize_to_a_square(shape):
    rgb = picture(shape)
    np.testing.assert_array_equal(seen(rgb, "squash"), [np.asarray(bicubic((SIZE, SIZE))(Image.fromarray(rgb)))])


@pytest.mark.parametrize("shape", SHAPES)
def test_five_crop_is_torchvisions_of_the_picture_made_large_enough(shape):
    rgb = picture(shape)
    short = [max(0, SIZE - side) for side in shape[::-1]]  # of width and height
    padded = Pad([short[0] // 2, short[1] // 2, (short[0] + 1) // 2, (short[1] + 1) // 2])(Image.fromarray(rgb))
    np.testing.assert_array_equal(seen(rgb, "five-crop"), [np.asarray(view) for view in FiveCrop(SIZE)(padded)])


@pytest.mark.parametrize("shape", SHAPES)
def test_squash_aliased_is_opencvs_bicubic_resize_to_a_square(shape):
    rgb = picture(shape)
    expected = cv2.resize(rgb, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(seen(rgb, "squash-aliased"), [expected])


def test_squash_aliased_looks_at_some_pixels_where_squash_looks_at_all():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, 1::4] = stripes[:, 2::4] = 255  # half of them white
    assert seen(stripes, "squash")[0].mean() == pytest.approx(127.5, abs=2)
    assert seen(stripes, "squash-aliased")[0].min() == 255


@pytest.mark.parametrize("template", WHOLE)
@pytest.mark.parametrize("shape", SHAPES)
def test_boxes_lie_within_the_picture(template, shape):
    for box, _ in views(picture(shape), CropGeometry(template, 1, SIZE)):
        assert box.dtype == np.float32
        assert 0 <= box[0] < box[2] <= shape[1] - 1
        assert 0 <= box[1] < box[3] <= shape[0] - 1


def test_the_box_is_the_region_that_is_seen():
    rgb = picture((100, 300))
    for template in ("crop", "five-crop"):
        for box, square in views(rgb, CropGeometry(template, 1, SIZE)):
            x1, y1, x2, y2 = box.astype(int)
            np.testing.assert_array_equal(square, rgb[y1 : y2 + 1, x1 : x2 + 1])
    for template in ("squash", "squash-aliased"):
        [(box, _)] = views(rgb, CropGeometry(template, 1, SIZE))
        assert box.tolist() == [0, 0, 299, 99]
    [(box, _)] = views(rgb, CropGeometry("resize-crop", 2, SIZE))  # half of the height, in the middle
    assert box == pytest.approx([125, 25, 174, 74], abs=0.5)


def test_a_picture_is_not_written_to_and_a_view_is_its_own():
    rgb = picture((SIZE, SIZE))
    before = rgb.copy()
    for template in WHOLE:
        for square in seen(rgb, template):
            assert not np.shares_memory(square, rgb)
    np.testing.assert_array_equal(rgb, before)


def test_a_very_long_picture_costs_no_more_than_its_own_size():
    # resized whole before it is cut, this one would have 224 times 1.3 billion pixels
    rgb = np.full((16, 2_000_000, 3), 77, np.uint8)
    [(box, square)] = views(rgb, CropGeometry("resize-crop", 4, 224))
    assert (square.shape, square.min(), square.max()) == ((224, 224, 3), 77, 77)
    assert box[2] - box[0] == pytest.approx(3, abs=0.01)


def test_a_geometry_of_faces_gives_no_view_of_a_picture():
    with pytest.raises(ValueError, match="gend"):
        views(picture((64, 64)), CropGeometry(size=64))
