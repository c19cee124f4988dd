"""The face: what every face detector gives and every later step takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Names of the five landmarks in their order: left and right are the image's, not the person's.
LANDMARKS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    box: np.ndarray

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return float(self.box[3] - self.box[1])

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        return self.width * self.height

    @property
    def side(self) -> float:
        """Side of the square with the box's area, in pixels: the one figure that says how big the face is."""
        return float(np.sqrt(self.area))

    @property
    def center(self) -> np.ndarray:
        """``(2,)`` float64 centre of the box."""
        return (self.box[:2].astype(np.float64) + self.box[2:]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Face(_Box):
    """One face in one frame.

    Coordinates are pixels of the full frame, counted between pixel centres: the centre of the frame's first pixel is
    (0, 0), that of its last (width - 1, height - 1). Boxes lie inside the frame; landmarks may lie outside it.

    Attributes:
        box: ``(4,)`` float32: x1, y1, x2, y2.
        landmarks: ``(5, 2)`` float32, x and y of :data:`LANDMARKS`.
        confidence: The face detector's own, 0 to 1.

    Example:
        >>> face = Face(np.float32([10, 20, 50, 70]), np.zeros((5, 2), np.float32), 0.99)
        >>> face.width, face.height, face.area
        (40.0, 50.0, 2000.0)
    """

    landmarks: np.ndarray
    confidence: float

    @property
    def inter_eye(self) -> float:
        """Distance between the eyes in pixels."""
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))


@dataclass(frozen=True, slots=True, eq=False)
class ReleasedFace(_Box):
    """A face that its data set released cut out, or a picture that is judged whole: what is not known is not made up.

    Attributes:
        box: ``(4,)`` float32: the borders of the picture, or of the region that is seen of it.

    Example:
        >>> ReleasedFace(np.float32([0, 0, 223, 223])).confidence is None
        True
    """

    @property
    def landmarks(self) -> None:
        """Unknown."""

    @property
    def confidence(self) -> None:
        """Unknown."""

    @property
    def inter_eye(self) -> None:
        """Unknown."""
