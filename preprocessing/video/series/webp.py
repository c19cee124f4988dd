"""Animated WebP (RFC 9649, section 2.7)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from preprocessing.video.series.layers import Layer, shown_for

_ANIMATED, _ALPHA = 0x02, 0x10  # flags of the file
_REPLACES, _CLEARS = 0x02, 0x01  # flags of a frame


class Webp:
    """See :class:`preprocessing.video.series.layers.Animation`; a WebP without animation has no layers.

    Raises:
        struct.error: The file ends within its header.
    """

    promised: int | None = None
    left_out: str | None = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        there = file.seek(0, os.SEEK_END)
        file.seek(4)
        says = struct.unpack("<I", file.read(4))[0] + 8
        self._end = min(there, says)
        self._cut = there < says
        kind, _, flags, *size = struct.unpack("<4sIB3x3s3s", self._read(12, 18))
        self._animated = kind == b"VP8X" and bool(flags & _ANIMATED)
        self.size: tuple[int, int] = (_number(size[0]) + 1, _number(size[1]) + 1)
        self.exif = b""
        self.ended = False

    def layers(self) -> Iterator[Layer]:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        if not self._animated:
            return
        for kind, place, length in self._chunks():
            if kind == b"ANMF":
                yield _layer(self._read(place, 16), place + 16, place + length)
            elif kind == b"EXIF":
                self.exif = self._read(place, length)
        self.ended = not self._cut

    def as_still(self, layer: Layer) -> bytes:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        left, top, right, bottom = layer.box
        size = struct.pack("<I", right - left - 1)[:3] + struct.pack("<I", bottom - top - 1)[:3]
        data = b"VP8X" + struct.pack("<IB3x", 10, _ALPHA) + size + self._read(layer.start, layer.end - layer.start)
        return b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data

    def _chunks(self) -> Iterator[tuple[bytes, int, int]]:
        """Kind, place of the data and their length, of each chunk that is there as a whole."""
        start = 12
        while start + 8 <= self._end:
            kind, length = struct.unpack("<4sI", self._read(start, 8))
            if start + 8 + length > self._end:
                self._cut = True
                return
            yield kind, start + 8, length
            start += 8 + length + length % 2

    def _read(self, place: int, length: int) -> bytes:
        self._file.seek(place)
        return self._file.read(length)


def _layer(head: bytes, start: int, end: int) -> Layer:
    x, y, width, height, milliseconds = (_number(head[place : place + 3]) for place in range(0, 15, 3))
    return Layer(
        box=(2 * x, 2 * y, 2 * x + width + 1, 2 * y + height + 1),
        seconds=shown_for(milliseconds / 1000),
        over=not head[15] & _REPLACES,
        disposal="clear" if head[15] & _CLEARS else "keep",
        start=start,
        end=end,
    )


def _number(three: bytes) -> int:
    return int.from_bytes(three, "little")
