"""What a decoder must do for the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np


class Backend(Protocol):
    """A decoder of one indexed clip.

    Attributes:
        name: Library and version, e.g. ``pyav 18.1.0``; pixels differ a little between decoders, so it is recorded.
        rotation: Degrees by which it turns the stored picture clockwise.
        shape: Height and width of the upright pictures it gives.
    """

    name: str
    rotation: int
    shape: tuple[int, int]

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """Each index of ``indices`` (ascending, unique) once, in order, with its picture or why there is none.

        Pictures are upright ``(h, w, 3)`` uint8 RGB of :attr:`shape`. At most ``batch`` of them are held at a time.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
