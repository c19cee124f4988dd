"""The index of a clip: which frames are really there and when each is shown, found by reading packets, not headers.

A truncated file still announces all its frames, so nothing here counts by the header. Packets are read without
decoding, which costs about as much as reading the file once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.stream import Disposition

from preprocessing.errors import FacefakeError
from preprocessing.video.safe import check_pixels
from preprocessing.video.types import Limits

# the demuxer is forced, so that FFmpeg never guesses a playlist
_DEMUXERS = {
    "mp4": "mov",
    "matroska": "matroska",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpeg",
    "flv": "flv",
    "asf": "asf",
    "avif-sequence": "mov",
    "heif-sequence": "mov",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Listing:
    """The frames of a clip in presentation order, whatever decodes them.

    Attributes:
        container: The file's kind, as :func:`~preprocessing.video.safe.check_file` tells it.
        times: ``(n,)`` float64 seconds from the start of the clip.
        keyframes: ``(k,)`` int64, indices into ``times`` of the frames that need none of those before.
        codec, fps, frames_reported, duration, notes, cut_short: As in :class:`~preprocessing.video.types.VideoInfo`.
    """

    container: str
    times: np.ndarray
    keyframes: np.ndarray
    codec: str
    fps: float | None
    frames_reported: int | None
    duration: float | None
    notes: tuple[str, ...] = ()
    cut_short: str | None = None

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameIndex(Listing):
    """The frames of one video stream.

    Attributes:
        path: The file.
        stream: Index of the stream in the container.
        pts: ``(n,)`` int64 time stamps in the stream's own unit, ascending; strictly so unless ``by_count``.
        seek_to: ``(k,)`` int64, the time stamp that takes the demuxer to each keyframe.
        dropped: Time stamps of frames in the file that are not part of the clip: cut short by the file's end, or
            outside the edit list.
        open_gop: Frames that follow a keyframe in the file are shown before it, so that who starts at the keyframe must
            leave them out.
        by_count: Time stamps cannot tell the frames apart (B-frames in AVI, MPEG program streams): the k-th frame to
            leave the decoder is frame k, and the times may be off by a frame or two.
        width, height: As the header has them, before rotation.
    """

    path: Path
    stream: int
    pts: np.ndarray
    seek_to: np.ndarray
    dropped: frozenset[int]
    open_gop: bool
    by_count: bool
    width: int
    height: int


def open_container(path: Path, container: str) -> av.container.InputContainer:
    """Open a checked file with the demuxer of its own kind and no protocol but local files.

    Raises:
        FacefakeError: ``unreadable``.
    """
    try:
        return av.open(
            str(path),
            format=_DEMUXERS[container],
            options={"protocol_whitelist": "file"},
            metadata_errors="ignore",
        )
    except av.error.FFmpegError as error:
        raise FacefakeError(
            "unreadable",
            f"{path.name} looks like {container} but cannot be opened: {error.strerror}",
            "The file is damaged or was cut off while being written; get it again from its source.",
        ) from error


def pick_stream(container: av.container.InputContainer, name: str) -> av.video.stream.VideoStream:
    """The video stream that FFmpeg's own tools would show; never a cover picture.

    Raises:
        FacefakeError: ``no_video_stream``, or ``unreadable`` if there is no stream at all.
    """
    if not container.streams:
        raise FacefakeError("unreadable", f"{name} holds no stream", "The file is damaged; get it again.")
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        raise FacefakeError("no_video_stream", f"{name} holds no video", "Is it an audio file?")
    best = container.streams.best("video")
    return best if best in streams else streams[0]


def read_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[av.packet.Packet]:
    """The packets of ``stream`` up to the end of the file or to damage that the demuxer cannot pass."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        except IndexError:  # PyAV before the first packet, where damage made FFmpeg number the streams anew
            return
        if packet.size:
            yield packet


