"""Faces: found in frames, linked to tracks, cut out aligned, and measured."""

from __future__ import annotations

from preprocessing.errors import FacefakeError
from preprocessing.faces.align import WHOLE, CropGeometry, align, matrix
from preprocessing.faces.base import FaceDetector
from preprocessing.faces.mask import labelled_face, main_faces
from preprocessing.faces.quality import Quality, measure
from preprocessing.faces.released import RELEASED, ReleasedCrops
from preprocessing.faces.tracks import TrackFrame, link, signature
from preprocessing.faces.types import LANDMARKS, Face, ReleasedFace

FACE_DETECTORS = ("mtcnn",)
DEFAULT_MAX_SIDE = 640

__all__ = [
    "DEFAULT_MAX_SIDE",
    "FACE_DETECTORS",
    "LANDMARKS",
    "RELEASED",
    "WHOLE",
    "CropGeometry",
    "Face",
    "FaceDetector",
    "Quality",
    "ReleasedCrops",
    "ReleasedFace",
    "TrackFrame",
    "align",
    "labelled_face",
    "link",
    "load_face_detector",
    "main_faces",
    "matrix",
    "measure",
    "signature",
]


def load_face_detector(
    name: str = "mtcnn", *, device: str = "cpu", max_side: int | None = DEFAULT_MAX_SIDE
) -> FaceDetector:
    """Load a face detector by name.

    Args:
        name: One of :data:`FACE_DETECTORS`.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        max_side: Frames whose longer side is over this many pixels are reduced to it before detection; ``None`` never.
            Measured in ``benchmarks/faces.py``.

    Raises:
        FacefakeError: ``usage`` for an unknown name, ``device_unavailable`` for a device that is not there.

    Example:
        >>> import numpy as np
        >>> load_face_detector().detect(np.zeros((1, 90, 160, 3), np.uint8))
        [[]]
    """
    if name != "mtcnn":
        raise FacefakeError("usage", f"there is no face detector {name!r}", f"Use one of {', '.join(FACE_DETECTORS)}.")
    # torch loads here, so that what only reads geometry stays quick
    from preprocessing.faces.mtcnn import MtcnnFaceDetector

    return MtcnnFaceDetector(device, max_side)
