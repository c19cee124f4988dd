import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.faces import Face, measure

FACE = Face(np.float32([170, 60, 290, 220]), np.float32([[200, 110], [248, 110], [0, 0], [0, 0], [0, 0]]), 1.0)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return astronaut()[40:240, 130:330]


def test_size_is_taken_from_the_frame_not_the_crop(crop):
    for side in (64, 300):
        quality = measure(cv2.resize(crop, (side, side)), FACE)
        assert quality.side == pytest.approx((120 * 160) ** 0.5)
        assert quality.inter_eye == pytest.approx(48)


def test_blur_lowers_sharpness(crop):
    values = [measure(cv2.GaussianBlur(crop, (0, 0), s) if s else crop, FACE).sharpness for s in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 10 * values[-1]


def test_sharpness_does_not_hang_on_the_crops_size(crop):
    big = cv2.resize(crop, (800, 800), interpolation=cv2.INTER_CUBIC)
    assert measure(big, FACE).sharpness == pytest.approx(measure(crop, FACE).sharpness, rel=0.2)


def test_an_enlarged_small_face_is_not_sharp(crop):
    small = cv2.resize(crop, (32, 32), interpolation=cv2.INTER_AREA)
    assert measure(small, FACE).sharpness < measure(crop, FACE).sharpness / 3


def test_brightness_is_the_mean_of_grey(crop):
    assert measure(np.full((40, 40, 3), 60, np.uint8), FACE).brightness == 60
    assert measure(crop // 2, FACE).brightness == pytest.approx(measure(crop, FACE).brightness / 2, abs=1)
