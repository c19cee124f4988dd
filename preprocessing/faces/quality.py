"""Facts about a face's picture quality, kept beside each crop: scoring may abstain on them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from preprocessing.faces.types import Face, ReleasedFace

_SHARPNESS_SIDE = 128  # crops are compared at this size, so that a large soft face is not called sharp


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured on one face.

    Attributes:
        side: Pixels of the full frame: side of the square with the box's area.
        inter_eye: Pixels of the full frame between the eyes; ``None`` where they were not looked for.
        sharpness: Variance of the Laplacian of the grey crop at 128 x 128 (Pech-Pacheco et al., ICPR 2000): lower for a
            blurred or much enlarged face.
        brightness: Mean of the grey crop, 0 to 255.
    """

    side: float
    inter_eye: float | None
    sharpness: float
    brightness: float


def measure(crop: np.ndarray, face: Face | ReleasedFace) -> Quality:
    """Measure a face and its aligned crop.

    Args:
        crop: ``(h, w, 3)`` uint8 RGB.
        face: The face it was cut by.

    Example:
        >>> face = Face(np.float32([0, 0, 40, 90]), np.float32([[10, 20], [30, 20], [20, 30], [12, 40], [28, 40]]), 1.0)
        >>> measure(np.full((50, 50, 3), 80, np.uint8), face)
        Quality(side=60.0, inter_eye=20.0, sharpness=0.0, brightness=80.0)
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    # area averaging is right for reducing only
    how = cv2.INTER_AREA if grey.shape[0] > _SHARPNESS_SIDE else cv2.INTER_LINEAR
    fixed = cv2.resize(grey, (_SHARPNESS_SIDE, _SHARPNESS_SIDE), interpolation=how)
    return Quality(
        side=face.side,
        inter_eye=face.inter_eye,
        sharpness=float(cv2.Laplacian(fixed, cv2.CV_64F).var()),
        brightness=float(grey.mean()),
    )
