"""The elements a container is made of, read from the bytes: what the file promises to hold, and if it is encrypted.

FFmpeg reads what is there and says little of what is not. Boxes, chunks and elements have sizes, so a file that was cut
off holds one that reaches beyond its end; and some containers say in front how much is to come.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

_MOST_ELEMENTS = 1_000_000  # that are looked at, so that a file of nothing but headers ends some time
_MOST_BYTES = 2**22  # that are read of one element


class Promise(NamedTuple):
    """How much of something should be in the file, and how much of that is."""

    there: int
    whole: int
    unit: str = "bytes"


@dataclass(slots=True)
class Structure:
    """What the elements of a file say.

    Attributes:
        promised: Of bytes and fragments.
        breaks_off: Name of an element that reaches beyond the end of the file while nothing says how many more should
            come after it.
        seconds: How long the longest stream should last, where FFmpeg does not tell what the header says of it.
        ask_duration: Whether the container's duration is a promise that may not be kept.
        fragmented: MP4 whose header does not list all its frames.
        encrypted: The encryption scheme of the video by the id of the track, in MPEG-TS its PID; 0 stands for any.
    """

    promised: list[Promise] = field(default_factory=list)
    breaks_off: str | None = None
    seconds: float | None = None
    ask_duration: bool = False
    fragmented: bool = False
    encrypted: dict[int, str] = field(default_factory=dict)


def read_structure(path: Path, container: str) -> Structure:
    """Walk through the elements of a checked file; damage ends the walk and is no error."""
    structure = Structure()
    reader = _READERS.get(container)
    if reader is not None:
        with open(path, "rb") as file:
            reader(file, path.stat().st_size, structure)
    return structure


class _Element(NamedTuple):
    """Kind, where its content begins, and where it ends; the end is ``None`` if it is not said."""

    kind: bytes
    body: int
    end: int | None


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    if start >= os.fstat(file.fileno()).st_size:  # where damage leads to places that no file system has
        return b""
    file.seek(start)
    return file.read(min(count, _MOST_BYTES))


# ---------------------------------------------------------------- MP4, QuickTime (ISO/IEC 14496-12)

_ENCRYPTED_ENTRIES = {b"encv": "Common Encryption", b"drmi": "FairPlay"}
_FRAGMENT = {b"moof": "fragment", b"mdat": "fragment", b"mfra": "fragment index"}


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    for _ in range(_MOST_ELEMENTS):
        head = _read(file, start, 16)
        if start + 8 > end or len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and len(head) == 16:
            header, size = 16, struct.unpack_from(">Q", head, 8)[0]
        elif size == 0:
            size = end - start
        if size < header or not any(kind):
            return
        yield _Element(kind, start + header, start + size)
        start += size


def _find_box(file: BinaryIO, box: _Element, *names: bytes) -> _Element | None:
    """The first box that is reached by following ``names`` into ``box``."""
    found: _Element | None = box
    for name in names:
        if found is None or found.end is None:
            return None
        found = next((each for each in _boxes(file, found.body, found.end) if each.kind == name), None)
    return found


def _content(file: BinaryIO, box: _Element | None) -> bytes:
    return b"" if box is None or box.end is None else _read(file, box.body, box.end - box.body)


def _read_iso(file: BinaryIO, size: int, structure: Structure) -> None:
    moofs: set[int] = set()
    index: list[int] = []  # where the fragments should be by mfra
    base = 0  # where the file begins that they are counted from: one may follow another
    for box in _boxes(file, 0, size):
        assert box.end is not None
        if box.kind == b"moov" and box.end <= size:
            _read_moov(file, box, structure)
        elif box.kind == b"ftyp":
            base = box.body - 8
        elif box.kind == b"moof":
            moofs.add(box.body - 8)
            structure.fragmented = True
        elif box.kind == b"sidx" and (promise := _sidx_end(_content(file, box))):
            structure.promised.append(Promise(min(promise, max(0, size - box.end)), promise))
        elif box.kind == b"mfra" and box.end <= size:
            tables = [_tfra(_content(file, tfra)) for tfra in _boxes(file, box.body, box.end)]
            index += [base + place for table in tables for place in table]
        if box.end > size and box.kind in _FRAGMENT:
            structure.breaks_off = _FRAGMENT[box.kind]
    if index and min(index) in moofs:  # or it is of another file, or of this one before it was changed
        structure.promised.append(Promise(sum(place in moofs for place in index), len(index), "fragments"))


def _read_moov(file: BinaryIO, moov: _Element, structure: Structure) -> None:
    assert moov.end is not None
    structure.fragmented |= _find_box(file, moov, b"mvex") is not None
    scale, duration = _movie_header(_content(file, _find_box(file, moov, b"mvhd")))
    mehd = _content(file, _find_box(file, moov, b"mvex", b"mehd"))
    if len(mehd) >= 8:
        whole = int.from_bytes(mehd[4:12] if mehd[0] == 1 else mehd[4:8], "big")
        duration = max(duration, whole)
    if scale and duration:
        structure.seconds, structure.ask_duration = duration / scale, structure.fragmented
    for trak in (each for each in _boxes(file, moov.body, moov.end) if each.kind == b"trak"):
        tkhd = _content(file, _find_box(file, trak, b"tkhd"))
        stsd = _content(file, _find_box(file, trak, b"mdia", b"minf", b"stbl", b"stsd"))
        if len(tkhd) >= 24 and (scheme := _scheme(stsd)):
            structure.encrypted[int.from_bytes(tkhd[20:24] if tkhd[0] == 1 else tkhd[12:16], "big")] = scheme


def _movie_header(mvhd: bytes) -> tuple[int, int]:
    """Units per second and duration in them; an unknown duration has all bits set."""
    form = ">20xIQ" if mvhd[:1] == b"\1" else ">12xII"
    if len(mvhd) < struct.calcsize(form):
        return 0, 0
    scale, duration = struct.unpack_from(form, mvhd)
    return scale, 0 if duration in (2**32 - 1, 2**64 - 1) else duration


def _scheme(stsd: bytes) -> str | None:
    """The encryption of a track by its sample descriptions."""
    place = 8
    while place + 8 <= len(stsd):
        size, kind = struct.unpack_from(">I4s", stsd, place)
        if kind in _ENCRYPTED_ENTRIES:
            scheme = re.search(rb"schm.{4}(\w{4})", stsd[place : place + size], re.DOTALL)
            return scheme[1].decode("ascii") if scheme else _ENCRYPTED_ENTRIES[kind]
        place += max(size, 8)
    return None


def _sidx_end(sidx: bytes) -> int:
    """How many bytes behind it a segment index speaks of."""
    wide = sidx[:1] == b"\1"
    form = ">4x8xQQ2xH" if wide else ">4x8xII2xH"
    if len(sidx) < struct.calcsize(form):
        return 0
    _, first, count = struct.unpack_from(form, sidx)
    sizes = struct.iter_unpack(">I8x", sidx[struct.calcsize(form) :][: count * 12])
    return int(first + sum(size & 0x7FFFFFFF for (size,) in sizes)) if len(sidx) % 4 == 0 else 0


def _tfra(tfra: bytes) -> list[int]:
    """Offsets of the fragments that an index of random access points names."""
    if len(tfra) < 16:
        return []
    lengths, count = struct.unpack_from(">8xII", tfra)
    entry = (16 if tfra[0] == 1 else 8) + sum((lengths >> shift & 3) + 1 for shift in (0, 2, 4))
    half = 8 if tfra[0] == 1 else 4
    places = range(16, min(len(tfra), 16 + count * entry) - 2 * half + 1, entry)
    return [int.from_bytes(tfra[place + half : place + 2 * half], "big") for place in places]


# ---------------------------------------------------------------- Matroska, WebM (RFC 9559)

_EBML, _SEGMENT, _CLUSTER, _TRACKS = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x16\x54\xae\x6b"
_ELEMENTS = {
    *(_EBML, _SEGMENT, _CLUSTER, _TRACKS, b"\x11\x4d\x9b\x74", b"\x15\x49\xa9\x66", b"\x1c\x53\xbb\x6b"),
    *(b"\x12\x54\xc3\x67", b"\x10\x43\xa7\x70", b"\x19\x41\xa4\x69", b"\xec", b"\xbf"),
    *(b"\xe7", b"\xa3", b"\xa0", b"\xab", b"\xa7", b"\x58\x54"),  # in a cluster
}


def _ebml(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    """Elements one after the other; those of unknown size are entered."""
    for _ in range(_MOST_ELEMENTS):
        head = _read(file, start, 12)
        if start >= end or len(head) < 2 or head[0] < 0x10:
            return
        length = 9 - head[0].bit_length()
        kind, rest = head[:length], head[length:]
        if not rest or not rest[0]:
            return
        width = 9 - rest[0].bit_length()
        value = int.from_bytes(rest[:width], "big") & ((1 << 7 * width) - 1)
        body = start + length + width
        unknown = value == (1 << 7 * width) - 1
        yield _Element(kind, body, None if unknown else body + value)
        start = body if unknown else body + value


def _read_matroska(file: BinaryIO, size: int, structure: Structure) -> None:
    live = False
    for element in _ebml(file, 0, size):
        if element.kind not in _ELEMENTS:
            break
        if element.kind == _TRACKS:
            _read_tracks(file, element, structure)
        if element.kind == _SEGMENT and element.end is not None:
            structure.promised.append(Promise(min(size, element.end), element.end))
            for child in _ebml(file, element.body, min(size, element.end)):
                if child.kind == _TRACKS:
                    _read_tracks(file, child, structure)
                if child.kind in (_TRACKS, _CLUSTER):
                    break
        elif element.kind == _SEGMENT:
            live = True
        elif element.end is not None and element.end > size:
            structure.breaks_off = "cluster" if element.kind == _CLUSTER else "block"
    # of a segment whose size is known and that is all there, nothing is missing, whatever the duration says
    structure.ask_duration = live or any(part.there < part.whole for part in structure.promised)


def _read_tracks(file: BinaryIO, tracks: _Element, structure: Structure) -> None:
    if tracks.end is None:
        return
    for track in _ebml(file, tracks.body, tracks.end):
        parts = {part.kind: part for part in _ebml(file, track.body, track.end or 0)}
        kind = parts.get(b"\x83")
        if track.kind != b"\xae" or kind is None or _read(file, kind.body, 1) != b"\x01":  # no video
            continue
        encodings = parts.get(b"\x6d\x80")
        for encoding in _ebml(file, encodings.body, encodings.end or 0) if encodings else ():
            if any(each.kind == b"\x50\x35" for each in _ebml(file, encoding.body, encoding.end or 0)):
                structure.encrypted[0] = "Matroska ContentEncryption"


# ---------------------------------------------------------------- AVI, FLV, ASF, MPEG-TS


def count_chunks(path: Path, stream: int) -> int:
    """Chunks of video that lie in an AVI file, empty ones too: each is shown for one frame.

    Args:
        path: The file.
        stream: Number of the video stream.
    """
    wanted = (b"%02ddc" % stream, b"%02ddb" % stream)
    size = path.stat().st_size
    with open(path, "rb") as file:
        return sum(chunk.kind in wanted and (chunk.end or 0) <= size for chunk in _chunks(file, size))


def _chunks(file: BinaryIO, size: int) -> Iterator[_Element]:
    """All chunks of a RIFF file; lists are entered."""
    start = 0
    for _ in range(_MOST_ELEMENTS):
        head = _read(file, start, 12)
        if len(head) < 8:
            return
        kind, length = struct.unpack_from("<4sI", head)
        is_list = kind in (b"RIFF", b"LIST")
        if is_list and len(head) < 12:
            return
        yield _Element(head[8:12] if is_list else kind, start + 8, start + 8 + length)
        start += 12 if is_list and head[8:12] in (b"AVI ", b"AVIX", b"movi", b"rec ") else 8 + length + length % 2


def _read_avi(file: BinaryIO, size: int, structure: Structure) -> None:
    length = int.from_bytes(_read(file, 4, 4), "little")
    if 0 < length < 2**32 - 1:
        structure.promised.append(Promise(min(size, length + 8), length + 8))


def _read_flv(file: BinaryIO, size: int, structure: Structure) -> None:
    structure.ask_duration = True
    head = _read(file, 0, 2**16)
    if said := re.search(rb"filesize\x00(.{8})", head, re.DOTALL):
        promised = struct.unpack(">d", said[1])[0]
        if 0 < promised < 2**53:
            structure.promised.append(Promise(min(size, int(promised)), int(promised)))
    start = int.from_bytes(head[5:9], "big") + 4
    for _ in range(_MOST_ELEMENTS):
        tag = _read(file, start, 4)
        if len(tag) < 4 or tag[0] & 0x1F not in (8, 9, 18):
            return
        start += 11 + int.from_bytes(tag[1:], "big") + 4
        if start > size + 4:  # without the last four bytes no picture is missing
            structure.breaks_off = "tag"


_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_ENCRYPTION = {
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"): "Windows Media DRM",
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"): "Windows Media DRM",
}


def _read_asf(file: BinaryIO, size: int, structure: Structure) -> None:
    head = _read(file, 0, 30)
    place, end = 30, min(size, int.from_bytes(head[16:24], "little"))
    while place + 24 <= end:
        item = _read(file, place, 96)
        if item[:16] == _ASF_FILE and len(item) >= 92 and not item[88] & 1:  # 1: broadcast, nothing else is valid
            promised = int.from_bytes(item[40:48], "little")
            structure.promised.append(Promise(min(size, promised), promised))
        if item[:16] in _ASF_ENCRYPTION:
            structure.encrypted[0] = _ASF_ENCRYPTION[item[:16]]
        place += max(24, int.from_bytes(item[16:24], "little"))


def _read_mpegts(file: BinaryIO, size: int, structure: Structure) -> None:
    data = _read(file, 0, _MOST_BYTES)
    step, first = (192, 4) if data[4:5] == b"\x47" and data[:1] != b"\x47" else (188, 0)
    counts: dict[int, list[int]] = {}
    for place in range(first, len(data) - 188, step):
        if data[place] == 0x47:
            pid = (data[place + 1] & 0x1F) << 8 | data[place + 2]
            counts.setdefault(pid, [0, 0])[data[place + 3] >> 7] += 1  # scrambled with an odd or an even key
    for pid, (clear, scrambled) in counts.items():
        if scrambled > clear:
            structure.encrypted[pid] = "transport stream scrambling"


_READERS: dict[str, Callable[[BinaryIO, int, Structure], None]] = {
    "mp4": _read_iso,
    "matroska": _read_matroska,
    "avi": _read_avi,
    "flv": _read_flv,
    "asf": _read_asf,
    "mpegts": _read_mpegts,
}
