"""MTCNN (Zhang et al., 2016, arXiv 1604.02878) as facenet-pytorch ships it, with its traps closed.

What is done about the library (2.5.3, ``models/mtcnn.py`` and ``models/utils/detect_face.py``):

* Its coordinates are one pixel too large in the frame it runs on, whatever the face's size: it cuts each crop at whole
  pixels but counts from the broken ones (half a pixel on average), and places points by pixel edges where ours are
  pixel centres (another half). The shift is taken off in that frame, before anything is scaled up.
* Crops at the frame's edge are cut short and then stretched to a square, which throws the landmarks of a face that
  touches the edge off by a quarter of the eye distance and loses a third of such faces. A black border round the frame
  gives the network the zero padding it was trained with.
* Frames smaller than the smallest face crash it (``torch.cat`` of nothing), a frame without faces gives ``None``, and
  frames with equally many faces collapse into one object array.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from facenet_pytorch import MTCNN

from preprocessing.device import pick_device
from preprocessing.errors import FacefakeError
from preprocessing.faces.base import check_frames
from preprocessing.faces.types import Face

MIN_FACE = 20  # pixels of the frame the network runs on; the library's own default
_THRESHOLDS = (0.6, 0.7, 0.7)
_SHIFT = 1.0
_BORDER = 48
_DARK = 80.0  # mean of a frame's values, 0 to 255, under which it is brightened
_MIN_GAMMA = 0.35
_BATCH_PIXELS = 4_000_000  # about 0.3 GB of activations at once


class MtcnnFaceDetector:
    """The default face detector.

    A frame whose longer side is over ``max_side`` is reduced before detection, and what is found is mapped back to full
    resolution. Faces down to 20 pixels wide *in the frame the network runs on* are found: with the default 640 that is
    1/32 of the longer side of a large frame (60 pixels in 1080p).

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        max_side: Longer side, in pixels, above which frames are reduced; ``None`` never reduces.

    Raises:
        FacefakeError: ``device_unavailable`` if there is no such device, ``usage`` if ``max_side`` is under 20.

    Example:
        >>> face_detector = MtcnnFaceDetector()
        >>> face_detector.detect(np.zeros((2, 90, 160, 3), np.uint8))
        [[], []]
    """

    name = "mtcnn"

    def __init__(self, device: str = "cpu", max_side: int | None = 640) -> None:
        if max_side is not None and max_side < MIN_FACE:
            raise FacefakeError("usage", f"max_side {max_side} is under {MIN_FACE} pixels", "Leave it at its default.")
        self.max_side = max_side
        self._network = MTCNN(
            keep_all=True, min_face_size=MIN_FACE, thresholds=list(_THRESHOLDS), device=pick_device(device, mps=False)
        ).eval()
        self.settings: dict[str, Any] = {
            "name": self.name,
            "max_side": max_side,
            "min_face": MIN_FACE,
            "border": _BORDER,
            "brighten_under": _DARK,
            "thresholds": list(_THRESHOLDS),
        }

    def detect(self, frames: np.ndarray) -> list[list[Face]]:
        """Find the faces of each frame, as :meth:`preprocessing.faces.base.FaceDetector.detect` says.

        Args:
            frames: ``(n, h, w, 3)`` uint8 RGB.

        Returns:
            One list a frame, largest box first.

        Raises:
            ValueError: The frames have another shape or type.
        """
        check_frames(frames)
        height, width = frames.shape[1:3]
        small = _reduced_size(width, height, self.max_side)
        if len(frames) == 0 or min(small) < MIN_FACE:
            return [[] for _ in frames]
        found: list[list[Face]] = []
        for batch in _batches(frames, small):
            boxes, confidences, landmarks = self._network.detect(batch, landmarks=True)
            found += [
                _faces(b, c, p, small, (width, height)) for b, c, p in zip(boxes, confidences, landmarks, strict=True)
            ]
        return found


def _reduced_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Width and height of the frame the network runs on."""
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    return max(1, round(width * max_side / longer)), max(1, round(height * max_side / longer))


def _batches(frames: np.ndarray, small: tuple[int, int]) -> Iterator[np.ndarray]:
    """Frames reduced and bordered, as many at once as memory allows."""
    width, height = small
    at_once = max(1, _BATCH_PIXELS // ((width + 2 * _BORDER) * (height + 2 * _BORDER)))
    for start in range(0, len(frames), at_once):
        part = frames[start : start + at_once]
        batch = np.zeros((len(part), height + 2 * _BORDER, width + 2 * _BORDER, 3), np.uint8)
        for target, frame in zip(batch, part, strict=True):
            inner = (
                frame if frame.shape[:2] == (height, width) else cv2.resize(frame, small, interpolation=cv2.INTER_AREA)
            )
            target[_BORDER:-_BORDER, _BORDER:-_BORDER] = _brightened(inner)
        yield batch


def _brightened(frame: np.ndarray) -> np.ndarray:
    """A dark frame under the gamma that lifts its mean to :data:`_DARK`; any other frame as it is."""
    mean = max(float(frame.mean()), 1.0)
    if mean >= _DARK:
        return frame
    gamma = max(np.log(_DARK / 255) / np.log(mean / 255), _MIN_GAMMA)
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return cv2.LUT(frame, table)


def _faces(boxes: Any, confidences: Any, landmarks: Any, small: tuple[int, int], full: tuple[int, int]) -> list[Face]:
    """One frame's result of the library as faces in full-frame coordinates, largest first."""
    if boxes is None:
        return []
    factor = np.array(full, np.float64) / small
    # object arrays where all frames of a batch had equally many faces; float again
    corners = _to_full(np.asarray(boxes, np.float64).reshape(-1, 2, 2), factor)
    points = _to_full(np.asarray(landmarks, np.float64), factor)
    corners = np.clip(corners, 0, np.array(full) - 1)
    faces = [
        Face(c.reshape(4).astype(np.float32), p.astype(np.float32), float(s))
        for c, p, s in zip(corners, points, confidences, strict=True)
    ]
    return sorted((face for face in faces if face.area > 0), key=_order)


def _order(face: Face) -> tuple[float, ...]:
    return (-face.area, *face.box.tolist())


def _to_full(points: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Points of the bordered, reduced frame in the full one; pixel centres lie half a pixel in from pixel edges."""
    return (points - _BORDER - _SHIFT + 0.5) * factor - 0.5
