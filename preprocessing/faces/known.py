"""The face detectors that can be used: found by what a user calls them, loaded, and when each is sure."""

from __future__ import annotations

from pathlib import Path

from preprocessing.errors import FacefakeError
from preprocessing.faces.base import FaceDetector

FACE_DETECTORS = ("mtcnn",)
DEFAULT_MAX_SIDE = 640

# The least confidence of people, and the most of what is none, in frames of Celeb-DF, DFDC, FaceForensics++, phones and
# films. MTCNN: people above 0.94; flames and machinery 0.70 to 0.85. SCRFD: 99 of 100 people above 0.56 (0.5 GF) and
# 0.69 (2.5 GF). YuNet: 99 of 100 above 0.80, nearly all else below. RetinaFace's is its authors', for what they draw.
_SURE_FROM = {"mtcnn": 0.9, "scrfd": 0.6, "yunet": 0.8, "retinaface": 0.6}


def load_face_detector(
    name: str = "mtcnn",
    file: Path | None = None,
    *,
    device: str = "cpu",
    max_side: int | None = DEFAULT_MAX_SIDE,
) -> FaceDetector:
    """Load a face detector by name.

    Args:
        name: One of :data:`FACE_DETECTORS`, or what :func:`find_face_detector` gave.
        file: Where a face detector lies that does not come with facefake.
        device: ``cpu``, ``cuda``, ``cuda:1``, ... Those of files run on the CPU.
        max_side: Frames whose longer side is over this many pixels are reduced to it before detection; ``None`` never.
            Measured in ``benchmarks/faces.py``.

    Raises:
        FacefakeError: ``usage`` for an unknown name, ``device_unavailable`` for a device that is not there;
            ``face_detector_invalid`` for a file that holds another face detector, and what opening it raises.

    Example:
        >>> import numpy as np
        >>> load_face_detector().detect(np.zeros((1, 90, 160, 3), np.uint8))
        [[]]
    """
    # torch and ONNX Runtime load here, so that what only reads geometry stays quick
    if file is not None:
        from preprocessing.faces.onnx import OnnxFaceDetector

        found = OnnxFaceDetector(file, max_side)
        if found.name != name:
            raise FacefakeError(
                "face_detector_invalid", f"{file} is {found.name}, expected {name}.", "Was the file replaced meanwhile?"
            )
        return found
    if name != "mtcnn":
        raise FacefakeError(
            "usage",
            f"there is no face detector {name!r}",
            f"Use {', '.join(FACE_DETECTORS)}, or a file of yours: onnx:FILE.",
        )
    from preprocessing.faces.mtcnn import MtcnnFaceDetector

    return MtcnnFaceDetector(device, max_side)


def find_face_detector(given: str) -> tuple[str, Path | None]:
    """The face detector that a user's word means: its name, and where it lies if it is a file.

    The name of one from a file says its form and its weights, and not where it lies: ``scrfd-1a2b3c4d5e6f``.

    Args:
        given: One of :data:`FACE_DETECTORS`, or ``onnx:FILE`` with SCRFD, YuNet or RetinaFace.

    Raises:
        FacefakeError: ``usage`` for another word; ``package_missing``, ``not_found``, ``not_a_file`` or
            ``face_detector_invalid`` for a file.

    Example:
        >>> find_face_detector("mtcnn")
        ('mtcnn', None)
    """
    kind, _, path = given.partition(":")
    if kind == "onnx" and path:
        from preprocessing.faces.onnx import OnnxFaceDetector

        file = Path(path).absolute()
        return OnnxFaceDetector(file).name, file
    if given not in FACE_DETECTORS:
        raise FacefakeError(
            "usage",
            f"no face detector is called {given!r}.",
            f"Known: {', '.join(FACE_DETECTORS)}, or a file with SCRFD, YuNet or RetinaFace, written onnx:FILE.",
        )
    return given, None


def sure_from(name: str) -> float:
    """The confidence, 0 to 1, from which what a face detector of this name found is surely a face.

    Face detectors are sure on scales of their own. 0 for what found the faces of a release, which tells no confidence.

    Example:
        >>> sure_from("mtcnn")
        0.9
    """
    return _SURE_FROM.get(name.partition("-")[0], 0.0)
