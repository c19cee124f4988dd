"""A clip read as if it had been corrupted before.

Frames keep the index and the time they have in the original file, whatever was done: so masks still fit, and an
examiner finds the frame. Boxes and landmarks found on them are in pixels of the corrupted frame, which ``height`` makes
smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from preprocessing.corruptions.corruption import Corruption, seed_of
from preprocessing.corruptions.pictures import shrink, shrunk
from preprocessing.corruptions.reencode import ENCODERS, reencode
from preprocessing.errors import FacefakeError
from preprocessing.scratch import scratch_folder
from preprocessing.video import FrameBatch, Limits, Sampling, VideoInfo, VideoReader, open_video
from preprocessing.video.batches import batched

Change = Callable[[np.ndarray, int], np.ndarray]
"""A frame, uint8 RGB, and its index in the original file -> the corrupted frame."""


@contextmanager
def open_corrupted(
    path: Path, corruption: Corruption | None, key: str, *, limits: Limits, backend: str = "auto"
) -> Iterator[VideoReader | CorruptedReader]:
    """Open a video and read it corrupted.

    ``h264`` and ``hevc`` encode the whole clip to a temporary file first (:mod:`preprocessing.scratch`), which takes
    several times as long as a full HD clip does; the others cost what they cost for the frames that are read.

    Args:
        path: A local video file.
        corruption: What to do to it; ``None`` reads it as it is.
        key: The clip's key, for the seed of its noise.
        limits: What the clip may cost.
        backend: As for :func:`preprocessing.video.open_video`.

    Raises:
        FacefakeError: As :func:`preprocessing.video.open_video`; ``corruption_invalid`` without the encoder.
    """
    with open_video(path, limits=limits, backend=backend) as reader:
        if corruption is None:
            yield reader
        elif corruption.kind in ENCODERS:
            with (
                scratch_folder() as folder,
                _encoded(reader, corruption, folder / "clip.mp4", limits, backend) as encoded,
            ):
                yield encoded
        elif corruption.kind == "fps":
            yield _at_rate(reader, corruption.level)
        else:
            yield _changed(reader, corruption, key)


def corrupt_still(batch: FrameBatch, corruption: Corruption | None, key: str) -> FrameBatch:
    """A still picture, as :func:`preprocessing.video.read_still` gives it, corrupted.

    Raises:
        FacefakeError: ``corruption_invalid`` for a corruption that needs more than one frame.
    """
    if corruption is None:
        return batch
    if corruption.kind == "height":
        return replace(batch, rgb=shrink(batch.rgb[0], int(corruption.level))[None])
    return replace(batch, rgb=corruption.at_crop(batch.rgb[0], seed_of(key, 0))[None])


@dataclass(slots=True, eq=False)
class CorruptedReader:
    """The frames of a corrupted clip; to be used as :class:`preprocessing.video.VideoReader` is.

    Attributes:
        times: ``(n,)`` float64, when each frame is shown in the original file, seconds.
        keyframes: ``(k,)`` int64, places in ``times``.
        failed: Why frames were not delivered, by index in the original file.
    """

    times: np.ndarray
    keyframes: np.ndarray
    _info: VideoInfo
    _source: VideoReader
    _places: np.ndarray  # of each frame in the source
    _index: np.ndarray  # of each frame in the original file
    _change: Change
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def info(self) -> VideoInfo:
        """What the corrupted file would say of itself, and what is special about the frames that were read so far."""
        return replace(self._info, notes=tuple(dict.fromkeys((*self._info.notes, *self._source.info.notes))))

    @property
    def backend(self) -> str:
        """Decoder and version that reads the frames."""
        return self._source.backend

    def __len__(self) -> int:
        return len(self.times)

    def read(self, indices: Sequence[int], batch: int = 8) -> Iterator[FrameBatch]:
        """Decode and corrupt frames.

        Args:
            indices: Places in :attr:`times`.
            batch: Most frames in one batch.

        Yields:
            Frames in ascending order with their index and time in the original file.
        """
        yield from batched(self._delivered(indices, batch), batch)

    def _delivered(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, float, np.ndarray]]:
        """Index and time in the original file, and the corrupted frame."""
        origin = dict(zip(self._places.tolist(), range(len(self)), strict=True))
        for found in self._source.read([int(self._places[place]) for place in indices], batch):
            for rgb, source in zip(found.rgb, found.index, strict=True):
                place = origin[int(source)]
                number = int(self._index[place])
                yield number, float(self.times[place]), self._change(rgb, number)
        self.failed = {int(self._index[origin[place]]): why for place, why in self._source.failed.items()}


def _changed(reader: VideoReader, corruption: Corruption, key: str) -> CorruptedReader:
    """Every frame changed by itself."""
    info = reader.info
    if corruption.kind == "height":
        width, height = shrunk((info.width, info.height), int(corruption.level))
        info = replace(info, width=width, height=height)
        change: Change = partial(_shrink, int(corruption.level))
    else:
        change = partial(_corrupt, corruption, key)
    every = np.arange(len(reader))
    return CorruptedReader(reader.times, reader.keyframes, info, reader, every, every, change)


def _shrink(shorter: int, rgb: np.ndarray, index: int) -> np.ndarray:
    return shrink(rgb, shorter)


def _corrupt(corruption: Corruption, key: str, rgb: np.ndarray, index: int) -> np.ndarray:
    return corruption.at_crop(rgb, seed_of(key, index))


def _same(rgb: np.ndarray, index: int) -> np.ndarray:
    return rgb


def _at_rate(reader: VideoReader, rate: float) -> CorruptedReader:
    """Only the first frame at or after each multiple of ``1 / rate`` seconds; what is slower already stays."""
    kept = np.array(list(Sampling("fps", rate=rate).order(reader.times, reader.keyframes)), np.int64)
    info, share = reader.info, len(kept) / len(reader)
    info = replace(
        info,
        fps=info.fps and info.fps * share,
        frames_reported=info.frames_reported and round(info.frames_reported * share),
    )
    keyframes = np.flatnonzero(np.isin(kept, reader.keyframes))
    return CorruptedReader(reader.times[kept], keyframes, info, reader, kept, kept, _same)


@contextmanager
def _encoded(
    reader: VideoReader, corruption: Corruption, target: Path, limits: Limits, backend: str
) -> Iterator[CorruptedReader]:
    index, shapes = reencode(reader, corruption, target)
    with open_video(target, limits=limits, backend=backend) as encoded:
        if len(encoded) != len(index):
            raise FacefakeError(
                "internal",
                f"{len(index)} frames were encoded as {corruption} and {len(encoded)} came back",
                "This is a fault of facefake: please report it.",
            )
        info = replace(reader.info, codec=encoded.info.codec)
        every = np.arange(len(index))
        change = partial(_cut, dict(zip(index.tolist(), shapes, strict=True)))
        yield CorruptedReader(reader.times[index], encoded.keyframes, info, encoded, every, index, change)


def _cut(shapes: Mapping[int, tuple[int, int]], rgb: np.ndarray, index: int) -> np.ndarray:
    """Without the rows and columns that were added to fill the encoder's frame."""
    height, width = shapes[index]
    return rgb[:height, :width]
