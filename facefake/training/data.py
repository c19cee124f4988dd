"""Crops of a face store as training and validation sets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from facefake.models.preprocess import Preprocess
from facefake.training.augment import Augmentation
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.store import FaceStore, clip_of_row


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Labelled crops of one split, sorted by clip and frame.

    Attributes:
        split: Its name.
        paths: The crops' files.
        labels: (n,) int64, real 0, fake 1.
        clips: Clip of each crop, ``<dataset>/<path relative to the data root>``.
        pairs: Pair of each crop, ``<dataset>/<pair>``, or ``None``.
        sources: The clips they are of, each once, as far as the store knows them.
        frames: (n,) int64 frame index.
        datasets: Names of the data sets.
        geometry: The one geometry all were cut with, as a dictionary.
        face_detector: The one face detector all were found with.
        sha256: Digest over what training depends on: files' names, clips, frames and labels.
    """

    split: str
    paths: list[Path]
    labels: NDArray[np.int64]
    clips: list[str]
    pairs: list[str | None]
    sources: list[Clip]
    frames: NDArray[np.int64]
    datasets: list[str]
    geometry: dict[str, Any]
    face_detector: str
    sha256: str

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def clip_count(self) -> int:
        """Number of different clips."""
        return len(self.sources)


def read_crops(store: Path, split: str, frames_per_clip: int, clips: Collection[str] | None = None) -> Crops:
    """The labelled crops of a split: of each clip, only faces its label speaks of.

    Args:
        store: A face store.
        split: Which split.
        frames_per_clip: At most so many of a clip, spread evenly over those there are.
        clips: Only clips of these keys, where the store holds more than is trained on.

    Raises:
        FacefakeError: ``store_missing``, ``store_damaged``, ``split_empty`` (saying which splits there are and whether
            both classes are in it), ``store_recipe_mismatch``.
    """
    table = FaceStore(store).manifest()
    chosen = table.filter(pc.and_(table["main"], pc.and_(pc.equal(table["split"], split), pc.is_valid(table["label"]))))
    if clips is not None:
        chosen = chosen.filter(pc.is_in(chosen["clip"], pa.array(sorted(clips), pa.string())))
    _check_classes(table, chosen, store, split)
    chosen = chosen.sort_by([("dataset", "ascending"), ("clip", "ascending"), ("frame", "ascending")])
    names = _joined(chosen["dataset"], chosen["clip"])
    kept = _spread(names, frames_per_clip)
    chosen = chosen.take(pa.array(kept))
    names = [names[row] for row in kept]
    lines = zip(names, *(chosen[name].to_pylist() for name in ("frame", "label", "crop")), strict=True)
    return Crops(
        split=split,
        paths=[_inside(store, crop) for crop in chosen["crop"].to_pylist()],
        labels=chosen["label"].to_numpy().astype(np.int64),
        clips=names,
        pairs=[None if pair.endswith("/") else pair for pair in _joined(chosen["dataset"], chosen["pair"])],
        sources=_sources(chosen, names),
        frames=chosen["frame"].to_numpy(),
        datasets=sorted(set(chosen["dataset"].to_pylist())),
        geometry=json.loads(_single(chosen, "geometry", store)),
        face_detector=_single(chosen, "face_detector", store),
        sha256=hashlib.sha256("\n".join(map(repr, lines)).encode()).hexdigest(),
    )


def _sources(chosen: pa.Table, names: Sequence[str]) -> list[Clip]:
    first = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
    columns = ("dataset", "clip", "method", "label", "split", "pair", "compression", "identities")
    rows = chosen.select(columns).take(pa.array(first, pa.int64())).to_pylist()
    return [clip_of_row(row, Path(row["clip"]), row["clip"]) for row in rows]


