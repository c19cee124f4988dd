"""How a stored picture is turned to stand upright: one of the eight orientations of EXIF and of display matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Orientation(NamedTuple):
    """What is done to a stored picture to show it.

    Attributes:
        mirrored: First, left and right are swapped.
        turns: Then the picture is turned clockwise by this many quarter turns, 0..3.
    """

    mirrored: bool = False
    turns: int = 0

    @classmethod
    def of_matrix(cls, matrix: Sequence[int]) -> Orientation:
        """The orientation nearest to a display matrix of MP4, QuickTime or FFmpeg.

        Args:
            matrix: Nine numbers ``a b u c d v x y w``; the pixel (p, q) is shown at (ap + cq + x, bp + dq + y), with q
                and y pointing down.

        Example:
            >>> one = 1 << 16
            >>> Orientation.of_matrix([0, one, 0, -one, 0, 0, 0, 0, 1 << 30])
            Orientation(mirrored=False, turns=1)
            >>> Orientation.of_matrix([one, 0, 0, 0, -one, 0, 0, 0, 1 << 30])  # flipped: mirrored and upside down
            Orientation(mirrored=True, turns=2)
        """
        a, b, c, d = (matrix[place] for place in (0, 1, 3, 4))
        mirrored = a * d - b * c < 0
        if mirrored:
            a, b = -a, -b
        return cls(mirrored, round(math.atan2(b - c, a + d) / (math.pi / 2)) % 4)

    @property
    def lying(self) -> bool:
        """Whether width and height change places."""
        return self.turns % 2 == 1

    def upright(self, rgb: np.ndarray) -> np.ndarray:
        """A stored picture ``(h, w, 3)`` as it is to be seen, C-contiguous."""
        mirrored = rgb[:, ::-1] if self.mirrored else rgb
        return np.ascontiguousarray(np.rot90(mirrored, k=-self.turns))
