"""Look at a file before any decoder does: a real, local, not too large file whose first bytes are a known container.

FFmpeg, and so every decoder built on it, takes a path for a URL and follows playlists and ``concat:`` lists into other
files. Nothing gets past this door but the absolute path of a regular file that is a video or a picture by its bytes;
names and extensions are not asked, for they lie.
"""

from __future__ import annotations

import math
import os
import re
import stat
import struct
from pathlib import Path

from preprocessing.errors import FacefakeError
from preprocessing.video.series import STILL, series_in
from preprocessing.video.types import Limits

PICTURES = frozenset({"jpeg", "png", "webp", "gif", "tiff", "bmp", "heif", "avif"})
"""The containers that hold one still picture; ``heif`` covers HEIC, what phones take.

Files of these formats that hold several pictures, an animation say, have containers of their own:
:data:`preprocessing.video.series.STILL`.
"""

VIDEOS = frozenset({"mp4", "matroska", "avi", "mpegts", "mpeg", "flv", "asf"})
"""The containers that hold a video; ``mp4`` covers QuickTime, ``matroska`` WebM, ``asf`` WMV, ``mpeg`` DVD streams."""

MAX_PICTURE = 2**29
"""Bytes of one picture, for some decoders hold the whole file; no picture of 8K needs as many, compressed or not."""

# two letters at least before the colon: "C:\clip.mp4" is a Windows drive
_SCHEME = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]+:|subfile,)")
_HEAD_BYTES = 4096
_ISO_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    (
        *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
        *(b"mif1", b"msf1"),  # these hold AVIF as well
    )
)
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_MAGIC = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
_OTHER_KINDS = (
    (b"#EXTM3U", "is a playlist"),
    (b"ffconcat", "is a playlist"),
    (b"ID3", "is an audio file"),
    (b"fLaC", "is an audio file"),
    (b"OggS", "is an Ogg file"),
    (b"%PDF", "is a PDF document"),
    (b"PK\x03\x04", "is a ZIP archive"),
    (b"<", "is a web page or XML text"),
)


def check_file(path: str | os.PathLike[str], limits: Limits | None = None) -> tuple[Path, str]:
    """Make sure that ``path`` is a local video or picture and say of which kind.

    Args:
        path: A local path. A string of the form ``scheme:...`` is refused unless a file of just that name exists.
        limits: Its ``bytes`` are checked here.

    Returns:
        The absolute path without links, and the container by the file's bytes: one of :data:`VIDEOS`, of
        :data:`PICTURES` or, where it holds several pictures, of :data:`preprocessing.video.series.STILL`.

    Raises:
        FacefakeError: ``url_path``, ``not_found``, ``not_a_file``, ``empty_file``, ``too_large``, ``unreadable`` (no
            permission) or ``not_a_video``.
    """
    limits = limits or Limits()
    real, head, size = local_file(path, limits)
    container = sniff(head, size)
    if container is None:
        raise FacefakeError(
            "not_a_video",
            f"{os.fspath(path)} {_describe(head)}",
            f"Videos: {', '.join(sorted(VIDEOS))}. Pictures: {', '.join(sorted(PICTURES))}.",
        )
    if container in PICTURES:
        if size > MAX_PICTURE:
            raise FacefakeError(
                "too_large",
                f"{real.name} has {size} bytes, and an image may have {MAX_PICTURE} at most",
                "Save it compressed, or scale it down.",
            )
        with open(real, "rb") as file:
            series = series_in(file, container)
        container = series if series in STILL else container
    return real, container


def local_file(path: str | os.PathLike[str], limits: Limits) -> tuple[Path, bytes, int]:
    """Make sure that ``path`` is a regular file on this machine and not too large.

    Returns:
        The absolute path without links, the file's first few kilobytes and its size in bytes.

    Raises:
        FacefakeError: As :func:`check_file`, but for ``not_a_video``: what is in the file is not asked here.
    """
    name = os.fspath(path)
    if _SCHEME.match(name) and not os.path.lexists(name):
        raise FacefakeError(
            "url_path", f"{name} is a URL or a decoder protocol, not a file", "Download it and give the local path."
        )
    real = _resolve(name)
    try:
        status = real.stat()
        _check_status(name, status)
        check_bytes(name, status.st_size, limits.bytes)
        with open(real, "rb") as file:
            return real, file.read(_HEAD_BYTES), status.st_size
    except PermissionError as error:
        raise FacefakeError(
            "unreadable", f"{name} cannot be read: permission denied", "Check the file's permissions."
        ) from error
    except OSError as error:
        raise FacefakeError("unreadable", f"{name} cannot be read: {error.strerror}", "Check the disk.") from error


