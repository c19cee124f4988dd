"""Labelled crops and whole pictures as items for a loader, and its batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from facefake.models.preprocess import Preprocess
from facefake.training.augment import Augmentation, seen
from facefake.training.data import Crops
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry

Item = tuple[Tensor, int, int] | tuple[int, FacefakeError]


class Batch(NamedTuple):
    """What a step works on.

    Attributes:
        inputs: uint8 pictures (n, 3, size, size), or float features (n, dim) of pictures encoded before.
        labels: (n,) int64, real 0, fake 1.
        rows: (n,) int64 rows of the crops.
        failed: Rows of the batch that could not be read, and why; they are not among the n.
    """

    inputs: Tensor
    labels: Tensor
    rows: Tensor
    failed: list[tuple[int, FacefakeError]]


class CropDataset(Dataset[Item]):
    """Pictures for the network, as ``(picture, label, row)``: uint8 (3, size, size), so that few bytes travel.

    Indexed by ``(epoch, row)``: the augmentation of a crop depends on seed, epoch and row alone, whichever process does
    it and in whatever order. A crop that cannot be read is an error *returned*, as ``(row, error)``: raised in a
    loading process it would reach the training loop as a RuntimeError without its code.

    Args:
        crops: What to show.
        preprocess: The backbone's.
        geometry: What the backbone sees of a whole picture; or how the crops were cut.
        augmentation: ``None`` to show crops as they are, and pictures as they are seen in scoring.
        seed: Of the run.
    """

    def __init__(
        self,
        crops: Crops,
        preprocess: Preprocess,
        geometry: CropGeometry,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        self.crops = crops
        self._preprocess, self._geometry, self._augmentation, self._seed = preprocess, geometry, augmentation, seed

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: tuple[int, int]) -> Item:
        epoch, row = index
        try:
            crop = self.crops.open(row)
        except FacefakeError as error:
            return row, error
        if self._augmentation is not None:
            crop = self._augmentation(crop, _mixed(self._seed, epoch, row))
        elif self._geometry.whole:
            crop = seen(crop, self._geometry)
        return self._preprocess.resize(crop), int(self.crops.labels[row]), row


def _mixed(seed: int, epoch: int, row: int) -> int:
    """One 63-bit seed from three numbers, such that near ones give unrelated streams."""
    return int(np.random.SeedSequence([seed, epoch, row]).generate_state(1, np.uint64)[0] >> 1)


def collate(items: list[Item]) -> Batch:
    """A batch of those items that could be read, and the others' errors."""
    good: list[tuple[Tensor, int, int]] = [item for item in items if len(item) == 3]
    failed = [item for item in items if len(item) == 2]
    if not good:
        return Batch(torch.empty(0), torch.empty(0), torch.empty(0), failed)
    pictures, labels, rows = zip(*good, strict=True)
    return Batch(torch.stack(pictures), torch.tensor(labels), torch.tensor(rows), failed)
