"""What the time stamps of a clip's packets are worth, and times in seconds that ascend even where the clock does not.

The clock of a file goes back where recordings were joined (``cat a.ts b.ts``) and where a recorder or a live stream
began anew; some recorders give several frames the same time stamp.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

_SLACK = 0.5  # seconds that the decoding times of a container with time stamps made up may go back
# FFmpeg takes a clock of 33 bits that goes back by more than a minute for one that overflowed, and adds 26.5 hours
_LONGEST_GAP = {"mpegts": 3600.0}  # seconds
_DEFAULT_INTERVAL = 1 / 25  # seconds, where nothing says how long a frame is shown


class Packet(NamedTuple):
    """What the index keeps of a packet: time stamps in the stream's unit, and whether a keyframe begins in it."""

    pts: int | None
    dts: int | None
    key: bool


def is_ambiguous(packets: Sequence[Packet], reorders: bool) -> bool:
    """Whether only decoding can tell which frames the packets hold and in which order they are shown.

    Args:
        packets: In the order of the file.
        reorders: Whether the codec shows frames in another order than that of the file.
    """
    seen: set[int] = set()
    before = newest = -math.inf  # the latest time stamp before the last keyframe, and up to here
    decoded = -math.inf  # decoding time of the packet before
    for packet in packets:
        if packet.pts is None or packet.pts in seen:
            return True
        if packet.key or not reorders:
            before = newest
        # what is decoded from a keyframe on is shown after all that came before it, in open GOPs too
        if packet.pts < before or (packet.dts is not None and packet.dts < decoded):
            return True
        seen.add(packet.pts)
        newest = max(newest, packet.pts)
        decoded = decoded if packet.dts is None else packet.dts
    return False


def segments(packets: Sequence[Packet], unit: float) -> Iterator[int]:
    """For each packet the number of the part it is in; a part begins where the decoding times go back."""
    number, newest = 0, -math.inf
    for packet in packets:
        if packet.dts is not None:
            if packet.dts * unit < newest - _SLACK:
                number, newest = number + 1, -math.inf
            newest = max(newest, packet.dts * unit)
        yield number


def running_times(
    stamps: np.ndarray, unit: float, *, container: str, fps: float | None, may_repeat: bool
) -> tuple[np.ndarray, int]:
    """Seconds from the first frame, and how often the clock goes back or stands still.

    Frames that share a time stamp are spread evenly up to the next one. Where the clock goes back, the frame is taken
    to be shown one frame interval (the median) after the one before it, and the clock is followed again from there on.

    Args:
        stamps: ``(n,)`` int64, in the order in which the frames are shown.
        unit: Seconds of one unit.
        container: Of the file; in MPEG-TS a gap of more than an hour is a clock that began anew, too.
        fps: Frames per second by the header.
        may_repeat: Frames that share a time stamp are right: the container does not store all of them.

    Example:
        >>> times, restarts = running_times(np.array([7, 8, 9, 0, 1]), 0.04, container="flv", fps=25, may_repeat=False)
        >>> times.round(2).tolist(), restarts
        ([0.0, 0.04, 0.08, 0.12, 0.16], 1)
    """
    times = (stamps - stamps[0]) * unit
    steps = np.diff(times)
    ascending = steps[steps > 0]
    interval = float(np.median(ascending)) if len(ascending) else 1 / fps if fps else _DEFAULT_INTERVAL
    back = (steps < 0) | (steps > _LONGEST_GAP.get(container, math.inf))
    stalls = 0 if may_repeat else _spread(times, back, interval)
    shifts = np.where(back, interval - np.diff(times), 0.0)
    return times + np.concatenate([[0.0], np.cumsum(shifts)]), int(back.sum()) + stalls


def _spread(times: np.ndarray, back: np.ndarray, interval: float) -> int:
    """Spread frames of one time, in place, up to the next time, or by ``interval`` if it is not after them."""
    runs, start, count = 0, 0, len(times)
    for place in range(1, count + 1):
        if place < count and times[place] == times[start]:
            continue
        if (length := place - start) > 1:
            ends = place == count or back[place - 1]
            step = interval if ends else (times[place] - times[start]) / length
            times[start:place] += step * np.arange(length)
            runs += 1
        start = place
    return runs


def without_gaps(stamps: Sequence[int | None]) -> np.ndarray:
    """``(n,)`` int64 time stamps, those that are missing filled in between their neighbours."""
    known = [place for place, stamp in enumerate(stamps) if stamp is not None]
    if not known:
        return np.arange(len(stamps), dtype=np.int64)
    values = [float(stamp) for stamp in stamps if stamp is not None]
    return np.rint(np.interp(np.arange(len(stamps)), known, values)).astype(np.int64)
