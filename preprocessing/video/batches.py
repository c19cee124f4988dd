"""Frames one by one into batches of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.video.types import FrameBatch


def batched(frames: Iterable[tuple[int, float, np.ndarray]], most: int) -> Iterator[FrameBatch]:
    """Collect frames; a batch ends where it is full or where the next frame has another shape.

    Args:
        frames: Index, time in seconds and ``(h, w, 3)`` uint8 picture of each, in their order.
        most: Frames in one batch, and so in memory.

    Example:
        >>> small, large = np.zeros((2, 2, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)
        >>> frames = [(0, 0.0, small), (1, 0.1, small), (2, 0.2, large)]
        >>> [batch.rgb.shape for batch in batched(frames, 8)]
        [(2, 2, 2, 3), (1, 4, 4, 3)]
    """
    index: list[int] = []
    time: list[float] = []
    rgb = np.empty(0)
    for number, seconds, picture in frames:
        if index and picture.shape != rgb.shape[1:]:
            yield _batch(rgb, index, time)
            index, time = [], []
        if not index:  # memory of its own: who got the batch before may keep it
            rgb = np.empty((most, *picture.shape), dtype=np.uint8)
        rgb[len(index)] = picture
        index.append(number)
        time.append(seconds)
        if len(index) == most:
            yield _batch(rgb, index, time)
            index, time = [], []
    if index:
        yield _batch(rgb, index, time)


def _batch(rgb: np.ndarray, index: list[int], time: list[float]) -> FrameBatch:
    return FrameBatch(rgb[: len(index)], np.array(index, dtype=np.int64), np.array(time, dtype=np.float64))