def _resolve(name: str) -> Path:
    """The absolute path behind all links."""
    try:
        return Path(os.path.realpath(name, strict=True))
    except (OSError, ValueError) as error:  # missing, a loop of links, a name too long; a NUL in it
        raise FacefakeError("not_found", f"{name!r} does not exist", "Check the spelling of the path.") from error


def _check_status(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise FacefakeError("not_a_file", f"{name} is {kind}, not a file", "Give the path of a video or picture.")
    if status.st_size == 0:
        raise FacefakeError("empty_file", f"{name} has zero bytes", "Download or copy it again.")


def check_bytes(name: str, size: int, limit: int) -> None:
    """Raise ``too_large`` if a file of this size is over the limit."""
    if size > limit:
        raise FacefakeError("too_large", f"{name} has {size} bytes, over the limit of {limit}", _raise("bytes", size))


def check_pixels(name: str, width: int, height: int, most: int) -> None:
    """Raise ``too_large`` if an image of this size has more pixels than ``most``."""
    if width * height > most:
        raise FacefakeError(
            "too_large",
            f"{name} is {width}x{height} pixels, over the limit of {most}",
            _raise("pixels", width * height, "Scale it down"),
        )


def check_frames(name: str, count: int, most: int) -> None:
    """Raise ``too_large`` if there are more frames than ``most``; how many there are in the end is not known yet."""
    if count > most:
        raise FacefakeError("too_large", f"{name} has more than {most} frames", _raise("frames", None))


def check_seconds(name: str, seconds: float, most: float) -> None:
    """Raise ``too_large`` if a clip lasts longer than ``most``."""
    if seconds > most:
        raise FacefakeError(
            "too_large",
            f"{name} lasts {seconds:.0f} s, over the limit of {most:.0f} s",
            _raise("seconds", math.ceil(seconds)),
        )


def _raise(what: str, needed: int | None, otherwise: str = "Cut it") -> str:
    """The hint for a file over a limit: the option, with the value that would do where it is known."""
    value = "N" if needed is None else needed
    return f"{otherwise}, or raise the limit: --max-{what} {value} (in Python, {what} of Limits)."


def sniff(head: bytes, size: int) -> str | None:
    """The container by the first bytes of a file, ``None`` if it is none that we open.

    Args:
        head: The first few kilobytes.
        size: Bytes of the whole file.

    Example:
        >>> sniff(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(100), 108), sniff(b"#EXTM3U\\nother.mp4", 17)
        ('png', None)
    """
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WEBP": "webp"}.get(head[8:12])
    if head[4:8] == b"ftyp" and (picture := _heif_or_avif(head)):
        return picture
    if _is_iso(head, size):
        return "mp4"
    if _is_transport_stream(head):
        return "mpegts"
    if head[:2] == b"BM" and len(head) >= 18 and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADERS:
        return "bmp"
    return None


def _heif_or_avif(head: bytes) -> str | None:
    """Which of the two by the brands of the file type box: the first is the file's own, others it is said to suit."""
    length = struct.unpack_from(">I", head)[0]
    own, others = head[8:12], head[16 : min(length, len(head))]
    if own not in _HEIF_BRANDS | _AVIF_BRANDS:
        return None
    brands = {own, *(others[place : place + 4] for place in range(0, len(others), 4))}
    return "avif" if brands & _AVIF_BRANDS else "heif"


def _is_iso(head: bytes, size: int) -> bool:
    """MP4 or QuickTime: the file starts with a box, and old QuickTime files have no ``ftyp`` box."""
    if len(head) < 8:
        return False
    length, kind = struct.unpack_from(">I4s", head)
    # English text may say "the free ...": its first four letters are no sensible length
    sensible = length in (0, 1) or 8 <= length <= size or kind == b"mdat"
    return kind == b"ftyp" or (kind in _ISO_BOXES and sensible)


def _is_transport_stream(head: bytes) -> bool:
    """MPEG-TS: a sync byte every 188 bytes, or every 192 behind four bytes of time code (M2TS)."""
    for start, step in ((0, 188), (4, 192)):
        syncs = head[start : start + 5 * step : step]
        if len(syncs) >= 3 and set(syncs) == {0x47}:
            return True
    return False


def _describe(head: bytes) -> str:
    for magic, words in _OTHER_KINDS:
        if head.lstrip().startswith(magic):
            return words
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "is a text file"
    return "is no video or picture of a known kind"
