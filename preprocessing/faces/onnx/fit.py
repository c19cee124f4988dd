"""A frame on its way into a network, and points on their way back.

The reduced frame lies in the upper left corner of a canvas of the size the network takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Size = tuple[int, int]
"""Width and height in pixels."""

_DIVISOR = 32  # the coarsest grid of the networks that take any size
_SQUARE = (640, 640)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a frame lies on the canvas.

    Attributes:
        frame: The frame's own size.
        inner: The size it is brought to.
        canvas: The size of the canvas.
        factor: What a point of the canvas is multiplied by, in x and y, to be one of the frame.
    """

    frame: Size
    inner: Size
    canvas: Size
    factor: tuple[float, float]

    def draw(self, rgb: np.ndarray, interpolation: int, padding: float | tuple[float, float, float]) -> np.ndarray:
        """The canvas, ``(height, width, 3)`` float32, of a frame ``(h, w, 3)`` uint8, with ``padding`` beside it."""
        inner = rgb if self.inner == self.frame else cv2.resize(rgb, self.inner, interpolation=interpolation)
        canvas = np.empty((self.canvas[1], self.canvas[0], 3), np.float32)
        canvas[:] = padding
        canvas[: self.inner[1], : self.inner[0]] = inner
        return canvas


def insightface(frame: Size, fixed: Size | None, max_side: int | None) -> Fit:
    """As insightface does it: the frame fills the canvas, also if it is smaller; one factor, that of the height.

    ``SCRFD.detect`` of ``detection/scrfd/tools/scrfd.py``, and ``src/retinaface.py`` of yermandy/GenD. Sides are cut
    down to whole pixels, so x is off by up to a pixel of the canvas, as in the crops that were published.

    Args:
        frame: The frame's size.
        fixed: The only size the network takes.
        max_side: Not asked: the published crops come from 640 by 640, whatever the frame.

    Example:
        >>> insightface((854, 480), None, None).inner
        (640, 359)
    """
    (width, height), canvas = frame, fixed or _SQUARE
    ratio = height / width
    if ratio > canvas[1] / canvas[0]:
        inner = int(canvas[1] / ratio), canvas[1]
    else:
        inner = canvas[0], int(canvas[0] * ratio)
    inner = max(1, inner[0]), max(1, inner[1])
    return Fit(frame, inner, canvas, (height / inner[1], height / inner[1]))


def reduced(frame: Size, fixed: Size | None, max_side: int | None) -> Fit:
    """The frame as it is, or reduced to ``max_side`` or into the only size the network takes; never enlarged.

    Example:
        >>> fit = reduced((1920, 1080), None, 640)
        >>> fit.inner, fit.canvas, fit.factor
        ((640, 360), (640, 384), (3.0, 3.0))
    """
    width, height = frame
    most = fixed or (max_side or max(frame),) * 2
    share = min(1.0, most[0] / width, most[1] / height)
    inner = max(1, round(width * share)), max(1, round(height * share))
    canvas = fixed or (-(-inner[0] // _DIVISOR) * _DIVISOR, -(-inner[1] // _DIVISOR) * _DIVISOR)
    return Fit(frame, inner, canvas, (width / inner[0], height / inner[1]))
