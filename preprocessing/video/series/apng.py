"""Animated PNG (Portable Network Graphics, third edition, W3C 2025, section 4.9)."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from preprocessing.video.series.layers import Disposal, Layer, shown_for

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DISPOSALS: dict[int, Disposal] = {1: "clear", 2: "restore"}
_SHARED = (b"PLTE", b"tRNS")  # what the frames need of the chunks before them
_MOST_SHARED = 4096  # bytes; a palette has 768


class Apng:
    """See :class:`preprocessing.video.series.layers.Animation`; a PNG without animation has no layers.

    Raises:
        struct.error: The file ends within its header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._bytes = file.seek(0, os.SEEK_END)
        file.seek(16)
        width, height = struct.unpack(">II", file.read(8))
        self.size: tuple[int, int] = (width, height)
        self._depth_and_colour = file.read(5)
        self._shared: dict[bytes, bytes] = {}
        self.exif = b""
        self.promised: int | None = None
        self.ended = False
        self.left_out: str | None = None

    def layers(self) -> Iterator[Layer]:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        control: bytes | None = None  # of the frame whose data come
        start = end = 0
        for kind, place, length in self._chunks(len(_SIGNATURE), self._bytes):
            if kind == b"acTL" and length >= 8:
                self.promised = struct.unpack(">I", self._read(place, 4))[0]
            elif kind == b"IDAT" and self.promised is None:
                return  # no animation: what comes later does not count
            elif kind == b"IDAT" and control is None:
                self.left_out = "The file also holds a still picture that is no frame of its animation."
            elif kind in (b"IDAT", b"fdAT"):
                start, end = start or place - 8, place + length + 4
            elif kind in (b"fcTL", b"IEND"):
                if control is not None and start:
                    yield _layer(control, start, end)
                control, start = self._read(place, 26), 0
                self.ended = kind == b"IEND"
            elif kind in _SHARED and length <= _MOST_SHARED:
                self._shared[kind] = self._read(place, length)
            elif kind == b"eXIf":
                self.exif = self._read(place, length)

    def as_still(self, layer: Layer) -> bytes:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        left, top, right, bottom = layer.box
        data = [
            self._read(place, length) if kind == b"IDAT" else self._read(place, length)[4:]  # fdAT counts itself first
            for kind, place, length in self._chunks(layer.start, layer.end)
            if kind in (b"IDAT", b"fdAT")
        ]
        header = struct.pack(">II", right - left, bottom - top) + self._depth_and_colour
        return b"".join(
            (
                _SIGNATURE,
                _chunk(b"IHDR", header),
                *(_chunk(kind, self._shared[kind]) for kind in _SHARED if kind in self._shared),
                _chunk(b"IDAT", b"".join(data)),
                _chunk(b"IEND", b""),
            )
        )

    def _chunks(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Kind, place of the data and their length, of each chunk that is there as a whole."""
        while start + 12 <= end:
            length, kind = struct.unpack(">I4s", self._read(start, 8))
            if start + 12 + length > end:
                return
            yield kind, start + 8, length
            start += 12 + length
            if kind == b"IEND":
                return

    def _read(self, place: int, length: int) -> bytes:
        self._file.seek(place)
        return self._file.read(length)


def _layer(control: bytes, start: int, end: int) -> Layer:
    width, height, x, y, delay, per, disposal, blend = struct.unpack_from(">IIIIHHBB", control, 4)
    return Layer(
        box=(x, y, x + width, y + height),
        seconds=shown_for(delay / (per or 100)),
        over=blend == 1,
        disposal=_DISPOSALS.get(disposal, "keep"),
        start=start,
        end=end,
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
