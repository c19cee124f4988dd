"""The portraits, found by the real face detector once for all tests here."""

from __future__ import annotations

import pytest

from facefake.demo.portraits import Portrait, load_portraits
from preprocessing.faces import FaceDetector, load_face_detector


@pytest.fixture(scope="package")
def face_detector() -> FaceDetector:
    return load_face_detector()


@pytest.fixture(scope="package")
def portraits(face_detector: FaceDetector) -> list[Portrait]:
    return load_portraits(face_detector)
