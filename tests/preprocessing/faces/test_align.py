import json

import cv2
import numpy as np
import pytest
from skimage.transform import estimate_transform

from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry, align, matrix

# written down from the publications, independently of the package
GEND = np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]])
ARCFACE_MINUS_8 = np.array(
    [[30.2946, 51.6963], [65.5318, 51.5014], [48.0252, 71.7366], [33.5493, 92.3655], [62.7299, 92.2041]]
)


def turned(points: np.ndarray, scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return scale * points @ np.array([[c, s], [-s, c]]) + shift


def applied(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ transform[:, :2].T + transform[:, 2]


@pytest.mark.parametrize("size", [None, 224, 256])
@pytest.mark.parametrize("scale", [1.0, 1.3, 1.8])
@pytest.mark.parametrize(("face", "degrees"), [(40, 0), (150, 25), (900, -80), (300, 178)])
def test_gend_brings_landmarks_to_the_published_places(size, scale, face, degrees):
    landmarks = turned(GEND, face, degrees, (310.4, 97.3))
    transform, side = matrix(landmarks, CropGeometry("gend", scale, size))
    margin = side * (scale - 1) / 2
    published = (GEND * side + margin) * side / (side + 2 * margin)
    assert np.abs(applied(transform, landmarks) - published).max() < 0.5
    assert side == (size or round(face * scale))


def test_gend_equals_the_published_arithmetic_on_real_looking_landmarks():
    rng = np.random.default_rng(3)
    for _ in range(50):
        landmarks = turned(GEND, rng.uniform(40, 600), rng.uniform(-40, 40), (400, 300)) + rng.normal(0, 3, (5, 2))
        side, target = published_gend(landmarks, 1.3)
        expected = cv2.estimateAffinePartial2D(landmarks.astype(np.float32), target, method=cv2.LMEDS)[0]
        transform, ours = matrix(landmarks, CropGeometry())
        assert ours == side
        assert np.abs(applied(transform, landmarks) - applied(expected, landmarks)).max() < 0.5


def published_gend(landmarks: np.ndarray, scale: float) -> tuple[int, np.ndarray]:
    ratios = [
        np.hypot(*(landmarks[i] - landmarks[j])) / np.hypot(*(GEND[i] - GEND[j]))
        for i in range(5)
        for j in range(i + 1, 5)
    ]
    side = int(np.round(np.mean(ratios) * scale))
    margin = side * (scale - 1) / 2
    return side, ((GEND * side + margin) * (side / (side + 2 * margin))).astype(np.float32)


def test_arcface_equals_deepfakebench_by_skimage():
    rng = np.random.default_rng(4)
    target = ((ARCFACE_MINUS_8 + np.array([8, 0])) * 256 / 112 + 0.15 * 256) / 1.3
    for _ in range(50):
        landmarks = turned(GEND, rng.uniform(40, 600), rng.uniform(-90, 90), (400, 300)) + rng.normal(0, 5, (5, 2))
        expected = estimate_transform("similarity", landmarks, target).params[:2]
        transform, side = matrix(landmarks, CropGeometry("arcface", 1.3, 256))
        assert side == 256
        np.testing.assert_allclose(transform, expected, atol=1e-6)


@pytest.mark.parametrize("template", ["gend", "arcface"])
def test_the_transform_keeps_shapes_and_never_mirrors(template):
    rng = np.random.default_rng(5)
    for _ in range(30):
        landmarks = rng.uniform(0, 500, (5, 2))
        (a, b, _), (c, d, _) = matrix(landmarks, CropGeometry(template, size=224))[0]
        assert a == pytest.approx(d)
        assert b == pytest.approx(-c)
        assert a * d - b * c > 0


def test_equal_landmarks_give_equal_matrices_whatever_opencvs_seed():
    landmarks = turned(GEND, 120, 10, (50, 50)) + np.random.default_rng(6).normal(0, 4, (5, 2))
    matrices = []
    for seed in range(5):
        cv2.setRNGSeed(seed)
        matrices.append(matrix(landmarks, CropGeometry())[0])
    assert all(np.array_equal(matrices[0], other) for other in matrices)


def test_the_crop_shows_what_lay_at_the_landmarks():
    frame = np.zeros((400, 500, 3), np.uint8)
    landmarks = turned(GEND, 160, 15, (200, 120))
    for x, y in landmarks:
        cv2.circle(frame, (round(x), round(y)), 4, (255, 0, 0), -1)
    crop = align(frame, landmarks, CropGeometry(size=256))
    assert crop.shape == (256, 256, 3)
    assert crop.dtype == np.uint8
    for x, y in CropGeometry().points * 256:
        assert crop[round(y), round(x), 0] > 200


def test_beyond_the_frame_is_black():
    frame = np.full((100, 100, 3), 200, np.uint8)
    crop = align(frame, turned(GEND, 80, 0, (-20, -20)), CropGeometry())
    assert crop[0, 0].tolist() == [0, 0, 0]
    assert crop[-1, -1].tolist() == [200, 200, 200]


@pytest.mark.parametrize(
    "landmarks",
    [
        np.full((5, 2), 7.0),
        np.full((5, 2), np.nan),
        np.zeros((4, 2)),
        GEND * 0.5,
        GEND * 1e6,
        np.vstack([GEND[:4], GEND[3:4]]) * 100,
    ],
    ids=["all equal", "nan", "four points", "under two pixels", "a million pixels", "two equal"],
)
def test_what_is_no_face_is_refused(landmarks):
    for template in ("gend", "arcface"):
        with pytest.raises(ValueError, match=r"landmarks"):
            matrix(landmarks, CropGeometry(template))


def test_geometry_goes_through_json_unchanged():
    for geometry in (CropGeometry(), CropGeometry("arcface", 1.5, 256), CropGeometry("crop", 1, 224)):
        assert CropGeometry.from_dict(json.loads(json.dumps(geometry.to_dict()))) == geometry


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"template": "ffhq"}, "arcface"),
        ({"scale": 0.5}, "1.3"),
        ({"size": 0}, "native"),
        ({"margin": 1.3}, "scale"),
        ({"template": "squash", "scale": 1.0}, "backbone"),
        ({"template": "crop", "scale": 1.1, "size": 224}, "resize-crop"),
    ],
)
def test_bad_geometry_is_a_usage_error_with_a_way_out(values, word):
    with pytest.raises(FacefakeError) as caught:
        CropGeometry.from_dict(values)
    assert caught.value.code == "usage"
    assert word in caught.value.hint