def build_index(path: Path, container: str, limits: Limits) -> FrameIndex:
    """Read all packets of a checked file and list its frames.

    Raises:
        FacefakeError: ``unreadable``, ``no_video_stream``, ``nothing_decoded`` (no frame in the stream) or
            ``too_large``.
    """
    with open_container(path, container) as source:
        stream = pick_stream(source, path.name)
        context = stream.codec_context
        if context is None:
            raise FacefakeError("unreadable", f"{path.name} has an unknown codec", "Convert it to H.264.")
        check_pixels(path.name, context.width, context.height, limits.pixels)
        found, dropped = _packets(path, source, stream, limits)
        # AVI stores no presentation times and MPEG program streams only some: those made up for them are wrong
        made_up = container == "mpeg" or (container == "avi" and bool(context.has_b_frames))
        by_count = made_up or any(packet.pts is None for packet in found)
        frames = _frames(found, unique=not by_count)
        pts = np.array([stamp for stamp, _ in frames], dtype=np.int64)
        keys = [rank for rank, (_, packet) in enumerate(frames) if packet.key]
        unit = float(stream.time_base or 1)
        start = pts[0] * unit if by_count or source.start_time is None else source.start_time / av.time_base
        times = pts * unit - start
        check_seconds(path.name, float(times[-1] - times[0]), limits)
        codec = context.codec.canonical_name
        # FFmpeg's MP4 demuxer allows for B-frames in every codec but HEVC
        takes_pts = container == "matroska" or (container == "mp4" and codec != "hevc")
        rate = stream.average_rate or stream.guessed_rate
        return FrameIndex(
            path=path,
            container=container,
            stream=stream.index,
            pts=pts,
            times=times,
            keyframes=np.array(keys, dtype=np.int64),
            seek_to=np.array([_seek_stamp(*frames[rank], takes_pts) for rank in keys], dtype=np.int64),
            dropped=frozenset(dropped),
            open_gop=_has_open_gop(found),
            by_count=by_count,
            codec=codec,
            width=context.width,
            height=context.height,
            fps=float(rate) if rate else None,
            frames_reported=stream.frames or None,
            duration=source.duration / av.time_base if source.duration else None,
        )


def check_seconds(name: str, seconds: float, limits: Limits) -> None:
    """Raise ``too_large`` for a clip that lasts longer than the limit."""
    if seconds > limits.seconds:
        raise FacefakeError(
            "too_large",
            f"{name} lasts {seconds:.0f} s, over the limit of {limits.seconds:.0f} s",
            "Cut it, or raise the limit on seconds.",
        )


def check_frames(name: str, count: int, limits: Limits) -> None:
    """Raise ``too_large`` for more frames than the limit."""
    if count > limits.frames:
        raise FacefakeError(
            "too_large", f"{name} has more than {limits.frames} frames", "Cut it, or raise the limit on frames."
        )


class _Packet(NamedTuple):
    pts: int | None
    dts: int | None
    key: bool


def _packets(
    path: Path, source: av.container.InputContainer, stream: av.video.stream.VideoStream, limits: Limits
) -> tuple[list[_Packet], set[int]]:
    """The packets that are whole frames of the clip, in file order, and the time stamps of those left out."""
    found: list[_Packet] = []
    dropped: set[int] = set()
    tail = 0  # packets flagged as damaged with nothing whole behind them: the file was cut off there
    for packet in read_packets(source, stream):
        if packet.is_discard:
            dropped.add(packet.pts)
            continue
        tail = tail + 1 if packet.is_corrupt else 0
        found.append(_Packet(packet.pts, packet.dts, bool(packet.is_keyframe)))
        check_frames(path.name, len(found), limits)
    whole, cut = found[: len(found) - tail], found[len(found) - tail :]
    if not whole:
        raise FacefakeError(
            "nothing_decoded", f"{path.name} has a video stream without a single whole frame", "Get the file again."
        )
    return whole, dropped | {packet.pts for packet in cut if packet.pts is not None}


def _has_open_gop(packets: list[_Packet]) -> bool:
    shown = None  # time of the last keyframe
    for packet in packets:
        if packet.key:
            shown = packet.pts
        elif shown is not None and packet.pts is not None and packet.pts < shown:
            return True
    return False


def _frames(packets: list[_Packet], unique: bool) -> list[tuple[int, _Packet]]:
    """Time stamp and packet of each frame in presentation order.

    With ``unique`` packets of one time stamp are one frame: only one of them can be shown.
    """
    shown = all(packet.pts is not None for packet in packets)
    frames: list[tuple[int, _Packet]] = []
    for place, packet in enumerate(packets):
        stamp = packet.pts if shown else packet.dts  # the k-th decoding time serves the k-th frame shown
        frames.append((place if stamp is None else stamp, packet))
    frames.sort(key=lambda frame: frame[0])
    if unique:
        frames = [next(same) for _, same in groupby(frames, key=lambda frame: frame[0])]
    return frames


def _seek_stamp(stamp: int, packet: _Packet, demuxer_takes_pts: bool) -> int:
    """What to seek by: too late a time overshoots the keyframe, too early a one lands a whole GOP before it."""
    return stamp if demuxer_takes_pts or packet.dts is None else min(stamp, packet.dts)
