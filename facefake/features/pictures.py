"""From a picture's file to the squares a backbone sees, in whatever process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from facefake.models.preprocess import Preprocess
from preprocessing.clip import File
from preprocessing.corruptions import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.views import views
from preprocessing.whole import read_picture

Squares = tuple[bytes, Tensor | FacefakeError]
"""A picture's content, and its squares (squares, 3, size, size) uint8 or what befell it."""

Batch = tuple[list[bytes], Tensor, dict[bytes, FacefakeError]]


@dataclass(frozen=True, slots=True)
class Augmented:
    """Random views of a picture.

    Attributes:
        augment: A picture and a seed to the picture the backbone sees, see
            :class:`facefake.training.augment.Augmentation`.
        digest: Of its settings.
        views: How many.
    """

    augment: Callable[[Image.Image, int], Image.Image]
    digest: str
    views: int


class Look(Dataset[Squares]):
    """Pictures as a backbone sees them, by their numbers.

    Args:
        files: The pictures.
        contents: SHA-256 of each that can be read.
        geometry: How whole pictures become squares; crops are squares.
        preprocess: The backbone's.
        corruption: Done first.
        augmented: Done then.
        view: Number of the random view.
    """

    def __init__(
        self,
        files: Sequence[File],
        contents: Mapping[int, bytes],
        geometry: CropGeometry,
        preprocess: Preprocess,
        corruption: Corruption | None,
        augmented: Augmented | None,
        view: int,
    ) -> None:
        self._files, self._contents = files, contents
        self._geometry, self._preprocess = geometry, preprocess
        self._corruption, self._augmented, self._view = corruption, augmented, view

    def __getitem__(self, picture: int) -> Squares:
        content = self._contents[picture]
        try:
            rgb = read_picture(*self._files[picture])
            if self._corruption is not None:
                rgb = self._corruption.at_crop(rgb, seed_of(content, 0))
            return content, torch.stack([self._preprocess.resize(square) for square in self._squares(rgb, content)])
        except FacefakeError as error:
            return content, error

    def _squares(self, rgb: np.ndarray, content: bytes) -> Sequence[np.ndarray | Image.Image]:
        if self._augmented is not None:
            return [self._augmented.augment(Image.fromarray(rgb), seed_of(content, self._view))]
        if self._geometry.whole:
            return [square for _, square in views(rgb, self._geometry)]
        return [rgb]


def collate(items: Sequence[Squares]) -> Batch:
    """The contents of the pictures that came, their squares (n, squares, 3, size, size), and those that did not."""
    came = {content: squares for content, squares in items if isinstance(squares, Tensor)}
    failed = {content: error for content, error in items if isinstance(error, FacefakeError)}
    return list(came), torch.stack(list(came.values())) if came else torch.zeros(0), failed


def seed_of(content: bytes, view: int) -> int:
    """One 63-bit seed from a picture's content and a view's number, such that near ones give unrelated streams."""
    words = np.random.SeedSequence([int.from_bytes(content, "big"), view]).generate_state(1, np.uint64)
    return int(words[0] >> 1)
