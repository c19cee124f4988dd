"""Faces: found in frames, linked to tracks, cut out aligned, and measured."""

from __future__ import annotations

from preprocessing.faces.align import WHOLE, CropGeometry, align, matrix
from preprocessing.faces.base import FaceDetector
from preprocessing.faces.known import (
    DEFAULT_MAX_SIDE,
    FACE_DETECTORS,
    find_face_detector,
    load_face_detector,
    sure_from,
)
from preprocessing.faces.looks import appearance
from preprocessing.faces.mask import labelled_face, main_faces
from preprocessing.faces.quality import Quality, measure
from preprocessing.faces.released import RELEASED, ReleasedCrops
from preprocessing.faces.tracks import TrackFrame, link, signature
from preprocessing.faces.types import LANDMARKS, Face, ReleasedFace

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
    "appearance",
    "find_face_detector",
    "labelled_face",
    "link",
    "load_face_detector",
    "main_faces",
    "matrix",
    "measure",
    "signature",
    "sure_from",
]
