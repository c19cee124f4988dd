"""GIF (Graphics Interchange Format, version 89a, CompuServe 1990): blocks up to the trailer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from preprocessing.video.series.layers import Disposal, Layer, shown_for

_HAS_PALETTE, _PALETTE_SIZE = 0x80, 0x07
_CONTROL = 0xF9
_DISPOSALS: dict[int, Disposal] = {2: "clear", 3: "restore"}


class Gif:
    """See :class:`preprocessing.video.series.layers.Animation`.

    Raises:
        struct.error: The file ends within its header.
    """

    promised: int | None = None
    left_out: str | None = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.exif = b""
        self.ended = False
        file.seek(6)
        width, height, self._flags, _ = struct.unpack("<HHBH", file.read(7))
        self._palette = file.read(_palette_bytes(self._flags))
        self._blocks = file.tell()
        self.size: tuple[int, int] = (width, height)

    def layers(self) -> Iterator[Layer]:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        self._file.seek(self._blocks)
        control = bytes(4)  # of the frame that comes next
        while block := self._file.read(1):
            if block == b";":
                self.ended = True
                return
            if block == b"!":
                label = self._file.read(1)
                data = self._sub_blocks()
                if label == bytes([_CONTROL]) and data is not None and len(data) >= 4:
                    control = data
                elif data is None:
                    return
            elif block == b",":
                layer = self._layer(control)
                if layer is None:
                    return
                if self.size == (0, 0):  # some writers leave the canvas out
                    self.size = layer.box[2:]
                place = self._file.tell()
                yield layer
                self._file.seek(place)
                control = bytes(4)
        self.ended = True  # many writers leave the trailer out, and nothing else is missing

    def as_still(self, layer: Layer) -> bytes:
        """See :class:`preprocessing.video.series.layers.Animation`."""
        self._file.seek(layer.start + 4)  # past its place on the canvas
        data = self._file.read(layer.end - layer.start - 4)
        size = data[:4]
        control = b""
        if layer.transparent is not None:
            control = bytes([0x21, _CONTROL, 4, 1, 0, 0, layer.transparent, 0])
        return b"".join(
            (b"GIF89a", size, bytes([self._flags, 0, 0]), self._palette, control, b",", bytes(4), data, b";")
        )

    def _layer(self, control: bytes) -> Layer | None:
        """The image whose separator was just read, ``None`` if it is cut off."""
        start = self._file.tell()
        x, y, width, height, flags = struct.unpack("<HHHHB", self._file.read(9))
        self._file.seek(_palette_bytes(flags) + 1, 1)  # and the first code's size
        if self._sub_blocks() is None:
            return None
        delay = struct.unpack_from("<H", control, 1)[0]
        transparent = control[3] if control[0] & 1 else None
        return Layer(
            box=(x, y, x + width, y + height),
            seconds=shown_for(delay / 100),
            over=transparent is not None,
            disposal=_DISPOSALS.get(control[0] >> 2 & 7, "keep"),
            start=start,
            end=self._file.tell(),
            transparent=transparent,
        )

    def _sub_blocks(self) -> bytes | None:
        """Pass over a chain of data blocks; returns the first, or ``None`` if the file ends within the chain."""
        first = None
        while length := self._file.read(1):
            if length == b"\0":
                return first or b""
            if first is None:
                first = self._file.read(length[0])
            else:
                self._file.seek(length[0], 1)
        return None


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & _PALETTE_SIZE) + 1) if flags & _HAS_PALETTE else 0
