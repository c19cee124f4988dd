"""Whether a face store's record is of a file: its faces are cut out of the file again and compared bit for bit.

Records of releases that kept no digest of the file cannot prove otherwise what they are of. Faces are not looked for
again, which is most of the cost of extraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry, align
from preprocessing.frames import sample
from preprocessing.recipe import Recipe
from preprocessing.store import FaceStore
from preprocessing.video import FrameBatch, Limits


@dataclass(frozen=True, slots=True)
class _Cut:
    index: int
    crops: list[np.ndarray]


def same_faces(clip: Clip, recipe: Recipe, store: FaceStore, record: Mapping[str, Any], limits: Limits) -> bool:
    """Whether the clip's file gives the crops that the store has of it, on the frames that were looked at.

    Args:
        clip: The clip.
        recipe: The store's.
        store: The face store.
        record: From :meth:`preprocessing.store.FaceStore.record`.
        limits: Bounds on bytes, pixels, frames and seconds.

    Returns:
        False also where nothing can be compared: no face was found, crops are as released, the file cannot be read.
    """
    rows: Sequence[Mapping[str, Any]] = record["crops"]
    if recipe.released or not rows:
        return False
    landmarks = {
        frame: [np.array(row["landmarks"], np.float32).reshape(5, 2) for row in same]
        for frame, same in groupby(rows, key=lambda row: row["frame"])
    }
    try:
        sampled = sample(clip, recipe, limits, partial(_cut, landmarks, recipe.geometry))
        cut = [crop for frame in sampled.seen for crop in frame.crops]
        looked_at = (sampled.requested, len(sampled.seen)) == (record["clip"]["requested"], record["clip"]["decoded"])
        return (
            looked_at
            and len(cut) == len(rows)
            and all(np.array_equal(crop, store.crop(row["crop"])) for crop, row in zip(cut, rows, strict=True))
        )
    except (FacefakeError, ValueError):  # the latter: of landmarks that no face can have
        return False


def _cut(landmarks: Mapping[int, Sequence[np.ndarray]], geometry: CropGeometry, batch: FrameBatch) -> Iterator[_Cut]:
    for rgb, index in zip(batch.rgb, batch.index, strict=True):
        yield _Cut(int(index), [align(rgb, points, geometry) for points in landmarks.get(int(index), [])])
