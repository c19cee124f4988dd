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


def reencode(reader: VideoReader, corruption: Corruption, target: Path) -> np.ndarray:
    """Encode all frames of a clip anew, upright and in 4:2:0, byte for byte the same each time.

    Sides that are odd, which 4:2:0 has not, get one more row or column, a copy of the last.

    Args:
        reader: The clip.
        corruption: ``h264`` or ``hevc`` with its CRF.
        target: The MP4 to write.

    Returns:
        ``(n,)`` int64, for each frame of the new file its index in the clip: all of them, unless some cannot be
        decoded.

    Raises:
        FacefakeError: ``nothing_decoded``, ``corruption_invalid`` without the encoder.
    """
    require_encoder(corruption)
    rate = Fraction(min(max(reader.info.fps or 25, _RATES[0]), _RATES[1])).limit_denominator(1001)
    encoder = ENCODERS[corruption.kind]
    index: list[int] = []
    with av.open(str(target), "w") as sink:
        stream = sink.add_stream(encoder, rate=rate)
        stream.width, stream.height = (side + side % 2 for side in (reader.info.width, reader.info.height))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": f"{corruption.level:g}", **_OPTIONS[encoder]}
        for rgb, place in _frames(reader.read(range(len(reader)))):
            frame = av.VideoFrame.from_ndarray(_even(rgb), format="rgb24")
            frame.pts, frame.time_base = len(index), 1 / rate
            sink.mux(stream.encode(frame))
            index.append(place)
        sink.mux(stream.encode(None))
    if not index:
        raise FacefakeError("nothing_decoded", "not one frame could be decoded", "Get the file again.")
    return np.array(index, np.int64)


def _frames(batches: Iterator[FrameBatch]) -> Iterator[tuple[np.ndarray, int]]:
    for batch in batches:
        yield from ((rgb, int(place)) for rgb, place in zip(batch.rgb, batch.index, strict=True))


def _even(rgb: np.ndarray) -> np.ndarray:
    return np.pad(rgb, ((0, rgb.shape[0] % 2), (0, rgb.shape[1] % 2), (0, 0)), mode="edge")
