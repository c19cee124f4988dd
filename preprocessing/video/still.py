"""Read one still picture, upright and in RGB."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from preprocessing.errors import FacefakeError
from preprocessing.video.index import check_pixels
from preprocessing.video.safe import PICTURES, check_file
from preprocessing.video.types import FrameBatch, Limits, VideoInfo

_ORIENTATION = 0x0112
_TURNS = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}  # EXIF value: degrees clockwise to upright; 5 and 7 mirror too


def read_still(path: str | os.PathLike[str], limits: Limits | None = None) -> tuple[VideoInfo, FrameBatch]:
    """Read a picture as a clip of one frame at 0.0 s.

    EXIF orientation is applied; palettes, grey, CMYK and 16 bits become 8-bit RGB. Of an animation the
    first picture is read.

    Raises:
        FacefakeError: What :func:`~preprocessing.video.safe.check_file` raises; ``not_a_video`` if it is a video,
            ``too_large`` or ``unreadable`` (damaged or cut off).
    """
    limits = limits or Limits()
    real, container = check_file(path, limits)
    if container not in PICTURES:
        raise FacefakeError("not_a_video", f"{real.name} is {container} video, not a picture", "Use open_video.")
    with _open(real, container, limits) as image:
        info = _info(image, container)
        try:
            rgb = np.asarray(to_rgb(ImageOps.exif_transpose(image)))
        except _DAMAGE as error:
            raise _unreadable(real, error) from error
    batch = FrameBatch(rgb[None], np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.float64))
    return info, batch


def probe_still(path: Path, limits: Limits) -> VideoInfo:
    """What the header of a picture file says; the pixels are not decoded.

    Raises:
        FacefakeError: As :func:`read_still`.
    """
    real, container = check_file(path, limits)
    with _open(real, container, limits) as image:
        return _info(image, container)


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


# what Pillow raises on damaged files
_DAMAGE = (OSError, SyntaxError, ValueError, struct.error, zlib.error)


def _open(path: Path, container: str, limits: Limits) -> Image.Image:
    """Read the header only, with the one plugin that the bytes call for."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(path, formats=[container.upper()])
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise FacefakeError("too_large", f"{path.name} is too large: {error}", "Scale it down.") from error
        except _DAMAGE as error:
            raise _unreadable(path, error) from error
    try:
        check_pixels(path.name, image.width, image.height, limits)
    except FacefakeError:
        image.close()
        raise
    return image


def _info(image: Image.Image, container: str) -> VideoInfo:
    orientation = image.getexif().get(_ORIENTATION, 1)
    width, height = image.size if orientation < 5 else image.size[::-1]
    return VideoInfo(container, container, width, height, None, None, None, _TURNS.get(orientation, 0))


def _unreadable(path: Path, error: Exception) -> FacefakeError:
    return FacefakeError(
        "unreadable", f"{path.name} is a damaged picture: {error}", "Get it again from its source, or save it anew."
    )
