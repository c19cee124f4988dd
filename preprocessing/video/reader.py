"""Open a clip nobody trusts and read frames of it by index."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType

import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video.backends.base import Backend
from preprocessing.video.backends.decord import DecordBackend
from preprocessing.video.backends.pillow import open_series
from preprocessing.video.backends.pyav import PyAVBackend
from preprocessing.video.batches import batched
from preprocessing.video.index import FrameIndex, Listing, build_index
from preprocessing.video.safe import PICTURES, check_file
from preprocessing.video.series import ANIMATIONS, PAGES
from preprocessing.video.still import probe_still
from preprocessing.video.types import FrameBatch, Limits, VideoInfo

BACKENDS = ("pyav", "decord")
"""In the order ``auto`` tries them: PyAV plays more (AV1, inexact indices) and is the faster (benchmarks/decode.py)."""

_RESTARTS = "The clock of the file restarts or stands still: all frames were counted, and times continue across it."


def open_video(path: str | os.PathLike[str], *, limits: Limits | None = None, backend: str = "auto") -> VideoReader:
    """Open a video file, or one of several pictures: an animation, an image sequence, pages.

    Args:
        path: A local file; see :func:`~preprocessing.video.safe.check_file`.
        limits: What the clip may cost.
        backend: ``pyav``, ``decord``, or ``auto``: the first of :data:`BACKENDS` that can decode it. Animations and
            pages are decoded by Pillow, whatever is said here.

    Returns:
        A reader, to be used as a context manager.

    Raises:
        FacefakeError: What :func:`~preprocessing.video.safe.check_file` raises; ``unreadable``, ``no_video_stream``,
            ``encrypted``, ``nothing_decoded``, ``too_large``; ``not_a_video`` for a still picture; ``usage`` for an
            unknown backend.
    """
    if backend not in (*BACKENDS, "auto"):
        raise FacefakeError("usage", f"unknown decoder {backend!r}", f"Use auto, {' or '.join(BACKENDS)}.")
    limits = limits or Limits()
    real, container = check_file(path, limits)
    if container in PICTURES:
        raise FacefakeError("not_a_video", f"{real.name} is a {container} picture", "Read it with read_still.")
    if container in ANIMATIONS or container in PAGES:
        return VideoReader(*open_series(real, container, limits))
    index = build_index(real, container, limits)
    return VideoReader(index, _start(index, limits, backend))


def probe(path: str | os.PathLike[str], limits: Limits | None = None) -> VideoInfo:
    """What a video or picture file says of itself; a video's first frame is decoded for its orientation.

    Raises:
        FacefakeError: As :func:`open_video`.
    """
    limits = limits or Limits()
    real, container = check_file(path, limits)
    if container in PICTURES:
        return probe_still(real, limits)
    with open_video(real, limits=limits) as reader:
        return reader.info


def _start(index: FrameIndex, limits: Limits, backend: str) -> Backend:
    if backend == "pyav":
        return PyAVBackend(index, limits)
    if backend == "decord":
        seen = PyAVBackend(index, limits)  # decord turns pictures upright without saying how far
        try:
            if not seen.ordinary():
                raise FacefakeError(
                    "unreadable",
                    f"{index.path.name}: decord gets this clip wrong, which has frames of several sizes, mirrored or"
                    " interlaced frames, HDR or pixels that are not square",
                    "Use the pyav backend.",
                )
        finally:
            seen.close()
        return DecordBackend(index, limits, seen.rotation)
    try:
        return PyAVBackend(index, limits)
    except FacefakeError as error:
        if error.code == "too_large":
            raise
        try:
            return DecordBackend(index, limits, rotation=0)
        except FacefakeError:
            raise error from None  # the preferred decoder's reason is the better one


class VideoReader:
    """The frames of one clip.

    Attributes:
        backend: Decoder and version that reads the frames.
        times: ``(n,)`` float64, seconds from the start of the container, of the frames really in the file.
        keyframes: ``(k,)`` int64, indices of the frames that decode alone.
        failed: Why frames that were asked for were not delivered, by index.
    """

    def __init__(self, index: Listing, backend: Backend) -> None:
        self._backend = backend
        self.backend = backend.name
        self.times = index.times
        self.keyframes = index.keyframes
        self.failed: dict[int, str] = {}
        height, width = backend.shape
        self._sizes: dict[tuple[int, int], None] = {}  # width and height of the frames given so far
        self._info = VideoInfo(
            container=index.container,
            codec=index.codec,
            width=width,
            height=height,
            fps=index.fps,
            frames_reported=index.frames_reported,
            duration=index.duration if index.duration is not None else float(index.times[-1] - index.times[0]),
            rotation=backend.rotation,
            clock_restarts=index.restarts,
            cut_short=index.cut_short,
            notes=(*index.notes, _RESTARTS) if index.restarts else index.notes,
        )

    @property
    def info(self) -> VideoInfo:
        """What the file says of itself, and what is special about the frames that were read so far."""
        notes = [*self._info.notes, *self._backend.notes]
        if len(self._sizes) > 1:
            sizes = ", ".join(f"{width}x{height}" for width, height in self._sizes)
            notes.append(f"The frame size changes ({sizes}).")
        return replace(self._info, notes=tuple(notes))

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.times)

    def close(self) -> None:
        """Let go of the file."""
        self._backend.close()

    def read(self, indices: Sequence[int], batch: int = 8) -> Iterator[FrameBatch]:
        """Decode frames.

        Args:
            indices: Which, in any order; each comes once.
            batch: Most frames in one batch, and so in memory.

        Yields:
            Frames in ascending order, each batch of one shape. Those that cannot be decoded are left out and named in
            :attr:`failed`.

        Raises:
            FacefakeError: ``usage`` for an index that is not in the clip or a batch below one.
        """
        wanted = sorted({int(index) for index in indices})
        if batch < 1 or (wanted and not 0 <= wanted[0] <= wanted[-1] < len(self)):
            raise FacefakeError(
                "usage", f"frames {wanted[:1]}..{wanted[-1:]} of {len(self)}", "Ask for frames in the clip."
            )
        yield from batched(self._delivered(wanted, batch), min(batch, max(len(wanted), 1)))

    def _delivered(self, wanted: list[int], batch: int) -> Iterator[tuple[int, float, np.ndarray]]:
        """Index, time and picture of the frames that can be decoded."""
        for index, picture in self._backend.pictures(wanted, batch):
            if isinstance(picture, str):
                self.failed[index] = picture
                continue
            height, width = picture.shape[:2]
            self._sizes[width, height] = None
            yield index, float(self.times[index]), picture
