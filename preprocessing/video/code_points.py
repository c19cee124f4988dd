"""The code points of ITU-T H.273 that a still picture carries: an nclx box of HEIF and AVIF, a cICP chunk of PNG."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

from preprocessing.video.safe import MAX_PICTURE


def code_points(source: Path | io.BytesIO, container: str) -> tuple[int, int] | None:
    """Colour primaries and transfer characteristics of the primary picture, ``None`` where the file has none.

    Args:
        source: A file that was checked, or the bytes of one.
        container: One of :data:`~preprocessing.video.safe.PICTURES`.
    """
    if container not in ("heif", "avif", "png"):
        return None
    data = source.getvalue() if isinstance(source, io.BytesIO) else _head(source, container)
    try:
        return _png(data) if container == "png" else _heif(data)
    except (struct.error, IndexError):  # the file is damaged, which its decoder will say
        return None


def _head(path: Path, container: str) -> bytes:
    """What stands before the pixels of a PNG, as far as it matters; all of another file."""
    with open(path, "rb") as file:
        return file.read(2**20 if container == "png" else MAX_PICTURE)


def _png(data: bytes) -> tuple[int, int] | None:
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"cICP":
            return data[place + 8], data[place + 9]
        if kind == b"IDAT":
            break
        place += length + 12
    return None


def _heif(data: bytes) -> tuple[int, int] | None:
    meta = _content(data, b"meta")[4:]
    primary, properties = _content(meta, b"pitm"), _content(meta, b"iprp")
    wide = primary[0] > 0  # numbers of items have 4 bytes, not 2
    number = int.from_bytes(primary[4 : 8 if wide else 6], "big")
    described = list(_boxes(_content(properties, b"ipco")))
    for place in _associated(_content(properties, b"ipma"), number):
        kind, content = described[place - 1]
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            return primaries, transfer
    return None


def _associated(content: bytes, number: int) -> Iterator[int]:
    """Places, from 1, of the properties of an item."""
    wide_items, wide_places = content[0] > 0, content[3] & 1
    place = 8
    for _ in range(int.from_bytes(content[4:8], "big")):
        item = int.from_bytes(content[place : place + (4 if wide_items else 2)], "big")
        place += 4 if wide_items else 2
        step = 2 if wide_places else 1
        for start in range(place + 1, place + 1 + content[place] * step, step):
            if item == number:  # the first bit says whether the property is essential
                yield int.from_bytes(content[start : start + step], "big") & (0x7FFF if wide_places else 0x7F)
        place += 1 + content[place] * step


def _content(data: bytes, kind: bytes) -> bytes:
    """Of the first box of a kind.

    Raises:
        IndexError: There is none.
    """
    found = [content for name, content in _boxes(data) if name == kind]
    return found[0]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes that stand one behind the other."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, place + 8)
            head = 16
        end = place + length if length else len(data)
        if end < place + head:
            return
        yield kind, data[place + head : end]
        place = end
