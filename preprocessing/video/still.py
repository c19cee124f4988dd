"""Read one still picture, upright and in RGB."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, features

from preprocessing.errors import FacefakeError
from preprocessing.video import hdr
from preprocessing.video.code_points import code_points
from preprocessing.video.safe import PICTURES, check_file, check_pixels, sniff
from preprocessing.video.series import STILL, series_in
from preprocessing.video.series.tiff import pages
from preprocessing.video.types import FrameBatch, Limits, VideoInfo

ORIENTATION = 0x0112
TURNS = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}  # EXIF value: degrees clockwise to upright; 5 and 7 mirror too
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_LYING = (5, 6, 7, 8)  # EXIF values of pictures stored on their side


def read_still(path: str | os.PathLike[str], limits: Limits | None = None) -> tuple[VideoInfo, FrameBatch]:
    """Read a picture as a clip of one frame at 0.0 s.

    EXIF orientation is applied, and in HEIF and AVIF the turn that the format itself notes, which counts there instead;
    palettes, grey, CMYK and 16 bits become 8-bit RGB, and HDR becomes SDR. Of a file that holds several pictures, which
    :func:`preprocessing.video.open_video` reads one by one, this reads the first alone, of HEIF the one that it calls
    its primary.

    Raises:
        FacefakeError: What :func:`~preprocessing.video.safe.check_file` raises; ``not_a_video`` if it is a video,
            ``too_large`` or ``unreadable`` (damaged or cut off).
    """
    limits = limits or Limits()
    real, container = check_file(path, limits)
    container = STILL.get(container, container)
    if container not in PICTURES:
        raise FacefakeError("not_a_video", f"{real.name} is {container} video, not a picture", "Use open_video.")
    info, rgb = _decode(real, real.name, container, limits)
    batch = FrameBatch(rgb[None], np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.float64))
    return info, batch


def decode_still(data: bytes, name: str, limits: Limits | None = None) -> tuple[VideoInfo, np.ndarray]:
    """Decode the bytes of a picture, of an archive's member say, as :func:`read_still` does a file's.

    Args:
        data: The whole file.
        name: What messages call it.
        limits: Its ``still_pixels`` are checked.

    Returns:
        What the header says, and the upright picture, uint8 RGB (h, w, 3).

    Raises:
        FacefakeError: ``empty_file``, ``not_a_video`` (no known kind of picture), ``too_large`` or ``unreadable``.
    """
    if not data:
        raise FacefakeError("empty_file", f"{name} has zero bytes", "Download or copy it again.")
    container = sniff(data[:4096], len(data))
    if container not in PICTURES:
        raise FacefakeError("not_a_video", f"{name} is no picture of a known kind", "Get it again from its source.")
    return _decode(io.BytesIO(data), name, container, limits or Limits())


def _decode(source: Path | io.BytesIO, name: str, container: str, limits: Limits) -> tuple[VideoInfo, np.ndarray]:
    with open_still(source, name, container, limits) as image:
        info = _info(image, name, container, _notes(source, container))
        try:
            rgb = upright(image)
        except DAMAGE as error:
            raise unreadable(name, error) from error
    points = code_points(source, container)
    if points and points[1] in hdr.NAMES:
        rgb = hdr.to_sdr(rgb.astype(np.uint16) * 257, transfer=points[1], primaries=points[0])
        info = replace(info, notes=(*info.notes, hdr.note(points[1])))
    if rgb.shape[:2] != (info.height, info.width):
        raise unreadable(name, ValueError("it has another size than its header says"))
    return info, rgb


def probe_still(path: Path, limits: Limits) -> VideoInfo:
    """What the header of a picture file says; the pixels are not decoded.

    Raises:
        FacefakeError: As :func:`read_still`.
    """
    real, container = check_file(path, limits)
    with open_still(real, real.name, container, limits) as image:
        return _info(image, real.name, container, _notes(real, container))


def upright(image: Image.Image) -> np.ndarray:
    """The pixels of an open picture, turned and mirrored as its EXIF data say: uint8 RGB (h, w, 3).

    Raises:
        Exception: Any of :data:`DAMAGE`.
    """
    return np.asarray(to_rgb(ImageOps.exif_transpose(image)))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any of Pillow's modes as 8-bit RGB; an alpha channel is dropped, as training pipelines do.

    Raises:
        ValueError: For pixels in floating point, which have no agreed range.
    """
    if image.mode == "F":
        raise ValueError("pixels in floating point")
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion would clip them
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "P":  # its transparency may be a table, which only RGBA takes
        image = image.convert("RGBA")
    return image.convert("RGB")


