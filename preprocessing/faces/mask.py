"""Which face a clip's label speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from preprocessing.faces.types import Face

# mask videos are compressed lossily: black is not 0 everywhere
_MASK_LEVEL = 16


def labelled_face(faces: Sequence[Face], mask: np.ndarray, frame_size: tuple[int, int] | None = None) -> int | None:
    """The face with most of a manipulation mask in its box.

    Args:
        faces: The faces of one frame.
        mask: ``(h, w)`` or ``(h, w, 3)`` uint8; bright where the frame was manipulated.
        frame_size: Width and height of the frame, where the mask's may differ.

    Returns:
        Index into ``faces``, the first of equals; ``None`` if the mask is empty or touches no face.

    Example:
        >>> mask = np.zeros((50, 100), np.uint8)
        >>> mask[10:30, 60:90] = 255
        >>> left, right = (Face(np.float32([x, 5, x + 30, 40]), np.zeros((5, 2), np.float32), 1.0) for x in (5, 65))
        >>> labelled_face([left, right], mask)
        1
    """
    marked = (mask.max(axis=2) if mask.ndim == 3 else mask) > _MASK_LEVEL
    height, width = marked.shape
    frame_width, frame_height = frame_size or (width, height)
    to_mask = np.array([width / frame_width, height / frame_height] * 2)
    overlaps = [_pixels(marked, (face.box + 0.5) * to_mask) for face in faces]
    if not overlaps or max(overlaps) == 0:
        return None
    return int(np.argmax(overlaps))


def _pixels(marked: np.ndarray, edges: np.ndarray) -> int:
    left, top, right, bottom = np.rint(edges).astype(int).clip(0)
    return int(marked[top:bottom, left:right].sum())


def main_faces(frames: Sequence[Sequence[Face]], numbers: Sequence[Sequence[int]]) -> list[int | None]:
    """For each frame of a clip without mask, the face of the person shown most: largest, longest, surest.

    Decided over whole tracks, so that a large false face in one frame does not take the place of the person.

    Args:
        frames: The faces of each frame.
        numbers: Their track numbers, as :func:`preprocessing.faces.link` gives them.

    Returns:
        Index into each frame's faces: the one whose track has the largest sum of box area times confidence; ``None``
        where there is no face.

    Example:
        >>> def square(side):
        ...     return Face(np.float32([0, 0, side, side]), np.zeros((5, 2), np.float32), 1.0)
        >>> main_faces([[square(20)], [square(25), square(20)], []], [[0], [1, 0], []])
        [0, 1, None]
    """
    shown: dict[int, float] = defaultdict(float)
    for faces, tracks in zip(frames, numbers, strict=True):
        for face, track in zip(faces, tracks, strict=True):
            shown[track] += face.area * face.confidence
    mains: list[int | None] = []
    for tracks in numbers:
        shares = [(shown[track], -track) for track in tracks]
        mains.append(shares.index(max(shares)) if shares else None)
    return mains
