"""A whole picture as the square, or the five, that a backbone sees (:data:`preprocessing.faces.WHOLE`).

The arithmetic is torchvision's, to the pixel: ``Resize`` and ``CenterCrop`` on PIL pictures, which is CLIP's own
preprocessing, and ``FiveCrop``; that of ``squash-aliased`` is OpenCV's.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from preprocessing.faces.align import CropGeometry

_MOST_PIXELS = 2**26  # of a resized picture, before it is cut

View = tuple[np.ndarray, np.ndarray]
"""The region looked at, ``(4,)`` float32 x1, y1, x2, y2 in pixels of the picture, counted between pixel centres and
within it as the boxes of :mod:`preprocessing.faces.types` are; and what is seen of it, uint8 RGB (size, size, 3)."""


def views(rgb: np.ndarray, geometry: CropGeometry) -> list[View]:
    """What a backbone sees of a whole picture.

    Args:
        rgb: ``(h, w, 3)`` uint8 RGB, upright; each side at least 16 pixels.
        geometry: One of :data:`preprocessing.faces.WHOLE`.

    Returns:
        One view; of ``five-crop`` five: upper left, upper right, lower left, lower right, centre.

    Raises:
        ValueError: For a geometry of faces.

    Example:
        >>> [(box, square)] = views(np.zeros((100, 200, 3), np.uint8), CropGeometry("resize-crop", 1, 50))
        >>> box.tolist(), square.shape
        ([50.0, 0.0, 149.0, 99.0], (50, 50, 3))
    """
    if not geometry.whole or geometry.size is None:
        raise ValueError(f"{geometry.template} is no way to see a whole picture")
    return _VIEWS[geometry.template](rgb, geometry.size, geometry.scale)


def _resize_crop(rgb: np.ndarray, size: int, scale: float) -> list[View]:
    target = round(size * scale)
    rgb, x, y = _without_ends(rgb, target)
    height, width = rgb.shape[:2]
    short = min(height, width)
    # the long side is cut down, not rounded, to whole pixels: as torchvision's and CLIP's own resize do
    resized = Image.fromarray(rgb).resize((target * width // short, target * height // short), Image.Resampling.BICUBIC)
    left, top = _middle(resized.width, size), _middle(resized.height, size)
    right, bottom = left + size, top + size
    of_x, of_y = width / resized.width, height / resized.height
    box = [x + left * of_x, y + top * of_y, x + right * of_x - 1, y + bottom * of_y - 1]
    return [(np.array(box, np.float32), np.array(resized.crop((left, top, right, bottom))))]


def _without_ends(rgb: np.ndarray, target: int) -> tuple[np.ndarray, int, int]:
    """The middle of a picture so long that it could not be paid for once its short side has ``target`` pixels.

    Returns:
        What is left, and how much is gone on the left and at the top. Any ordinary picture stays as it is.
    """
    height, width = rgb.shape[:2]
    short = min(height, width)
    reach = max(short, _MOST_PIXELS // target * short // target)
    x, y = max(0, (width - reach) // 2), max(0, (height - reach) // 2)
    return rgb[y : y + reach, x : x + reach], x, y


def _squash(rgb: np.ndarray, size: int, scale: float) -> list[View]:
    return [(_all_of(rgb), np.array(Image.fromarray(rgb).resize((size, size), Image.Resampling.BICUBIC)))]


def _squash_aliased(rgb: np.ndarray, size: int, scale: float) -> list[View]:
    return [(_all_of(rgb), cv2.resize(rgb, (size, size), interpolation=cv2.INTER_CUBIC))]


def _all_of(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return np.array([0, 0, width - 1, height - 1], np.float32)


def _crop(rgb: np.ndarray, size: int, scale: float) -> list[View]:
    height, width = rgb.shape[:2]
    return [_window(rgb, _middle(width, size), _middle(height, size), size)]


def _five_crop(rgb: np.ndarray, size: int, scale: float) -> list[View]:
    height, width = rgb.shape[:2]
    # of a side that is too short, both ends are where its middle is
    first_x, first_y = min(0, _middle(width, size)), min(0, _middle(height, size))
    last_x, last_y = max(first_x, width - size), max(first_y, height - size)
    corners = [_window(rgb, x, y, size) for y in (first_y, last_y) for x in (first_x, last_x)]
    return [*corners, *_crop(rgb, size, scale)]


def _middle(side: int, size: int) -> int:
    """First pixel of the middle ``size``; negative where the picture is smaller, for that much is black before it."""
    return round((side - size) / 2) if side >= size else -((size - side) // 2)


def _window(rgb: np.ndarray, left: int, top: int, size: int) -> View:
    """A square of the picture as it is; black where it reaches beyond."""
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = max(0, left), max(0, top), min(width, left + size), min(height, top + size)
    square = np.zeros((size, size, 3), np.uint8)
    square[y1 - top : y2 - top, x1 - left : x2 - left] = rgb[y1:y2, x1:x2]
    return np.array([x1, y1, x2 - 1, y2 - 1], np.float32), square


_VIEWS: dict[str, Callable[[np.ndarray, int, float], list[View]]] = {
    "resize-crop": _resize_crop,
    "crop": _crop,
    "squash": _squash,
    "squash-aliased": _squash_aliased,
    "five-crop": _five_crop,
}
