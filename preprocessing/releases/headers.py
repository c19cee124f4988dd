"""What the first bytes of a picture file say of it: format, size, how strongly a JPEG was compressed. No pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import JpegImagePlugin

from preprocessing.errors import FacefakeError
from preprocessing.video.safe import PICTURES, check_file, sniff
from preprocessing.video.series import STILL
from preprocessing.video.still import open_still
from preprocessing.video.types import Limits

_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}

# ITU-T T.81, table K.1: luminance, row by row
_K1 = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself.

    Attributes:
        format: ``JPEG``, ``PNG``, … by its bytes, whatever its name says.
        size: Width and height in pixels, as stored.
        quality: Of a JPEG, 1 to 100, estimated (:func:`jpeg_quality`).
        subsampling: Of the colours of a JPEG, ``4:2:0`` say; ``None`` where it has another or no colours.
    """

    format: str
    size: tuple[int, int]
    quality: int | None = None
    subsampling: str | None = None


def read_header(source: Path | bytes) -> Header | None:
    """The header of a picture, or ``None`` for what is none: a video, a damaged file, nothing at all.

    Args:
        source: A file, or the bytes of one.
    """
    limits = Limits()
    try:
        if isinstance(source, Path):
            source, container = check_file(source, limits)
            return _header(source, container, limits)
        container = sniff(source[:4096], len(source)) or ""
        return _header(io.BytesIO(source), container, limits)
    except FacefakeError:
        return None


def _header(source: Path | io.BytesIO, container: str, limits: Limits) -> Header | None:
    container = STILL.get(container, container)
    if container not in PICTURES:
        return None
    with open_still(source, "picture", container, limits) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            return Header(container.upper(), image.size)
        tables = image.quantization
        quality = jpeg_quality(tables[min(tables)]) if tables else None
        return Header("JPEG", image.size, quality, _SUBSAMPLING.get(JpegImagePlugin.get_sampling(image)))


@cache
def _scaled() -> np.ndarray:
    """The luminance tables of qualities 1 to 100, (100, 64), as the Independent JPEG Group's library scales K.1."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.asarray(((scale * _K1 + 50) // 100).clip(1, 255))


def jpeg_quality(table: Sequence[int]) -> int:
    """The quality, 1 to 100, whose luminance table by the Independent JPEG Group is nearest to ``table``.

    It is exact for what that library wrote. Cameras and Photoshop have tables of their own and no such number.

    Args:
        table: 64 steps of quantisation, row by row.

    Example:
        >>> jpeg_quality([1] * 64), jpeg_quality(_K1.tolist())
        (100, 50)
    """
    return int(np.abs(_scaled() - np.asarray(table)).sum(axis=1).argmin()) + 1
