"""Decoding with PyAV, which brings its own current FFmpeg and plays everything that FFmpeg plays."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import chain

import av
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video.demux import open_container, read_packets
from preprocessing.video.index import FrameIndex
from preprocessing.video.types import Limits

NO_PICTURE = "the decoder gave no picture for this frame"
DAMAGED = "the frame's data are damaged"


class _UntimedError(Exception):
    """A frame left the decoder with a time stamp that no packet had."""


class PyAVBackend:
    """Frames by seeking to keyframes and decoding on from there; each frame is known by its time stamp.

    Where seeking proves inexact the file is decoded from its start instead, and where time stamps prove wrong the
    frames are counted. One thread decodes: clips are worked on side by side, and only so is the picture that FFmpeg
    makes of damaged data the same in every run.

    Args:
        index: The clip.
        limits: Its ``pixels`` bounds every picture, whatever the header said.

    Raises:
        FacefakeError: ``nothing_decoded`` if not one frame of the clip can be decoded, ``unreadable``.
    """

    def __init__(self, index: FrameIndex, limits: Limits) -> None:
        self.name = f"pyav {av.__version__}"
        self._index = index
        self._limits = limits
        self._rank = {int(stamp): rank for rank, stamp in enumerate(index.pts)}
        self._by_count = index.by_count
        self._can_seek = not index.by_count
        self._scaler = av.video.reformatter.VideoReformatter()
        self._errors: dict[int, str] = {}
        self._position = -1  # rank of the frame that last left the decoder
        self._container = self._open()
        first = self._first()
        self._size = (first.width, first.height)
        # PyAV gives the counterclockwise angle by which the picture must be turned
        self.rotation = -round(first.rotation / 90) * 90 % 360
        self.shape = (first.width, first.height) if self.rotation in (90, 270) else (first.height, first.width)

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """See :class:`~preprocessing.video.backends.base.Backend`; one picture is held at a time."""
        for target in indices:
            frame = self._find(target)
            if frame is None:
                yield target, self._errors.get(target, NO_PICTURE)
            else:
                yield target, DAMAGED if frame.is_corrupt else self._upright(frame)

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()
        self._container.close()

    def _open(self) -> av.container.InputContainer:
        container = open_container(self._index.path, self._index.container)
        if self._index.stream >= len(container.streams):  # some damaged files open differently each time
            container.close()
            raise FacefakeError("unreadable", f"{self._index.path.name} has lost its video stream", "Get it again.")
        self._stream = container.streams[self._index.stream]
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.options = {"max_pixels": str(self._limits.pixels)}
        self._container = container
        self._begin(sought=False)
        return container

    def _begin(self, sought: bool) -> None:
        """Decode from where the container stands."""
        self._frames = self._decode()
        self._ahead: tuple[int, av.VideoFrame] | None = None  # decoded, but not asked for yet
        self._position = self._position if sought else -1
        self._sought = sought  # and no frame at or before the one looked for has come since

    def _from_start(self) -> None:
        """Give up on seeking: open the file anew and go through it."""
        self._can_seek = False
        self.close()
        self._open()

    def _first(self) -> av.VideoFrame:
        """The first frame that can be decoded; it stays in line for :meth:`_find`."""
        try:
            rank, frame = self._next()
        except _UntimedError:
            self._by_count = True
            self._from_start()
            rank, frame = self._next()
        if frame is None:
            self.close()
            why = next(iter(self._errors.values()), NO_PICTURE)
            raise FacefakeError(
                "nothing_decoded", f"{self._index.path.name}: not one frame could be decoded ({why})", "Get it again."
            )
        self._ahead = rank, frame
        return frame

    def _find(self, target: int) -> av.VideoFrame | None:
        """The frame of that rank, or ``None`` if the decoder passes over it."""
        self._approach(target)
        while True:
            try:
                rank, frame = self._next()
            except _UntimedError:
                self._by_count = True
                self._from_start()
                continue
            if rank == target:
                self._sought = False
                return frame
            if rank < target:
                self._sought = False
            elif self._sought:  # the seek went too far
                self._from_start()
            else:
                self._ahead = (rank, frame) if frame is not None else None
                return None

    def _approach(self, target: int) -> None:
        """Go to the last keyframe at or before ``target``, unless decoding on from here is the shorter way."""
        next_rank = self._ahead[0] if self._ahead else self._position + 1
        place = int(np.searchsorted(self._index.keyframes, target, side="right")) - 1
        keyframe = int(self._index.keyframes[place]) if place >= 0 else -1
        if next_rank <= target and keyframe <= next_rank:
            return
        if self._can_seek and keyframe >= 0:
            try:
                self._container.seek(int(self._index.seek_to[place]), stream=self._stream, backward=True)
            except av.error.FFmpegError:  # the file has no index to seek by
                self._can_seek = False
            else:
                self._begin(sought=True)
                return
        if target < next_rank:
            self._from_start()

    def _next(self) -> tuple[int, av.VideoFrame | None]:
        """The next frame and its rank; a rank past the end and ``None`` when there are no more."""
        if self._ahead is not None:
            rank, frame = self._ahead
            self._ahead = None
        else:
            rank, frame = next(self._frames, (len(self._index), None))
        self._position = rank
        return rank, frame

    def _decode(self) -> Generator[tuple[int, av.VideoFrame], None, None]:
        """Frames with their rank as they leave the decoder; why a packet failed goes to ``_errors``."""
        count = 0
        for packet in chain(read_packets(self._container, self._stream), [None]):  # None: give what is held back
            try:
                frames = self._stream.decode(packet)
            except av.error.FFmpegError as error:
                if self._by_count and self._index.decoded:  # when the frames were counted this was none
                    continue
                rank = count if self._by_count else self._rank.get(packet.pts, -1) if packet else -1
                self._errors[rank] = f"decoding failed: {error.strerror}"
                count += 1
                continue
            for frame in frames:
                rank = count if self._by_count else self._rank_of(frame)
                count += 1
                if 0 <= rank < len(self._index):
                    yield rank, frame

    def _rank_of(self, frame: av.VideoFrame) -> int:
        """Place of a frame by its time stamp; -1 if the frame is not part of the clip."""
        rank = self._rank.get(frame.pts)
        if rank is None:
            if frame.pts not in self._index.dropped:
                raise _UntimedError
            return -1
        return rank

    def _upright(self, frame: av.VideoFrame) -> np.ndarray | str:
        width, height = self._size  # a stream may change its size on the way; the clip keeps the first
        try:
            rgb = self._scaler.reformat(frame, width=width, height=height, format="rgb24").to_ndarray()
        except av.error.FFmpegError as error:  # damaged headers announce colour spaces that do not exist
            return f"conversion to RGB failed: {error.strerror}"
        return np.ascontiguousarray(np.rot90(rgb, k=-self.rotation // 90))
