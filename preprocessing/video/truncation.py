"""Whether a file holds all that it promises: a part of a clip must not be judged as if it were all of it.

A count of frames is believed first, then the sizes of elements, then a duration. What an edit list hides and what
chunks are empty is not missing. A container that promises nothing (MPEG-TS, a live recording) is taken as it is, unless
it breaks off in the middle of an element.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from preprocessing.video.demux import open_container, pick_stream, read_packets
from preprocessing.video.structure import Structure, count_chunks

WHOLE_SHARE = 0.9  # less than this share of what was asked for, or of what the file promises, is a shortfall
_PART_STARTS = 1.0  # seconds; what starts later is a part of a longer stream on purpose, such as a DASH segment


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What was found in a file.

    Attributes:
        path: The file.
        container: Its kind.
        stream: Index of the video stream.
        packets: Packets of video, hidden ones too.
        frames_reported: By the header.
        times: Of the frames, in seconds of the container's own clock.
        interval: How long the last frame is shown, seconds.
        restarts: How often the clock goes back: then no duration can be checked.
        stream_duration: Seconds that the video stream should last by its own header.
        duration: Seconds that the longest stream should last by the header.
    """

    path: Path
    container: str
    stream: int
    packets: int
    frames_reported: int | None
    times: np.ndarray
    interval: float
    restarts: int
    stream_duration: float | None
    duration: float | None


def missing(held: Held, structure: Structure) -> str | None:
    """What a file promises and does not hold, in words; ``None`` if that is nothing to speak of."""
    if held.frames_reported:
        there = held.packets
        if there < WHOLE_SHARE * held.frames_reported:
            there = max(there, _unseen(held))
        if there < WHOLE_SHARE * held.frames_reported:
            return f"the file says it has {held.frames_reported} frames and holds {there}"
        if not structure.fragmented:
            return None
    lasts = _check_duration(held, structure)
    if isinstance(lasts, str):
        return lasts
    if not lasts or structure.fragmented:
        for part in structure.promised:
            if part.there < WHOLE_SHARE * part.whole:
                return f"the file is cut off: {part.there} of {part.whole} {part.unit} are there"
    if structure.breaks_off and not lasts and not structure.promised:
        return f"the file breaks off in the middle of a {structure.breaks_off}"
    return None


def _unseen(held: Held) -> int:
    """Frames in the file with those that an edit list hides and those that are empty."""
    if held.container == "avi":
        return count_chunks(held.path, held.stream)
    if held.container != "mp4":
        return 0
    with open_container(held.path, held.container, {"ignore_editlist": "1"}) as source:
        stream = pick_stream(source, held.path.name)
        return sum(not packet.is_corrupt for packet in read_packets(source, stream, empty=True))


def _check_duration(held: Held, structure: Structure) -> bool | str:
    """Whether the clip lasts as long as the header says, or what is missing; false also where it says nothing."""
    promised = held.stream_duration or structure.seconds or held.duration
    start, end = float(held.times[0]), float(held.times[-1]) + held.interval
    if not structure.ask_duration or not promised or held.restarts:
        return False
    if structure.fragmented and start > _PART_STARTS:
        return False
    if end < WHOLE_SHARE * promised and not held.stream_duration:
        end = max(end, _end_of_all(held))
    # nothing says how long the last frame is shown; where frames come seldom, it may be long
    known_cut = any(part.there < part.whole for part in structure.promised)
    slack = 0.0 if known_cut else 2 * float(np.diff(held.times).max(initial=held.interval))
    if end < WHOLE_SHARE * promised - slack:
        return f"the file says it lasts {promised:.1f} s and ends after {end:.1f} s"
    # a header that promises less than is there does not speak of all of it
    return WHOLE_SHARE * end <= promised


def _end_of_all(held: Held) -> float:
    """When the last of all streams ends, seconds: sound may go on after the video, or subtitles."""
    end = 0.0
    with open_container(held.path, held.container) as source:
        for packet in read_packets(source, *source.streams):
            if packet.pts is not None and packet.time_base and not packet.is_corrupt:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end
