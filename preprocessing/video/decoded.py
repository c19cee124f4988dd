"""The frames of a clip as its decoder gives them, for clips whose packets do not tell which frames there are.

Where time stamps repeat or go back, two packets of one time stamp may be two frames (recordings that were joined), one
frame (two fields of a picture) or one frame and one that is never shown (VP8). Only decoding tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av

from preprocessing.errors import FacefakeError
from preprocessing.video.demux import open_container, pick_stream, pixel_limit, read_packets
from preprocessing.video.safe import check_frames
from preprocessing.video.types import Limits

# what costs most and changes no number of frames
_FAST = {"skip_loop_filter": "all", "skip_idct": "all"}


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame that left the decoder.

    Attributes:
        pts: Its time stamp in the stream's unit, ``None`` if there is none.
        key: Whether it is a keyframe.
    """

    pts: int | None
    key: bool


def decode_through(path: Path, container: str, limits: Limits) -> list[DecodedFrame]:
    """Every frame that leaves the decoder when the file is decoded from its start, in that order.

    Args:
        path: A checked file.
        container: Its kind.
        limits: Its ``pixels`` and ``frames`` are checked.

    Raises:
        FacefakeError: ``unreadable``, ``nothing_decoded`` or ``too_large``.
    """
    frames: list[DecodedFrame] = []
    with open_container(path, container) as source:
        video = pick_stream(source, path.name)
        video.codec_context.thread_count = 1
        video.codec_context.options = {**pixel_limit(limits.pixels), **_FAST}
        for packet in chain(read_packets(source, video), [None]):  # None: give what is held back
            try:
                decoded = video.decode(packet)
            except av.error.FFmpegError:  # what cannot be decoded is no frame here, and none when frames are read
                continue
            for frame in decoded:
                stamp = frame.pts if frame.pts is not None else frame.dts
                frames.append(DecodedFrame(stamp, bool(frame.key_frame)))
            check_frames(path.name, len(frames), limits.frames)
    if not frames:
        raise FacefakeError("nothing_decoded", f"{path.name}: not one frame could be decoded", "Get it again.")
    return frames
