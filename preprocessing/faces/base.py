"""What a face detector must be."""

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
