"""Small pictures of the faces that a report shows as its worst mistakes.

Each is decoded in a child process that is killed when it takes too long: the clips that a detector gets wrong are not
seldom those that are odd in other ways.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from preprocessing.errors import FacefakeError
from preprocessing.pictures import numbers, open_pictures
from preprocessing.text import name_of_text
from preprocessing.video import PICTURES, check_file, decode_still, open_video, read_still
from preprocessing.whole import read_picture
from preprocessing.workers import map_clips

SIDE = 192  # pixels, the most
MARGIN = 0.3  # of the face's side, left around it
MOST_BYTES = 10_000  # see facefake.reporting.html.PICTURES


def thumbnails(
    examples: Iterable[Mapping[str, Any]], *, workers: int = 1, timeout: float = 60
) -> dict[tuple[str, str], bytes | None]:
    """Pictures of the faces that ``examples`` name.

    Args:
        examples: Of a report, see :func:`facefake.reporting.html.examples`.
        workers: Child processes.
        timeout: Seconds for one clip.

    Returns:
        JPEG by data set and clip; ``None`` where the clip is not there or has no such frame any more.
    """
    known = [example for example in examples if example["path"] is not None and example["frame"] is not None]
    pictures: dict[tuple[str, str], bytes | None] = {}
    for example, picture in map_clips(thumbnail, known, workers=workers, timeout=timeout):
        pictures[example["dataset"], example["clip"]] = None if isinstance(picture, FacefakeError) else picture
    return pictures


def thumbnail(example: Mapping[str, Any]) -> bytes:
    """The picture of one example, as :func:`thumbnails`, in this process.

    Raises:
        FacefakeError: Any of the codes under "input files" of :data:`preprocessing.errors.CODES`; ``nothing_decoded``
            if the clip has no such frame.
    """
    image = Image.fromarray(_frame(Path(name_of_text(example["path"])), example["frame"], example["clip"]))
    if example["box"] is not None:
        image = image.crop(_around(example["box"], image.size))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    for quality in (80, 60, 40):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def _frame(path: Path, frame: int, clip: str) -> np.ndarray:
    """A frame of a video, a still picture, the picture of that number in a folder of crops, or one in a Parquet file.

    Returns:
        uint8 RGB (h, w, 3).
    """
    if path.suffix.lower() == ".parquet":  # its clips are called by the file and the number of their row
        return read_picture(path, PurePosixPath(clip).name)
    if path.is_dir():
        with open_pictures(path) as pictures:
            named = dict(zip(numbers(pictures.names), pictures.names, strict=True))
            if frame not in named:
                raise _gone(path, frame)
            return decode_still(pictures.read(named[frame]), named[frame])[1]
    real, container = check_file(path)
    if container in PICTURES:
        return read_still(real)[1].rgb[0]
    with open_video(real) as reader:
        if not 0 <= frame < len(reader):
            raise _gone(path, frame)
        for batch in reader.read([frame]):
            return batch.rgb[0]
    raise _gone(path, frame)


def _around(box: Iterable[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A square around a face with a margin, cut off where the picture ends."""
    x1, y1, x2, y2 = box
    half = (0.5 + MARGIN) * max(x2 - x1, y2 - y1, 1.0)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = max(0, round(x - half)), max(0, round(y - half))
    return left, top, max(left + 1, min(size[0], round(x + half))), max(top + 1, min(size[1], round(y + half)))


def _gone(path: Path, frame: int) -> FacefakeError:
    return FacefakeError(
        "nothing_decoded", f"{path.name} has no frame {frame}.", "The file changed since it was scored."
    )
