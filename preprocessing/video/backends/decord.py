"""Decoding with decord 0.6, whose wheel brings FFmpeg 4.1: no AV1, no ARM, no macOS, and no limits of its own.

Three habits of decord shape this file. It reads ahead without bound while a reader is open, so each batch opens the
file, makes one ``get_batch`` call and lets go. It holds the GIL while it hangs, so only killing the process helps. And
it counts the frames that leave its decoder after a seek, which gives wrong frames without a word where the seek is
inexact or leading frames are dropped (measured: MPEG-TS, open GOPs of x264 and x265): such clips are refused, and so
are those in which its own list of frames is not ours. It turns pictures, but does nothing else that a frame may need
(mirroring, square pixels, deinterlacing, tone mapping) and scales all to the size of the first: the reader refuses such
clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video.index import FrameIndex
from preprocessing.video.safe import check_pixels
from preprocessing.video.types import Limits

_TOLERANCE = 1e-3  # seconds


class DecordBackend:
    """Frames by decord, which turns them upright itself.

    Args:
        index: The clip.
        limits: Its ``pixels`` bounds the picture.
        rotation: What the file says of its orientation, as far as another decoder could tell.

    Raises:
        FacefakeError: ``unreadable`` if decord is not installed, cannot open the clip, or sees other frames in it.
    """

    def __init__(self, index: FrameIndex, limits: Limits, rotation: int) -> None:
        if index.open_gop or index.by_count or index.container in ("mpegts", "mpeg"):
            raise FacefakeError(
                "unreadable", f"{index.path.name}: decord miscounts frames in files of this kind", _HINT
            )
        self._index = index
        self._decord = _load(index.path.name)
        self._errors = (self._decord.DECORDError, self._decord.DECORDLimitReachedError, RuntimeError, OSError)
        self.name = f"decord {self._decord.__version__}"
        self.rotation = rotation
        self.notes: dict[str, None] = {}
        reader = self._open()
        self._compare(np.asarray(reader.get_frame_timestamp(range(len(reader)))))
        del reader
        first = self._get([0])
        if isinstance(first, str):
            raise FacefakeError("unreadable", f"{index.path.name}: decord, {first}", _HINT)
        self.shape = (first.shape[1], first.shape[2])
        check_pixels(index.path.name, self.shape[1], self.shape[0], limits.pixels)

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """See :class:`~preprocessing.video.backends.base.Backend`; one ``get_batch`` for each ``batch`` indices."""
        for start in range(0, len(indices), batch):
            part = list(indices[start : start + batch])
            pictures = self._get(part)
            if isinstance(pictures, str) and len(part) > 1:  # one bad frame fails the batch: find out which
                for index in part:
                    one = self._get([index])
                    yield index, one if isinstance(one, str) else one[0]
                continue
            for place, index in enumerate(part):
                yield index, pictures if isinstance(pictures, str) else pictures[place]

    def close(self) -> None:
        """Nothing stays open between batches."""

    def _open(self) -> Any:
        try:
            return self._decord.VideoReader(str(self._index.path), num_threads=1)
        except self._errors as error:
            raise FacefakeError(
                "unreadable", f"{self._index.path.name}: decord cannot open it ({_first_line(error)})", _HINT
            ) from error

    def _get(self, indices: list[int]) -> np.ndarray | str:
        try:
            return self._open().get_batch(indices).asnumpy()
        except self._errors as error:
            return f"decoding failed: {_first_line(error)}"

    def _compare(self, stamps: np.ndarray) -> None:
        """decord's own index must hold the same frames at the same times, or its numbers mean other frames."""
        ours = self._index.times
        if len(stamps) != len(ours):
            words = f"decord counts {len(stamps)} frames where {len(ours)} are in the file"
        elif np.abs((stamps[:, 0] - stamps[0, 0]) - (ours - ours[0])).max() > _TOLERANCE:
            words = "decord gives the frames other times than the file"
        else:
            return
        raise FacefakeError("unreadable", f"{self._index.path.name}: {words}", _HINT)


_PREFIX = re.compile(r"\[[\d:]+\] \S+:\d+: ")
_HINT = "Use the pyav backend."


def _load(name: str) -> Any:
    try:
        import decord
    except ImportError as error:
        raise FacefakeError("unreadable", f"{name}: decord is not installed here", _HINT) from error
    decord.logging.set_level(decord.logging.QUIET)
    return decord


def _first_line(error: BaseException) -> str:
    """What decord says, without the time and the source line that it puts before it."""
    return _PREFIX.sub("", str(error).strip().split("\n", 1)[0])
