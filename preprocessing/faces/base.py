"""What a face detector must be, and what it is given."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from preprocessing.faces.types import Face


class FaceDetector(Protocol):
    """Finds faces in frames.

    Attributes:
        name: Short name, as :func:`preprocessing.faces.load_face_detector` takes it.
        settings: Everything that changes what is found, as plain JSON values: part of a face store's recipe. The device
            is not among them.
    """

    name: str
    settings: dict[str, Any]

    def detect(self, frames: np.ndarray) -> list[list[Face]]:
        """Find the faces of each frame.

        Args:
            frames: ``(n, h, w, 3)`` uint8 RGB, upright; any n, also 0.

        Returns:
            One list a frame, largest face first, empty where there is none. A frame's faces do not depend on the frames
            beside it.
        """
        ...


def check_frames(frames: np.ndarray) -> None:
    """Raise ``ValueError`` for what is no ``(n, h, w, 3)`` uint8.

    Example:
        >>> check_frames(np.zeros((0, 90, 160, 3), np.uint8))
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ValueError(f"frames must be (n, h, w, 3) uint8, not {frames.shape} {frames.dtype}")