# what Pillow raises on damaged files: its readers trust a tag to be of the right type, and the last two come from the
# decoders of HEIF and AVIF
DAMAGE = (
    *(OSError, SyntaxError, ValueError, TypeError, ArithmeticError, struct.error, zlib.error),
    *(EOFError, RuntimeError),
)


def open_still(source: Path | io.BytesIO, name: str, container: str, limits: Limits) -> Image.Image:
    """Read the header only, with the one plugin that the bytes call for.

    Args:
        source: A file that was checked, or the bytes of one.
        name: What messages call it.
        container: One of :data:`~preprocessing.video.safe.PICTURES`.
        limits: Its ``still_pixels`` are checked.

    Raises:
        FacefakeError: ``too_large`` or ``unreadable``.
    """
    _make_ready(container)
    try:
        with _our_limit_alone():
            image = Image.open(source, formats=[container.upper()])
    except DAMAGE as error:
        raise unreadable(name, error) from error
    try:
        if container == "tiff":
            image.seek(_first_page(source))
        check_pixels(name, image.width, image.height, limits.still_pixels)
    except DAMAGE as error:
        image.close()
        raise unreadable(name, error) from error
    except FacefakeError:
        image.close()
        raise
    return image


@contextmanager
def _our_limit_alone() -> Iterator[None]:
    """Without Pillow's own limit on pixels, which is one for the whole process: the size is checked right after."""
    with _PILLOW:
        most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = most


_PILLOW = threading.Lock()


def _first_page(source: Path | io.BytesIO) -> int:
    """Place of the first page of a TIFF that is no thumbnail, 0 if there is none."""
    with open(source, "rb") if isinstance(source, Path) else io.BytesIO(source.getvalue()) as file:
        try:
            return next(pages(file), 0)
        except struct.error:  # for the decoder to find fault with
            return 0


def _make_ready(container: str) -> None:
    """Load the plugin that Pillow does not bring itself; nothing else pays for it.

    Raises:
        FacefakeError: ``unreadable`` where the Pillow that is installed reads no AVIF.
    """
    if container == "heif":
        from pillow_heif import register_heif_opener

        register_heif_opener(decode_threads=1)  # pictures side by side keep the cores busy
    elif container == "avif" and not features.check("avif"):
        raise FacefakeError("unreadable", "the Pillow that is installed reads no AVIF", "pip install -U pillow")


def _info(image: Image.Image, name: str, container: str, notes: tuple[str, ...]) -> VideoInfo:
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except DAMAGE as error:  # a PNG may have it behind its pixels, and reads them first
        raise unreadable(name, error) from error
    size = image.size
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # whose size is turned already in some releases of Pillow
        size = image.tag_v2[_TIFF_WIDTH], image.tag_v2[_TIFF_HEIGHT]
    width, height = size[::-1] if orientation in _LYING else size
    return VideoInfo(container, container, width, height, None, None, None, TURNS.get(orientation, 0), notes=notes)


def _notes(source: Path | io.BytesIO, container: str) -> tuple[str, ...]:
    if isinstance(source, Path):
        with open(source, "rb") as file:
            series = series_in(file, container)
    else:
        series = series_in(io.BytesIO(source.getvalue()), container)
    return ("Only the first of several pictures in the file was looked at.",) if series else ()


def unreadable(name: str, error: Exception) -> FacefakeError:
    """The error for a picture that a decoder fails on."""
    return FacefakeError(
        "unreadable",
        f"{name} is a damaged picture: {str(error).strip()}",
        "Get it again from its source, or save it anew.",
    )
