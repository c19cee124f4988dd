"""Files of pictures that hold several: animations, image sequences, pages. Told without decoding.

A picture file of a single frame is a still, whatever its format could hold: a GIF or a WebP with one frame, a TIFF
whose other pages are thumbnails of the first, a JPEG with the view of the second eye.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

from preprocessing.video.series.apng import Apng
from preprocessing.video.series.boxes import has_samples, images
from preprocessing.video.series.gif import Gif
from preprocessing.video.series.layers import Animation, Layer
from preprocessing.video.series.tiff import pages
from preprocessing.video.series.webp import Webp

ANIMATIONS: dict[str, Callable[[BinaryIO], Animation]] = {"animated-gif": Gif, "apng": Apng, "animated-webp": Webp}
"""Frames that are painted one over the other, each shown for its own time."""

PAGES: dict[str, Callable[[BinaryIO], Iterator[int]]] = {"multipage-tiff": pages, "heif-collection": images}
"""Pictures that stand for themselves and have no times; the function gives their places in the file."""

SEQUENCES = frozenset({"avif-sequence", "heif-sequence"})
"""Tracks of an MP4 in all but the name: they are read as videos are."""

STILL = {
    "animated-gif": "gif",
    "apng": "png",
    "animated-webp": "webp",
    "multipage-tiff": "tiff",
    "heif-collection": "heif",
    "avif-sequence": "avif",
    "heif-sequence": "heif",
}
"""Every container that holds several pictures, and that of a still of its format."""

_OF = {still: series for series, still in STILL.items() if still in ("gif", "png", "webp", "tiff")}


def series_in(file: BinaryIO, container: str) -> str | None:
    """The kind of series that a picture file holds, ``None`` for a single picture.

    Besides those of :data:`STILL` there is ``avif-collection``, of which nothing here can read but the first picture.

    Args:
        file: Open at any place.
        container: As :func:`preprocessing.video.safe.sniff` tells it.
    """
    try:
        if container in ("heif", "avif"):
            if has_samples(file, 2):
                return f"{container}-sequence"
            return f"{container}-collection" if _several(images(file)) else None
        series = _OF.get(container)
        if series in ANIMATIONS:
            return series if _several(ANIMATIONS[series](file).layers()) else None
        return series if series and _several(PAGES[series](file)) else None
    except (struct.error, IndexError):  # cut off or damaged before a second one
        return None


def _several(found: Iterator[Layer] | Iterator[int]) -> bool:
    return len(list(islice(found, 2))) == 2
