"""What a decoder must do for the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np


class Backend(Protocol):
    """A decoder of one indexed clip.

    Attributes:
        name: Library and version, e.g. ``pyav 18.1.0``; pixels differ a little between decoders, so it is recorded.
        rotation: Degrees by which it turns the first frame clockwise.
        shape: Height and width of the first frame as it gives it; others may have another.
        notes: What it did to the frames given so far that is not done to ordinary ones, in sentences: the keys.
    """

    name: str
    rotation: int
    shape: tuple[int, int]
    notes: dict[str, None]

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """Each index of ``indices`` (ascending, unique) once, in order, with its picture or why there is none.

        Pictures are upright ``(h, w, 3)`` uint8 RGB of square pixels, each of its own shape. At most ``batch`` of them
        are held at a time.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
