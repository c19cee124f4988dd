"""What an HEIF or AVIF file holds: top-level pictures, or a track of them (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

Box = tuple[bytes, int, int]
"""Kind, and the first byte of its content and after it."""

_PICTURES = frozenset(
    (b"hvc1", b"hev1", b"av01", b"avc1", b"vvc1", b"jpeg", b"j2k1", b"unci", b"grid", b"iden", b"iovl")
)
_ASIDE = (b"thmb", b"auxl")  # references from thumbnails and from depth or alpha planes to their picture
_ONE_OF = (b"altr", b"ster")  # groups whose members show the same: alternatives, and a picture for each eye


def has_samples(file: BinaryIO, count: int) -> bool:
    """Whether the file has a track of pictures with at least ``count`` of them.

    Raises:
        struct.error: The file ends within a box.
    """
    for movie in _find(file, (0, file.seek(0, os.SEEK_END)), b"moov"):
        for track in _find(file, movie, b"trak"):
            for media in _find(file, track, b"mdia"):
                handlers = [_read(file, start + 8, 4) for start, _ in _find(file, media, b"hdlr")]
                if handlers and handlers[0] in (b"pict", b"vide") and _samples(file, media) >= count:
                    return True
    return False


def images(file: BinaryIO) -> Iterator[int]:
    """Places, among all top-level pictures by number, of those that show something of their own.

    Thumbnails, alpha and depth planes and hidden parts are no top-level pictures. Of a group of alternatives and of a
    pair for two eyes the first one stands for all.

    Raises:
        struct.error: The file ends within a box.
    """
    for start, end in _find(file, (0, file.seek(0, os.SEEK_END)), b"meta"):
        inside = (start + 4, end)
        aside = set(_references(file, inside))
        shown = sorted(number for number in _items(file, inside) if number not in aside)
        twins = {number for group in _groups(file, inside) for number in sorted(group & set(shown))[1:]}
        yield from (place for place, number in enumerate(shown) if number not in twins)
        return


def _samples(file: BinaryIO, media: tuple[int, int]) -> int:
    for information in _find(file, media, b"minf"):
        for table in _find(file, information, b"stbl"):
            for kind in (b"stsz", b"stz2"):
                for start, _ in _find(file, table, kind):
                    return int(struct.unpack(">I", _read(file, start + 8, 4))[0])
    return 0


def _items(file: BinaryIO, meta: tuple[int, int]) -> Iterator[int]:
    """Numbers of the pictures that are not hidden."""
    for start, end in _find(file, meta, b"iinf"):
        for entry, _ in _find(file, (start + (6 if _version(file, start) == 0 else 8), end), b"infe"):
            version, flags = _version(file, entry), _read(file, entry + 3, 1)[0]
            wide = version >= 3
            number = _number(file, entry + 4, wide)
            if _read(file, entry + (10 if wide else 8), 4) in _PICTURES and not flags & 1:
                yield number


def _references(file: BinaryIO, meta: tuple[int, int]) -> Iterator[int]:
    """Numbers of the items that belong to another."""
    for start, end in _find(file, meta, b"iref"):
        wide = _version(file, start) > 0
        for kind, inside, _ in _boxes(file, start + 4, end):
            if kind in _ASIDE:
                yield _number(file, inside, wide)


def _groups(file: BinaryIO, meta: tuple[int, int]) -> Iterator[set[int]]:
    for start, end in _find(file, meta, b"grpl"):
        for kind, inside, until in _boxes(file, start, end):
            if kind in _ONE_OF:
                (count,) = struct.unpack(">I", _read(file, inside + 8, 4))
                count = min(count, (until - inside - 12) // 4)
                yield set(struct.unpack(f">{count}I", _read(file, inside + 12, 4 * count)))


def _find(file: BinaryIO, within: tuple[int, int], kind: bytes) -> Iterator[tuple[int, int]]:
    """Where the content of each box of a kind lies."""
    for found, start, end in _boxes(file, *within):
        if found == kind:
            yield start, end


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    while start + 8 <= end:
        length, kind = struct.unpack(">I4s", _read(file, start, 8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", _read(file, start + 8, 8))
            head = 16
        until = min(start + length, end) if length else end
        if until < start + head:
            return
        yield kind, start + head, until
        start = until


def _version(file: BinaryIO, place: int) -> int:
    return _read(file, place, 1)[0]


def _number(file: BinaryIO, place: int, wide: bool) -> int:
    return int.from_bytes(_read(file, place, 4 if wide else 2), "big")


def _read(file: BinaryIO, place: int, length: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        struct.error: There are fewer.
    """
    file.seek(place)
    data = file.read(length)
    if len(data) < length:
        raise struct.error(f"the file ends within a box at {place}")
    return data