def _check_classes(table: pa.Table, chosen: pa.Table, store: Path, split: str) -> None:
    labels = set(chosen["label"].to_pylist())
    if labels == {0, 1}:
        return
    there = sorted({str(name) for name in table["split"].to_pylist()})
    lack = "no labelled face" if not labels else "only fake faces" if labels == {1} else "only real faces"
    raise FacefakeError(
        "split_empty",
        f"the split {split!r} of {store} holds {lack}; its splits are: {', '.join(there) or 'none'}",
        "Both real and fake clips are needed to train and to choose a checkpoint: extract more, or name other splits "
        "with --set data.train_split=... data.val_split=...",
    )


def _spread(clips: Sequence[str], most: int) -> list[int]:
    """Rows to keep: at most ``most`` of each run of equal clips, evenly spaced with both ends."""
    starts = [row for row in range(len(clips)) if row == 0 or clips[row] != clips[row - 1]]
    kept: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(clips)], strict=True):
        count = min(most, end - start)
        kept.extend(int(row) for row in np.linspace(start, end - 1, count).round())
    return kept


def _joined(first: pa.ChunkedArray, second: pa.ChunkedArray) -> list[str]:
    return [f"{one}/{two or ''}" for one, two in zip(first.to_pylist(), second.to_pylist(), strict=True)]


def _single(table: pa.Table, column: str, store: Path) -> str:
    values = table[column].unique().to_pylist()
    if len(values) != 1:
        raise FacefakeError(
            "store_recipe_mismatch",
            f"the crops of {store} differ in {column}: {', '.join(map(str, values))}",
            "Extract them again, into a new store.",
        )
    return str(values[0])


def _inside(store: Path, crop: str) -> Path:
    if Path(crop).is_absolute() or ".." in Path(crop).parts:
        raise FacefakeError("store_damaged", f"the manifest of {store} names {crop}, outside", "Extract it again.")
    return store / crop


Item = tuple[Tensor, int, int] | FacefakeError
Batch = tuple[Tensor, Tensor, Tensor] | FacefakeError


class CropDataset(Dataset[Item]):
    """Pictures for the network, as ``(picture, label, row)``: uint8 (3, size, size), so that few bytes travel.

    Indexed by ``(epoch, row)``: the augmentation of a crop depends on seed, epoch and row alone, whichever process does
    it and in whatever order. A crop that cannot be read is an error *returned*: raised in a loading process it would
    reach the training loop as a RuntimeError without its code.

    Args:
        crops: What to show.
        preprocess: The backbone's.
        augmentation: ``None`` to show crops as they are.
        seed: Of the run.
    """

    def __init__(
        self, crops: Crops, preprocess: Preprocess, augmentation: Augmentation | None = None, seed: int = 0
    ) -> None:
        self.crops = crops
        self._preprocess, self._augmentation, self._seed = preprocess, augmentation, seed

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: tuple[int, int]) -> Item:
        epoch, row = index
        try:
            crop = _open(self.crops.paths[row])
        except FacefakeError as error:
            return error
        if self._augmentation is not None:
            crop = self._augmentation(crop, _mixed(self._seed, epoch, row))
        return self._preprocess.resize(crop), int(self.crops.labels[row]), row


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on damaged files
        raise FacefakeError(
            "store_damaged",
            f"the crop {path} cannot be read ({error})",
            "Delete its clip's folder and extract it again.",
        ) from error


def _mixed(seed: int, epoch: int, row: int) -> int:
    """One 63-bit seed from three numbers, such that near ones give unrelated streams."""
    return int(np.random.SeedSequence([seed, epoch, row]).generate_state(1, np.uint64)[0] >> 1)


def collate(items: list[Item]) -> Batch:
    """A batch: pictures (n, 3, size, size) uint8, labels (n,) int64, rows (n,) int64; or its first error."""
    good = [item for item in items if not isinstance(item, FacefakeError)]
    if len(good) < len(items):
        return next(item for item in items if isinstance(item, FacefakeError))
    pictures, labels, rows = zip(*good, strict=True)
    return torch.stack(pictures), torch.tensor(labels), torch.tensor(rows)
