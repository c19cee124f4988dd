"""What a face looks like, in a few numbers that need no network: tells the people of a shot apart, recognises no one.

Three things are compared: how light and dark lie on the aligned face, the colours of the face, and those of the clothes
below it. Colours count relative to the brightness of the face, so that other light does not make another person.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from preprocessing.faces.align import CropGeometry, matrix
from preprocessing.faces.types import Face

_FACE = CropGeometry("arcface", 1.3, 64)
_WIDE_SIDE = 80  # of the region around the face in which the clothes are
_WIDER = _WIDE_SIDE / 4.0 / (64 / 1.3)  # its scale over that of the face, of which it has the middle
_INNER = np.s_[8:60, 10:54]  # of the first: without most of what is behind the head
_CLOTHES = np.s_[59:78, 25:55]  # of the second
_CLOTHES_Y, _CLOTHES_X = np.mgrid[_CLOTHES]
_PATCH = 24
_PATCH_INNER = np.s_[3:21, 3:21]
_BINS = 6
_RANGES = (
    (0, 256),
    (104, 164),
    (104, 176),
)  # of CIELAB as OpenCV scales it: people and clothes are seldom more colourful
_BRIGHTNESS = 110.0  # to which the face is brought
_DARKEST = 20.0  # below this there is noise to brighten, and no face
_LEAST_CLOTHES = 0.5  # share of their region that must lie in the frame

# medians of the three distances between two people, measured as told in preprocessing/faces/tracks.py
_BETWEEN_PEOPLE = np.array([1.27, 0.87, 1.21])


def appearance(frame: np.ndarray, face: Face) -> np.ndarray | None:
    """What :func:`difference` compares.

    Args:
        frame: ``(h, w, 3)`` uint8 RGB.
        face: In pixels of the frame.

    Returns:
        ``(756,)`` float32: the patch of light and dark, of norm 1, the colours of the face and those of the clothes,
        the last all zero where they are not in the frame. ``None`` for landmarks that are no face's.
    """
    try:
        to_face, side = matrix(face.landmarks, _FACE)
    except ValueError:
        return None
    near = cv2.warpAffine(frame, to_face, (side, side))
    to_wide = _WIDER * to_face
    to_wide[:, 2] += _WIDE_SIDE / 2 - _WIDER * side / 2
    wide = cv2.warpAffine(frame, to_wide, (_WIDE_SIDE, _WIDE_SIDE))[_CLOTHES]
    gain = _BRIGHTNESS / max(float(near[_INNER].mean()), _DARKEST)
    shown = _in_frame(to_wide, frame.shape)
    clothes = _colours(wide[shown], gain) if shown.mean() >= _LEAST_CLOTHES else np.zeros(_BINS**3, np.float32)
    return np.concatenate([_patch(near), _colours(near[_INNER].reshape(-1, 3), gain), clothes])


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """How different two appearances are: 0 for the same, about 1 for two people under one light.

    Clothes count where both show them.
    """
    ends = np.cumsum([0, len(one) - 2 * _BINS**3, _BINS**3, _BINS**3])
    apart = [np.linalg.norm(one[start:end] - other[start:end]) for start, end in pairwise(ends)]
    parts = 3 if one[ends[2] :].any() and other[ends[2] :].any() else 2
    return float((np.array(apart) / _BETWEEN_PEOPLE)[:parts].mean())


def _patch(near: np.ndarray) -> np.ndarray:
    small = cv2.resize(near, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[_PATCH_INNER][..., 0].astype(np.float32).ravel()
    light -= light.mean()
    return light / (np.linalg.norm(light) + 1e-6)


def _colours(pixels: np.ndarray, gain: float) -> np.ndarray:
    """Square roots of the shares of colours, so that their distance is Hellinger's."""
    bright = cv2.convertScaleAbs(np.ascontiguousarray(pixels)[None], alpha=gain)
    lab = cv2.cvtColor(bright, cv2.COLOR_RGB2LAB)
    counts = cv2.calcHist([lab], [0, 1, 2], None, [_BINS] * 3, [edge for each in _RANGES for edge in each]).ravel()
    return np.sqrt(counts / max(float(counts.sum()), 1.0)).astype(np.float32)


def _in_frame(to_wide: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels of the clothes' region lie in the frame."""
    back = cv2.invertAffineTransform(to_wide)
    frame_x, frame_y = (row[0] * _CLOTHES_X + row[1] * _CLOTHES_Y + row[2] for row in back)
    return (frame_x >= 0) & (frame_y >= 0) & (frame_x <= shape[1] - 1) & (frame_y <= shape[0] - 1)
