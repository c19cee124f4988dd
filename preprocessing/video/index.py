"""The index of a clip: which frames are really there and when each is shown, found by reading packets, not headers.

A truncated file still announces all its frames, so nothing here counts by the header. Packets are read without
decoding, which costs about as much as reading the file once. Only where time stamps repeat or go back, the file is
decoded once to know its frames.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video.clock import Packet, is_ambiguous, running_times, segments, without_gaps
from preprocessing.video.decoded import decode_through
from preprocessing.video.demux import is_hidden, open_container, pick_stream, read_packets
from preprocessing.video.fields import SecondFields
from preprocessing.video.safe import check_frames, check_pixels, check_seconds
from preprocessing.video.structure import Structure, read_structure
from preprocessing.video.truncation import Held, missing
from preprocessing.video.types import Limits


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Listing:
    """The frames of a clip in presentation order, whatever decodes them.

    Attributes:
        container: The file's kind, as :func:`~preprocessing.video.safe.check_file` tells it.
        times: ``(n,)`` float64 seconds from the start of the clip.
        keyframes: ``(k,)`` int64, indices into ``times`` of the frames that need none of those before.
        restarts: How often the clock goes back or stands still; ``times`` run on there.
        codec, fps, frames_reported, duration, notes, cut_short: As in :class:`~preprocessing.video.types.VideoInfo`.
    """

    container: str
    times: np.ndarray
    keyframes: np.ndarray
    codec: str
    fps: float | None
    frames_reported: int | None
    duration: float | None
    restarts: int = 0
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
        dropped: Time stamps of frames in the file that are not part of the clip: cut short by the file's end, outside
            the edit list, or never shown.
        open_gop: Frames that follow a keyframe in the file are shown before it, so that who starts at the keyframe must
            leave them out.
        by_count: Time stamps cannot tell the frames apart: the k-th frame to leave the decoder is frame k. In AVI with
            B-frames and MPEG program streams the times may be off by a frame or two.
        decoded: The frames are those that left the decoder when the whole file was decoded once; a packet that cannot
            be decoded is none of them.
        width, height: As the header has them, before rotation.
    """

    path: Path
    stream: int
    pts: np.ndarray
    seek_to: np.ndarray
    dropped: frozenset[int]
    open_gop: bool
    by_count: bool
    decoded: bool
    width: int
    height: int


def build_index(path: Path, container: str, limits: Limits) -> FrameIndex:
    """Read all packets of a checked file and list its frames.

    Raises:
        FacefakeError: ``unreadable``, ``no_video_stream``, ``nothing_decoded`` (no frame in the stream) or
            ``too_large``.
    """
    with open_container(path, container) as source:
        stream = pick_stream(source, path.name)
        structure = read_structure(path, container)
        _check_encryption(path, stream, structure)
        context = stream.codec_context
        if context is None:
            raise FacefakeError("unreadable", f"{path.name} has an unknown codec", "Convert it to H.264.")
        check_pixels(path.name, context.width, context.height, limits.pixels)
        found, dropped = _packets(path, source, stream, limits)
        unit = float(stream.time_base or 1)
        rate = stream.average_rate or stream.guessed_rate
        fps = float(rate) if rate else None
        listed = _list_frames(path, container, context.has_b_frames, found, unit, limits)
        times, restarts = running_times(
            listed.stamps, unit, container=container, fps=fps, may_repeat=listed.by_count and not listed.decoded
        )
        check_seconds(path.name, float(times[-1]), limits.seconds)
        duration = source.duration / av.time_base if source.duration else None
        if restarts:  # the header knows of one part at most
            duration = float(times[-1] + (times[-1] - times[0]) / max(len(times) - 1, 1))
        elif not listed.by_count and source.start_time is not None:
            times = listed.stamps * unit - source.start_time / av.time_base
        held = Held(
            path=path,
            container=container,
            stream=stream.index,
            packets=len(found) + len(dropped),
            frames_reported=stream.frames or None,
            times=listed.stamps * unit,
            interval=float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1 / fps if fps else 0.0,
            restarts=restarts,
            stream_duration=_tagged_duration(stream),
            duration=source.duration / av.time_base if source.duration else None,
        )
        codec = context.codec.canonical_name
        # FFmpeg's MP4 demuxer allows for B-frames in every codec but HEVC
        takes_pts = container == "matroska" or (container == "mp4" and codec != "hevc")
        return FrameIndex(
            path=path,
            container=container,
            stream=stream.index,
            pts=listed.stamps,
            times=times,
            restarts=restarts,
            keyframes=np.array(list(listed.keys), dtype=np.int64),
            seek_to=np.array(
                [_seek_stamp(int(listed.stamps[rank]), dts, takes_pts) for rank, dts in listed.keys.items()],
                dtype=np.int64,
            ),
            dropped=frozenset(dropped | listed.hidden),
            open_gop=_has_open_gop(found),
            by_count=listed.by_count,
            decoded=listed.decoded,
            codec=codec,
            width=context.width,
            height=context.height,
            fps=fps,
            frames_reported=held.frames_reported,
            duration=duration,
            cut_short=missing(held, structure),
        )


