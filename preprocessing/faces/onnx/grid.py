"""What the networks' ways to say where a face is have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

Outputs = Mapping[int, Sequence[np.ndarray]]
"""What a network puts out for one picture, by width: ``(rows, width)`` arrays, those of the finest grid first."""


class Found(NamedTuple):
    """Everything a network takes for a face, however little: pixels of the canvas, counted from its edge.

    Attributes:
        boxes: ``(n, 4)``: x1, y1, x2, y2.
        landmarks: ``(n, 5, 2)``, image-left first.
        confidence: ``(n,)``.
    """

    boxes: np.ndarray
    landmarks: np.ndarray
    confidence: np.ndarray


def cells(canvas: tuple[int, int], stride: int) -> np.ndarray:
    """``(n, 2)`` x and y of the cells of a grid, row by row, in cells.

    Example:
        >>> cells((64, 32), 32).tolist()
        [[0.0, 0.0], [1.0, 0.0]]
    """
    columns, rows = canvas[0] // stride, canvas[1] // stride
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2).astype(np.float64)


def strides(levels: int) -> tuple[int, ...]:
    """Pixels a cell, from the finest grid: 8, 16, 32, ..."""
    return tuple(8 << level for level in range(levels))


def together(parts: Sequence[Found]) -> Found:
    """What was found on all grids."""
    return Found(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def distinct(found: Found, overlap: float, most: int = 5000) -> np.ndarray:
    """Indices of the faces that remain where boxes over one another are one face: the surest first.

    Greedy non-maximum suppression.

    Args:
        found: Candidates.
        overlap: Intersection over union above which the less sure is left out.
        most: Only as many of the surest are looked at, so that a network that sees faces everywhere ends.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]], float)
        >>> distinct(Found(boxes, np.zeros((3, 5, 2)), np.array([0.8, 0.9, 0.7])), 0.5).tolist()
        [1, 2]
    """
    x1, y1, x2, y2 = found.boxes.T
    areas = np.maximum(0, x2 - x1) * np.maximum(0, y2 - y1)
    left = np.argsort(-found.confidence, kind="stable")[:most]
    kept = []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        width = np.minimum(x2[first], x2[left]) - np.maximum(x1[first], x1[left])
        height = np.minimum(y2[first], y2[left]) - np.maximum(y1[first], y1[left])
        shared = np.maximum(0, width) * np.maximum(0, height)
        left = left[shared <= overlap * (areas[first] + areas[left] - shared)]
    return np.array(kept, np.intp)
