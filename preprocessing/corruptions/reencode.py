"""Re-encoding of a whole video as platforms do it: H.264 by x264, HEVC by x265, at a constant rate factor."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from preprocessing.corruptions.corruption import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.video import FrameBatch, VideoReader

ENCODERS = {"h264": "libx264", "hevc": "libx265"}

# The encoders' default preset, at which the compressed versions of FaceForensics++ were made too. The number of threads
# changes the bits of both, and so does the processor those of x264's macroblock tree, unless it keeps to the arithmetic
# that is the same everywhere.
_OPTIONS = {
    "libx264": {"preset": "medium", "threads": "1", "x264-params": "cpu-independent=1:log-level=none"},
    "libx265": {"preset": "medium", "x265-params": "pools=none:frame-threads=1:log-level=none"},
}
_RATES = (1, 240)  # frames a second; headers may say anything


def require_encoder(corruption: Corruption) -> None:
    """Refuse a corruption that this machine's PyAV has no encoder for.

    Raises:
        FacefakeError: ``corruption_invalid``.
    """
    encoder = ENCODERS.get(corruption.kind)
    if encoder and encoder not in av.codecs_available:
        raise FacefakeError(
            "corruption_invalid",
            f"{corruption.kind} needs the encoder {encoder}, which this PyAV was built without",
            "Install PyAV from its wheels (pip install av), or leave the corruption out.",
        )


def reencode(reader: VideoReader, corruption: Corruption, target: Path) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Encode all frames of a clip anew, upright and in 4:2:0, byte for byte the same each time.

    An encoder has frames of one size with even sides. A smaller frame is put in the upper left and its last row and
    column are repeated to fill the rest, so that nothing is scaled.

    Args:
        reader: The clip.
        corruption: ``h264`` or ``hevc`` with its CRF.
        target: The MP4 to write.

    Returns:
        ``(n,)`` int64, for each frame of the new file its index in the clip: all of them, unless some cannot be
        decoded. And the height and width of each.

    Raises:
        FacefakeError: ``nothing_decoded``, ``corruption_invalid`` without the encoder.
    """
    require_encoder(corruption)
    height, width = reader.info.height, reader.info.width
    while True:
        index, shapes = _encode(reader, corruption, target, (height, width))
        if not index:
            raise FacefakeError("nothing_decoded", "not one frame could be decoded", "Get the file again.")
        needed = max(height, *(shape[0] for shape in shapes)), max(width, *(shape[1] for shape in shapes))
        if needed == (height, width):
            return np.array(index, np.int64), shapes
        height, width = needed  # a frame was larger than those before, and is the last that was looked at


def _encode(
    reader: VideoReader, corruption: Corruption, target: Path, most: tuple[int, int]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Encode up to the first frame that is larger than ``most``, height and width; its shape is the last."""
    rate = Fraction(min(max(reader.info.fps or 25, _RATES[0]), _RATES[1])).limit_denominator(1001)
    encoder = ENCODERS[corruption.kind]
    index: list[int] = []
    shapes: list[tuple[int, int]] = []
    with av.open(str(target), "w") as sink:
        stream = sink.add_stream(encoder, rate=rate)
        stream.height, stream.width = (side + side % 2 for side in most)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": f"{corruption.level:g}", **_OPTIONS[encoder]}
        for rgb, place in _frames(reader.read(range(len(reader)))):
            shapes.append((rgb.shape[0], rgb.shape[1]))
            if rgb.shape[0] > most[0] or rgb.shape[1] > most[1]:
                return [place], shapes
            frame = av.VideoFrame.from_ndarray(_filled(rgb, stream.height, stream.width), format="rgb24")
            frame.pts, frame.time_base = len(index), 1 / rate
            sink.mux(stream.encode(frame))
            index.append(place)
        sink.mux(stream.encode(None))
    return index, shapes


def _frames(batches: Iterator[FrameBatch]) -> Iterator[tuple[np.ndarray, int]]:
    for batch in batches:
        yield from ((rgb, int(place)) for rgb, place in zip(batch.rgb, batch.index, strict=True))


def _filled(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.pad(rgb, ((0, height - rgb.shape[0]), (0, width - rgb.shape[1]), (0, 0)), mode="edge")
