"""The pages of a TIFF (revision 6.0, Adobe 1992): the chain of directories, less those of thumbnails and masks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_SUBFILE, _OLD_SUBFILE = 254, 255
_REDUCED, _MASK = 1, 4  # bits of the first tag
_OLD_REDUCED = 2  # value of the second


def pages(file: BinaryIO) -> Iterator[int]:
    """Places in the chain, from 0, of the directories that describe a full-size picture.

    Raises:
        struct.error: The file ends within a directory.
    """
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    file.seek(4)
    seen: set[int] = set()
    (place,) = struct.unpack(f"{order}I", file.read(4))
    while place and place not in seen:  # a chain may lead back into itself
        file.seek(place)
        (count,) = struct.unpack(f"{order}H", file.read(2))
        entries = file.read(12 * count)
        (following,) = struct.unpack(f"{order}I", file.read(4))
        if not _is_aside(entries, order):
            yield len(seen)
        seen.add(place)
        place = following


def _is_aside(entries: bytes, order: str) -> bool:
    """Whether the picture is a thumbnail or mask of another."""
    for start in range(0, len(entries), 12):
        tag, kind = struct.unpack_from(f"{order}HH", entries, start)
        if tag in (_SUBFILE, _OLD_SUBFILE):
            value = struct.unpack_from(f"{order}H" if kind == 3 else f"{order}I", entries, start + 8)[0]
            if value & (_REDUCED | _MASK) if tag == _SUBFILE else value == _OLD_REDUCED:
                return True
    return False
