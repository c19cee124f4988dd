"""What each published detector is shown is what its authors' code makes of a picture, written down here anew."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from facefake.registry.entries import ENTRIES, find
from preprocessing.faces.align import align, matrix
from preprocessing.views import views

CLIPS = Compose([Resize(224, InterpolationMode.BICUBIC, antialias=True), CenterCrop(224)])
FACES = ("gend-clip-l14", "gend-pe-l", "gend-dinov3-l", "ln-clip-l14", "effort-ffpp")
# eyes, nose, corners of the mouth: of GenD's square, and ArcFace's in pixels of 112
GEND = np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]])
ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def whole(name: str, rgb: np.ndarray) -> np.ndarray:
    """As validate.py, Dassl's transforms, evaluate.py and DeepfakeBench's abstract_dataset.py make it."""
    if name in ("ufd-clip-l14", "clipping-linear"):
        return np.asarray(CenterCrop(224)(Image.fromarray(rgb)))
    if name.startswith("effort-"):
        return cv2.resize(rgb, (224, 224), interpolation=cv2.INTER_CUBIC)
    return np.asarray(CLIPS(Image.fromarray(rgb)))


def apart(points: np.ndarray) -> np.ndarray:
    """Distances of all pairs."""
    return np.linalg.norm(points[:, None] - points[None], axis=-1)[np.triu_indices(5, 1)]


@pytest.mark.parametrize("shape", [(400, 301), (130, 500), (224, 224)])
@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in FACES])
def test_a_whole_picture_is_made_a_square_as_its_authors_do(name, shape):
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    [(_, square)] = views(rgb, find(name).geometry)
    np.testing.assert_array_equal(square, whole(name, rgb))


@pytest.mark.parametrize("name", FACES)
def test_a_face_is_cut_out_as_its_authors_do(name):
    """``align_face`` of GenD's detector.py; ``img_align_crop`` of DeepfakeBench, of which 256 pixels are kept."""
    geometry = find(name).geometry
    template, gend = (GEND, True) if name.startswith("gend") else (ARCFACE / 112, False)
    landmarks = template @ [[1.0, 0.2], [-0.2, 1.0]] * 180 + (150, 90)  # a face turned a little, no noise: one answer
    transform, side = matrix(landmarks, geometry)
    assert side == (round(float(np.mean(apart(landmarks) / apart(template)) * 1.3)) if gend else 256)
    margin = 0.3 * side / 2
    wanted = (template * side + margin) * side / (side + 2 * margin)
    np.testing.assert_allclose(landmarks @ transform[:, :2].T + transform[:, 2], wanted, atol=1e-3)
    frame = np.random.default_rng(1).integers(0, 256, (500, 500, 3), np.uint8)
    expected = cv2.warpAffine(frame, transform, (side, side), flags=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(align(frame, landmarks, geometry), expected)