def _check_encryption(path: Path, stream: av.video.stream.VideoStream, structure: Structure) -> None:
    scheme = structure.encrypted.get(stream.id) or structure.encrypted.get(0)
    if scheme:
        raise FacefakeError(
            "encrypted",
            f"{path.name} is encrypted ({scheme}), and its frames cannot be decoded without the key",
            "Get a copy that is not protected (DRM) from its source, or decrypt it first if you have the key.",
        )


def _tagged_duration(stream: av.video.stream.VideoStream) -> float | None:
    """Seconds by the tag ``DURATION`` that Matroska files have of each track."""
    tag = next((value for name, value in stream.metadata.items() if name.upper().startswith("DURATION")), "")
    found = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", tag.strip("\0 "))
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None


def _packets(
    path: Path, source: av.container.InputContainer, stream: av.video.stream.VideoStream, limits: Limits
) -> tuple[list[Packet], set[int]]:
    """The packets that are whole frames of the clip, in file order, and the time stamps of those left out."""
    found: list[Packet] = []
    dropped: set[int] = set()
    codec = stream.codec_context.codec.canonical_name
    fields = SecondFields(stream.codec_context.extradata) if codec == "h264" else None
    tail = 0  # packets flagged as damaged with nothing whole behind them: the file was cut off there
    for packet in read_packets(source, stream):
        second = fields is not None and fields.is_second(memoryview(packet))
        if second or packet.is_discard or is_hidden(codec, packet):
            if packet.pts is not None:
                dropped.add(packet.pts)
            continue
        tail = tail + 1 if packet.is_corrupt else 0
        found.append(Packet(packet.pts, packet.dts, bool(packet.is_keyframe)))
        check_frames(path.name, len(found), limits.frames)
    whole, cut = found[: len(found) - tail], found[len(found) - tail :]
    if not whole:
        raise FacefakeError(
            "nothing_decoded", f"{path.name} has a video stream without a single whole frame", "Get the file again."
        )
    return whole, dropped | {packet.pts for packet in cut if packet.pts is not None}


@dataclass(frozen=True, slots=True)
class _Listed:
    """The frames in presentation order: see :class:`FrameIndex`.

    ``keys`` has the decoding time of each keyframe by its rank, ``hidden`` the time stamps of packets whose frame is
    never shown.
    """

    stamps: np.ndarray
    keys: dict[int, int | None]
    by_count: bool
    decoded: bool
    hidden: set[int]


def _list_frames(
    path: Path, container: str, reorders: bool, packets: list[Packet], unit: float, limits: Limits
) -> _Listed:
    # AVI stores no presentation times and MPEG program streams only some: those made up for them are wrong
    made_up = container == "mpeg" or (container == "avi" and reorders)
    if made_up or not is_ambiguous(packets, reorders):
        return _of_packets(packets, unit, by_count=made_up)
    frames = decode_through(path, container, limits)
    stamps = [frame.pts for frame in frames]
    holders = {packet.pts: packet for packet in reversed(packets)}  # of two fields, the first has the key
    if all(stamp in holders and stamp is not None for stamp in stamps) and all(
        one < other for one, other in pairwise(cast(list[int], stamps))
    ):
        shown = [holders[stamp] for stamp in stamps]
        hidden = {packet.pts for packet in packets if packet.pts is not None} - set(stamps)
        return replace(_of_packets(shown, unit, by_count=False), decoded=True, hidden=hidden)
    keys: dict[int, int | None] = {rank: None for rank, frame in enumerate(frames) if frame.key}
    return _Listed(without_gaps(stamps), keys, by_count=True, decoded=True, hidden=set())


def _of_packets(packets: list[Packet], unit: float, by_count: bool) -> _Listed:
    """One frame per packet."""
    shown = all(packet.pts is not None for packet in packets)
    frames: list[tuple[int, int, Packet]] = []
    for place, (part, packet) in enumerate(zip(segments(packets, unit), packets, strict=True)):
        stamp = packet.pts if shown else packet.dts  # the k-th decoding time serves the k-th frame shown
        frames.append((part if by_count else 0, place if stamp is None else stamp, packet))
    frames.sort(key=lambda frame: frame[:2])
    keys = {rank: packet.dts for rank, (_, _, packet) in enumerate(frames) if packet.key}
    return _Listed(np.array([stamp for _, stamp, _ in frames], np.int64), keys, by_count, False, set())


def _has_open_gop(packets: list[Packet]) -> bool:
    shown = None  # time of the last keyframe
    for packet in packets:
        if packet.key:
            shown = packet.pts
        elif shown is not None and packet.pts is not None and packet.pts < shown:
            return True
    return False


def _seek_stamp(stamp: int, dts: int | None, demuxer_takes_pts: bool) -> int:
    """What to seek by: too late a time overshoots the keyframe, too early a one lands a whole GOP before it."""
    return stamp if demuxer_takes_pts or dts is None else min(stamp, dts)
