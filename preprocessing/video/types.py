"""The small frozen types that opening and reading a clip speaks in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Limits:
    """What one clip may cost before it is refused as ``too_large``.

    Attributes:
        bytes: Size of the file.
        pixels: Width times height of a video's frame.
        still_pixels: Width times height of a still picture: phones and cameras take larger ones than any video has, and
            there is only one in memory. The default is where Pillow itself takes a picture for a bomb.
        seconds: Time from the first frame to the last.
        frames: Number of frames.

    Example:
        >>> Limits(seconds=60.0).frames
        1000000
    """

    bytes: int = 8 * 2**30
    pixels: int = 8192 * 4320
    still_pixels: int = 89_478_485
    seconds: float = 4 * 3600.0
    frames: int = 1_000_000


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the file says of itself; nothing here is proof that a frame can be decoded.

    Attributes:
        container: Kind of file by its bytes: ``mp4``, ``matroska``, ``avi``, ..., ``jpeg``, ``png``, ..., ``apng``, ...
        codec: Name of the codec, e.g. ``h264``; the container again for a still picture.
        width: Pixels of the upright first frame, made of square pixels; later frames may have another size.
        height: Likewise.
        fps: Mean frame rate by the header, ``None`` if there is none (still pictures, say).
        frames_reported: Number of frames by the header, ``None`` if it says nothing; a truncated file holds fewer.
        duration: Seconds by the header, or measured from the frames where the header says nothing.
        rotation: Degrees (0, 90, 180, 270) by which the stored picture is turned clockwise to stand upright.
        clock_restarts: How often the time stamps go back or stand still, as in recordings that were joined. Times of
            frames run on there: frames that share a time stamp are spread evenly up to the next one, and where the
            clock goes back the next frame comes one frame interval later.
        cut_short: What the file promises and does not hold, in words; ``None`` for a file that is whole, or does not
            say.
        notes: What is special about the file or was done to its frames, in plain sentences: tone-mapped, deinterlaced.
    """

    container: str
    codec: str
    width: int
    height: int
    fps: float | None
    frames_reported: int | None
    duration: float | None
    rotation: int
    clock_restarts: int = 0
    cut_short: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FrameBatch:
    """A few decoded frames of one shape.

    Attributes:
        rgb: ``(n, h, w, 3)`` uint8, RGB, upright, of square pixels.
        index: ``(n,)`` int64, place of each frame in presentation order, strictly ascending.
        time: ``(n,)`` float64, presentation time in seconds from the start of the clip.
    """

    rgb: np.ndarray
    index: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.index)
