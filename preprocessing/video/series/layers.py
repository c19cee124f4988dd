"""The frames of an animation as a file stores them: patches, painted on a canvas one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

Disposal = Literal["keep", "clear", "restore"]

Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge, in pixels of the canvas."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One frame as stored.

    Attributes:
        box: The part of the canvas that it changes; may reach beyond.
        seconds: How long it is shown.
        over: It lets through what lies below where it is transparent; otherwise it replaces that.
        disposal: What becomes of its box before the next one is painted: it stays, is cleared to transparent, or is
            again what it was before.
        start: First byte of its data in the file.
        end: First byte after them.
        transparent: Number of the transparent colour, in GIF.
    """

    box: Box
    seconds: float
    over: bool
    disposal: Disposal
    start: int
    end: int
    transparent: int | None = None


class Animation(Protocol):
    """An open file of layers.

    Attributes:
        size: Width and height of the canvas.
        exif: EXIF data, empty if there are none.
        promised: Number of frames by the header, ``None`` where the format has no such field.
        ended: Once :meth:`layers` is through: whether the file did not break off within a frame.
        left_out: What else the file shows that is no frame of the animation, as a sentence; ``None`` for nothing.
    """

    size: tuple[int, int]
    exif: bytes
    promised: int | None
    ended: bool
    left_out: str | None

    def layers(self) -> Iterator[Layer]:
        """Those of which all data are there, in order, from the first.

        Raises:
            struct.error: The file ends within a header.
        """
        ...

    def as_still(self, layer: Layer) -> bytes:
        """The layer as a picture file of its own, of the size of its box."""
        ...


def shown_for(seconds: float) -> float:
    """How long a frame stays. Browsers show one that says 10 ms or less for 100 ms, and people make files for them.

    Example:
        >>> shown_for(0.0), shown_for(0.02)
        (0.1, 0.02)
    """
    return seconds if seconds > 0.01 else 0.1
