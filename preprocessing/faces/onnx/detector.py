"""A face detector from an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.faces.base import check_frames
from preprocessing.faces.onnx.fit import Fit
from preprocessing.faces.onnx.forms import Form, by_width, form_of
from preprocessing.faces.onnx.grid import Found, distinct
from preprocessing.faces.onnx.session import Network
from preprocessing.faces.types import Face

_WANTED = (
    "SCRFD, YuNet (of 2023 or later) or RetinaFace, exported with its five landmarks and without its own suppression"
)
_PROBE = (640, 640)


class OnnxFaceDetector:
    """SCRFD, YuNet or RetinaFace from a file, told apart by what the network puts out.

    It is known by its form and its weights, ``scrfd-1a2b3c4d5e6f``: the first 12 hexadecimal digits of the file's
    SHA-256. Where the file lies is no part of that. It runs on the CPU.

    Args:
        file: The ``.onnx`` file.
        max_side: Longer side, in pixels, to which larger frames are reduced; ``None`` never. A network that takes one
            size only, and SCRFD, which sees 640 by 640 as in insightface, do not ask it.

    Raises:
        FacefakeError: ``package_missing``, ``not_found``, ``not_a_file``; ``face_detector_invalid`` for a damaged file
            and for a network of another form, with what it puts out.
    """

    def __init__(self, file: Path, max_side: int | None = 640) -> None:
        self._network = Network(file)
        self._form = self._told()
        self.max_side = max_side
        self.name = f"{self._form.name}-{self._network.sha256[:12]}"
        self.settings: dict[str, Any] = {
            "name": self.name,
            "sha256": self._network.sha256,
            "size": self._network.size,
            "max_side": max_side,
            "least": self._form.least,
            "overlap": self._form.overlap,
        }

    def detect(self, frames: np.ndarray) -> list[list[Face]]:
        """Find the faces of each frame, as :meth:`preprocessing.faces.base.FaceDetector.detect` says.

        Args:
            frames: ``(n, h, w, 3)`` uint8 RGB.

        Returns:
            One list a frame, largest box first.

        Raises:
            FacefakeError: ``face_detector_invalid`` if the network's answers are none.
            ValueError: The frames have another shape or type.
        """
        check_frames(frames)
        if 0 in frames.shape:
            return [[] for _ in frames]
        fit = self._form.fit((frames.shape[2], frames.shape[1]), self._network.size, self.max_side)
        return [self._faces(frame, fit) for frame in frames]

    def _told(self) -> Form:
        """The form of the network, from its outputs for a black picture."""
        width, height = self._network.size or _PROBE
        arrays = self._network.run(np.zeros((3, height, width), np.float32))
        form = form_of(by_width(arrays))
        if form is None:
            raise self._network.invalid(_shapes(arrays), _WANTED)
        self._decoded(form, arrays, (width, height))
        return form

    def _decoded(self, form: Form, arrays: Sequence[np.ndarray], canvas: tuple[int, int]) -> Found:
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out below
                found = form.decode(by_width(arrays), canvas)
        except ValueError as error:
            wanted = f"what {form.name} puts out for a picture of {canvas[0]} by {canvas[1]}"
            raise self._network.invalid(_shapes(arrays), wanted) from error
        if not ((found.confidence >= 0) & (found.confidence <= 1 + 1e-4)).all():
            raise self._network.invalid(
                f"its confidences lie from {found.confidence.min():g} to {found.confidence.max():g}",
                f"{form.name} exported with its last layer, which brings them to 0 to 1",
            )
        return found

    def _faces(self, frame: np.ndarray, fit: Fit) -> list[Face]:
        form = self._form
        found = self._decoded(form, self._network.run(form.picture(frame, fit)), fit.canvas)
        finite = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.landmarks).all(axis=(1, 2))
        found = Found(*(each[finite & (found.confidence >= form.least)] for each in found))
        found = Found(*(each[distinct(found, form.overlap)] for each in found))
        corners = found.boxes.reshape(-1, 2, 2) * fit.factor - form.edge
        corners = np.clip(corners, 0, np.array(fit.frame) - 1).reshape(-1, 4)
        points = found.landmarks * fit.factor - form.edge
        faces = [
            Face(box.astype(np.float32), landmarks.astype(np.float32), min(float(confidence), 1.0))
            for box, landmarks, confidence in zip(corners, points, found.confidence, strict=True)
        ]
        return sorted((face for face in faces if face.area > 0), key=_order)


def _order(face: Face) -> tuple[float, ...]:
    return (-face.area, *face.box.tolist())


def _shapes(arrays: Sequence[np.ndarray]) -> str:
    return f"it puts out {', '.join(str(tuple(each.shape)) for each in arrays)}"
