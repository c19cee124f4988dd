"""Decoding with PyAV, which brings its own current FFmpeg and plays everything that FFmpeg plays."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import chain

import av
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video.backends.deinterlace import deinterlace
from preprocessing.video.backends.upright import Display, Upright, orientation_of
from preprocessing.video.demux import open_container, pixel_limit, read_packets
from preprocessing.video.index import FrameIndex
from preprocessing.video.orientation import Orientation
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
        self._upright = Upright(index.path.name, limits.pixels)
        self.notes: dict[str, None] = {}
        self._interlaced = False  # whether frames have been seen that are
        self._recent: dict[int, av.VideoFrame] = {}  # of an interlaced clip, by rank
        self._errors: dict[int, str] = {}
        self._position = -1  # rank of the frame that last left the decoder
        self._container = self._open()
        first = self._first()
        self.rotation = first.opaque.orientation.turns * 90
        try:
            self.shape = self._upright.shape(first, first.opaque)
        except FacefakeError:
            self.close()
            raise

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """See :class:`~preprocessing.video.backends.base.Backend`; one picture is held at a time."""
        for target in indices:
            if self._interlaced:  # its neighbours are needed as well: ask for the three in their order
                self._near(target - 1)
            frame = self._near(target)
            if frame is None:
                yield target, self._errors.get(target, NO_PICTURE)
            else:
                yield target, DAMAGED if frame.is_corrupt else self._picture(target, frame)

    def _picture(self, target: int, frame: av.VideoFrame) -> np.ndarray | str:
        display: Display = frame.opaque
        if frame.interlaced_frame:
            try:
                frame, changed = deinterlace(self._near(target - 1), frame, self._near(target + 1))
            except av.error.FFmpegError as error:
                return f"deinterlacing failed: {error.strerror}"
            if changed:
                self.notes["Interlaced frames were deinterlaced."] = None
        self.notes |= dict.fromkeys(display.notes(frame.width, frame.height))
        return self._upright.picture(frame, display)

    def ordinary(self) -> bool:
        """Whether frames, as far as keyframes tell, are all of one shape and need nothing done but to be turned."""
        for keyframe in self._index.keyframes.tolist():
            frame = self._find(keyframe)
            if frame is None or frame.is_corrupt:
                continue
            display: Display = frame.opaque
            same = self._upright.shape(frame, display) == self.shape
            turned = display.orientation.turns * 90 == self.rotation
            if frame.interlaced_frame or display.notes(frame.width, frame.height) or not (same and turned):
                return False
        return True

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
        self._stream.codec_context.options = pixel_limit(self._limits.pixels)
        self._stream.codec_context.copy_opaque = True
        declared, coded = self._stream.sample_aspect_ratio, self._stream.codec_context.sample_aspect_ratio
        # that of the container, where it says anything else than the first frames do
        self._aspect = declared if declared and declared != (coded or 1) else None
        self._container = container
        self._begin(sought=False)
        return container

    def _begin(self, sought: bool) -> None:
        """Decode from where the container stands."""
        self._frames = self._decode()
        self._ahead: tuple[int, av.VideoFrame] | None = None  # decoded, but not asked for yet
        self._position = self._position if sought else -1
        self._orientation = Orientation()
        self._whole_from = 0  # rank of the first frame that has all it refers to
        self._sought = sought  # and no frame at or before the one looked for has come since

    def _from_start(self) -> None:
        """Give up on seeking: open the file anew and go through it."""
        self._can_seek = False
        self._recent.clear()
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
                self._whole_from = keyframe
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
        if frame is not None:
            self._remember(rank, frame)
        return rank, frame

    def _remember(self, rank: int, frame: av.VideoFrame) -> None:
        """Keep a frame of an interlaced clip until those next to it were shown."""
        self._interlaced = self._interlaced or frame.interlaced_frame
        if self._interlaced and rank >= self._whole_from:
            self._recent = {near: kept for near, kept in self._recent.items() if abs(near - rank) <= 2} | {rank: frame}

    def _near(self, rank: int) -> av.VideoFrame | None:
        """The frame of that rank, should there be one, without a seek if it just passed."""
        if rank in self._recent:
            return self._recent[rank]
        return self._find(rank) if 0 <= rank < len(self._index) else None

    def _decode(self) -> Generator[tuple[int, av.VideoFrame], None, None]:
        """Frames with their rank as they leave the decoder; why a packet failed goes to ``_errors``."""
        count = 0
        for packet in chain(read_packets(self._container, self._stream), [None]):  # None: give what is held back
            noted: list[Display] = []
            if packet is not None:
                packet.opaque = noted  # the decoder passes it on to the frame
            try:
                frames = self._stream.decode(packet)
            except av.error.FFmpegError as error:
                if self._by_count and self._index.decoded:  # when the frames were counted this was none
                    continue
                rank = count if self._by_count else self._rank.get(packet.pts, -1) if packet else -1
                self._errors[rank] = f"decoding failed: {error.strerror}"
                count += 1
                continue
            noted.append(Display.of_packet(self._stream.codec_context))
            for frame in frames:
                frame.opaque = self._display(frame)
                rank = count if self._by_count else self._rank_of(frame)
                count += 1
                if 0 <= rank < len(self._index):
                    yield rank, frame

    def _display(self, frame: av.VideoFrame) -> Display:
        """How a frame that leaves the decoder is to be shown."""
        noted: list[Display] | None = frame.opaque  # of its packet
        display = noted[0] if noted else Display.of_packet(self._stream.codec_context)
        orientation = orientation_of(frame)
        if orientation is not None or frame.key_frame:  # what a frame says of itself holds up to the next keyframe
            self._orientation = orientation or Orientation()
        return display._replace(aspect=self._aspect or display.aspect, orientation=self._orientation)

    def _rank_of(self, frame: av.VideoFrame) -> int:
        """Place of a frame by its time stamp; -1 if the frame is not part of the clip."""
        rank = self._rank.get(frame.pts)
        if rank is None:
            if frame.pts not in self._index.dropped:
                raise _UntimedError
            return -1
        return rank
