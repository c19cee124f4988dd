"""Pictures taken whole: a file, a row of a Parquet file or the frames of a video in, the squares a backbone sees out.

They come in the form in which faces do (:class:`preprocessing.clip_faces.ClipFaces`), so that whatever judges and
reports these takes them as they are: each square is one crop of a single "person", the picture, whose box is the
region looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from preprocessing.clip import Clip
from preprocessing.clip_faces import ClipFaces, FaceCrop
from preprocessing.faces import CropGeometry, ReleasedFace, measure
from preprocessing.frames import sample, still_of
from preprocessing.recipe import Recipe
from preprocessing.video import FrameBatch, Limits
from preprocessing.views import View, views


@dataclass(frozen=True, slots=True)
class _Seen:
    """The views of one decoded frame; the frame itself is not kept."""

    index: int
    time: float
    views: list[View]

    @property
    def crops(self) -> list[np.ndarray]:
        return [square for _, square in self.views]


def read_whole(clip: Clip, recipe: Recipe, limits: Limits | None = None) -> ClipFaces:
    """The squares of a picture, or of the frames of a video that the recipe asks for.

    Args:
        clip: A picture, a video, or with ``member`` a row of a Parquet file.
        recipe: Of :meth:`preprocessing.recipe.Recipe.of_pictures`.
        limits: Bounds on bytes, pixels, frames and seconds.

    Returns:
        One crop a view, track 0; with ``five-crop`` five for each frame.

    Raises:
        FacefakeError: Any of the codes under "input files" of :data:`preprocessing.errors.CODES`.
    """
    sampled = sample(clip, recipe, limits or Limits(), partial(_look, recipe.geometry))
    return sampled.with_faces([_face(frame, *view) for frame in sampled.seen for view in frame.views])


def read_picture(path: Path, member: str | None = None, limits: Limits | None = None) -> np.ndarray:
    """One picture as it is, through the same door as every other file: for training and encoding.

    Args:
        path: A picture, or a Parquet file.
        member: Number of the row in this.
        limits: Bounds on bytes and pixels.

    Returns:
        ``(h, w, 3)`` uint8 RGB, upright.

    Raises:
        FacefakeError: As :func:`preprocessing.video.read_still`, and :func:`preprocessing.parquet.picture_bytes` for a
            row; ``not_a_video`` for a video.
    """
    return still_of(path, member, limits or Limits())[1].rgb[0]


def _look(geometry: CropGeometry, batch: FrameBatch) -> Iterator[_Seen]:
    for rgb, index, time in zip(batch.rgb, batch.index, batch.time, strict=True):
        yield _Seen(int(index), float(time), views(rgb, geometry))


def _face(frame: _Seen, box: np.ndarray, square: np.ndarray) -> FaceCrop:
    face = ReleasedFace(box)
    return FaceCrop(frame.index, frame.time, 0, face, measure(square, face), True, square)
