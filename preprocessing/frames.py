"""The frames a recipe asks for, of a video or a still picture, corrupted if it says so: looked at and let go.

What is looked for on a frame is up to who calls (:class:`Look`): faces, or the picture whole. Frames themselves are
not kept, so a clip in 8K costs no more memory than a few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from preprocessing.clip import Clip
from preprocessing.clip_faces import MIN_SIDE, SPREAD_PATIENCE, ClipFaces, FaceCrop, require_size, shortfall
from preprocessing.corruptions.reader import CorruptedReader, corrupt_still, open_corrupted
from preprocessing.errors import FacefakeError
from preprocessing.recipe import Recipe
from preprocessing.video import (
    PICTURES,
    FrameBatch,
    Limits,
    VideoInfo,
    VideoReader,
    check_file,
    decode_still,
    read_still,
)

MAX_SAMPLED = 2048  # frames; `fps` and `keyframes` on a long clip are thinned evenly to this


class Looked(Protocol):
    """What was found on one frame."""

    @property
    def index(self) -> int:
        """Of the frame."""

    @property
    def crops(self) -> list[np.ndarray]:
        """What goes on to the backbone; the sampling rule ``spread`` looks for frames that have any."""


Seen = TypeVar("Seen", bound=Looked)
Look = Callable[[FrameBatch], Iterable[Seen]]
"""What to do with some frames: one answer for each, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Sampled(Generic[Seen]):
    """What looking at the frames of a clip gave.

    Attributes:
        info: What the container says.
        decoder: Backend and version that decoded it.
        requested: Frames asked of the decoder.
        failed: Why frames were not delivered, by index.
        seen: What was found on each frame that was, in their order; one at least.
    """

    info: VideoInfo
    decoder: str
    requested: int
    failed: dict[int, str]
    seen: list[Seen]

    def with_faces(self, faces: list[FaceCrop]) -> ClipFaces:
        """The outcome of the clip, with what goes on of what was seen, sorted by frame."""
        with_face = sum(bool(frame.crops) for frame in self.seen)
        outcome, reason = "ok", None
        if not with_face:
            outcome, reason = "no_face", f"no face on any of the {len(self.seen)} frames looked at"
        elif reason := shortfall(self.info, self.requested, len(self.seen)):
            outcome = "decode_shortfall"
        failed = self.failed | {frame.index: "no_face" for frame in self.seen if not frame.crops}
        return ClipFaces(
            info=self.info,
            decoder=self.decoder,
            outcome=outcome,
            reason=reason,
            requested=self.requested,
            decoded=len(self.seen),
            with_face=with_face,
            failed=dict(sorted(failed.items())),
            faces=faces,
        )


def is_still(clip: Clip, limits: Limits) -> bool:
    """Whether a clip is a single picture.

    Raises:
        FacefakeError: As :func:`preprocessing.video.check_file`.
    """
    return clip.member is not None or check_file(clip.path, limits)[1] in PICTURES


def still_of(path: Path, member: str | None, limits: Limits) -> tuple[VideoInfo, FrameBatch]:
    """A picture as a clip of one frame, be it a file or in a row of one.

    Args:
        path: The picture, or a Parquet file.
        member: Number of the row in this.
        limits: Bounds on bytes and pixels.

    Raises:
        FacefakeError: As :func:`preprocessing.video.read_still` and :func:`preprocessing.parquet.picture_bytes`.
    """
    if member is None:
        return read_still(path, limits)
    from preprocessing.parquet import picture_bytes

    info, rgb = decode_still(picture_bytes(path, member, limits), f"{path.name}, row {member}", limits)
    return info, FrameBatch(rgb[None], np.zeros(1, np.int64), np.zeros(1, np.float64))


def sample(clip: Clip, recipe: Recipe, limits: Limits, look: Look[Seen]) -> Sampled[Seen]:
    """Look at the frames of a clip.

    Args:
        clip: A video or a picture.
        recipe: Which frames, and what is done to them before.
        limits: Bounds on bytes, pixels, frames and seconds.
        look: What to do with them.

    Raises:
        FacefakeError: Any of the codes under "input files" of :data:`preprocessing.errors.CODES`.
    """
    sampled = _still(clip, recipe, limits, look) if is_still(clip, limits) else _video(clip, recipe, limits, look)
    if not sampled.seen:
        raise FacefakeError(
            "nothing_decoded",
            f"Not one frame of {clip.path.name} could be decoded.",
            "The file is damaged; get it again.",
        )
    return sampled


def _still(clip: Clip, recipe: Recipe, limits: Limits, look: Look[Seen]) -> Sampled[Seen]:
    info, batch = still_of(clip.path, clip.member, limits)
    require_size(info.width, info.height, clip.path.name)
    batch = corrupt_still(batch, recipe.corruption, clip.key)
    return Sampled(info, "pillow", 1, {}, list(look(batch)))


def _video(clip: Clip, recipe: Recipe, limits: Limits, look: Look[Seen]) -> Sampled[Seen]:
    path, _ = check_file(clip.path, limits)
    with open_corrupted(path, recipe.corruption, clip.key, limits=limits, backend=recipe.decoder) as reader:
        seen, small, asked = _until_satisfied(reader, recipe, look)
        if small and not seen:
            require_size(*small.popitem()[1], path.name)
        failed = reader.failed | dict.fromkeys(small, "too small")
        return Sampled(reader.info, reader.backend, asked, failed, seen)


def _until_satisfied(
    reader: VideoReader | CorruptedReader, recipe: Recipe, look: Look[Seen]
) -> tuple[list[Seen], dict[int, tuple[int, int]], int]:
    """Look at frames until the sampling rule is satisfied.

    Returns:
        What was seen; width and height of frames that are too small to look at, as those are with which some recorders
        begin; and how many others were asked for.
    """
    small: dict[int, tuple[int, int]] = {}
    target = recipe.sampling.target
    order = recipe.sampling.order(reader.times, reader.keyframes)
    order = _thinned(order, MAX_SAMPLED) if target is None else islice(order, SPREAD_PATIENCE * target)
    seen: list[Seen] = []
    asked = 0
    while True:
        found = sum(bool(frame.crops) for frame in seen)
        chunk = sorted(islice(order, None if target is None else target - found))
        if not chunk:
            return sorted(seen, key=lambda frame: frame.index), small, asked - len(small)
        asked += len(chunk)
        for batch in reader.read(chunk):
            height, width = batch.rgb.shape[1:3]
            if min(height, width) < MIN_SIDE:
                small |= {int(index): (width, height) for index in batch.index}
            else:
                seen.extend(look(batch))


def _thinned(order: Iterator[int], limit: int) -> Iterator[int]:
    indices = list(order)
    if len(indices) <= limit:
        return iter(indices)
    return iter(indices[position] for position in np.linspace(0, len(indices) - 1, limit).round().astype(int))
