"""Crops of a face store, and whole pictures, as training and validation sets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image

from facefake.training.draw import draw
from preprocessing.clip import FAKE, REAL, Clip, File
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.recipe import NO_FACES
from preprocessing.store import FaceStore, clip_of_row
from preprocessing.whole import read_picture


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Labelled crops of one split, or whole pictures, sorted by clip and frame. A picture is a clip of one frame.

    Attributes:
        split: Its name.
        files: Where each lies: a file, and of a table of pictures the row in it.
        labels: (n,) int64, real 0, fake 1.
        clips: Clip of each crop, ``<dataset>/<path relative to the data root>``.
        pairs: Pair of each crop, ``<dataset>/<pair>``, or ``None``.
        sources: The clips they are of, each once, in their order, as far as the store knows them.
        frames: (n,) int64 frame index.
        datasets: Names of the data sets.
        geometry: The one geometry all were cut with; ``None`` for whole pictures, which are not cut yet.
        face_detector: The one face detector all were found with, or :data:`preprocessing.recipe.NO_FACES`.
        sha256: Digest over what training depends on: files' names, clips, frames and labels.
    """

    split: str
    files: list[File]
    labels: NDArray[np.int64]
    clips: list[str]
    pairs: list[str | None]
    sources: list[Clip]
    frames: NDArray[np.int64]
    datasets: list[str]
    geometry: CropGeometry | None
    face_detector: str
    sha256: str

    def __len__(self) -> int:
        return len(self.files)

    @property
    def clip_count(self) -> int:
        """Number of different clips."""
        return len(self.sources)

    def open(self, row: int) -> Image.Image:
        """A crop as stored, or a whole picture, upright and in RGB.

        Raises:
            FacefakeError: ``store_damaged`` for a crop; for a picture what
                :func:`preprocessing.whole.read_picture` raises.
        """
        path, member = self.files[row]
        return _open_crop(path) if self.geometry else Image.fromarray(read_picture(path, member))

    def drawn(self, per_class: int | None, seed: int, *, fewer: bool = False) -> Crops:
        """Those of so many clips of each class, drawn evenly over folders by the seed (:func:`draw`); ``None``: all.

        Args:
            per_class: So many of each.
            seed: Of the draw. Of the same seed a smaller number is part of a larger one.
            fewer: Take all there are where there are fewer.

        Raises:
            FacefakeError: ``config_invalid`` where there are fewer and that was not allowed.
        """
        if per_class is None:
            return self
        chosen = [self.sources[place] for place in draw(self.sources, per_class, seed, fewer=fewer)]
        names = {_name(clip) for clip in chosen}
        rows = [row for row, name in enumerate(self.clips) if name in names]
        return replace(
            self,
            files=[self.files[row] for row in rows],
            labels=self.labels[rows],
            clips=[self.clips[row] for row in rows],
            pairs=[self.pairs[row] for row in rows],
            sources=chosen,
            frames=self.frames[rows],
            datasets=sorted({clip.dataset for clip in chosen}),
            sha256=hashlib.sha256(f"{self.sha256} {rows}".encode()).hexdigest(),
        )


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
    _check_classes(set(table["split"].to_pylist()), set(chosen["label"].to_pylist()), split, str(store))
    chosen = chosen.sort_by([("dataset", "ascending"), ("clip", "ascending"), ("frame", "ascending")])
    names = _joined(chosen["dataset"], chosen["clip"])
    kept = _spread(names, frames_per_clip)
    chosen = chosen.take(pa.array(kept))
    names = [names[row] for row in kept]
    lines = zip(names, *(chosen[name].to_pylist() for name in ("frame", "label", "crop")), strict=True)
    return Crops(
        split=split,
        files=[(_inside(store, crop), None) for crop in chosen["crop"].to_pylist()],
        labels=chosen["label"].to_numpy().astype(np.int64),
        clips=names,
        pairs=[None if pair.endswith("/") else pair for pair in _joined(chosen["dataset"], chosen["pair"])],
        sources=_sources(chosen, names),
        frames=chosen["frame"].to_numpy(),
        datasets=sorted(set(chosen["dataset"].to_pylist())),
        geometry=CropGeometry.from_dict(json.loads(_single(chosen, "geometry", store))),
        face_detector=_single(chosen, "face_detector", store),
        sha256=hashlib.sha256("\n".join(map(repr, lines)).encode()).hexdigest(),
    )


def read_pictures(clips: Sequence[Clip], split: str) -> Crops:
    """The labelled pictures of a split, each a clip of one frame. No file is opened.

    Args:
        clips: Whole pictures, of any splits.
        split: Which split.

    Raises:
        FacefakeError: ``split_empty``, saying which splits there are and whether both classes are in it.
    """
    chosen = sorted(
        (clip for clip in clips if clip.split == split and clip.label is not None),
        key=lambda clip: (clip.dataset, clip.key),
    )
    labels = [int(clip.label == FAKE) for clip in chosen]
    _check_classes({clip.split for clip in clips}, set(labels), split, "the data set")
    names = [_name(clip) for clip in chosen]
    return Crops(
        split=split,
        files=[clip.file for clip in chosen],
        labels=np.array(labels, np.int64),
        clips=names,
        pairs=[clip.pair and f"{clip.dataset}/{clip.pair}" for clip in chosen],
        sources=chosen,
        frames=np.zeros(len(chosen), np.int64),
        datasets=sorted({clip.dataset for clip in chosen}),
        geometry=None,
        face_detector=NO_FACES,
        sha256=hashlib.sha256("\n".join(map(repr, zip(names, labels, strict=True))).encode()).hexdigest(),
    )


def _name(clip: Clip) -> str:
    return f"{clip.dataset}/{clip.key}"


def _sources(chosen: pa.Table, names: Sequence[str]) -> list[Clip]:
    first = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
    columns = ("dataset", "clip", "method", "label", "split", "pair", "compression", "identities")
    rows = chosen.select(columns).take(pa.array(first, pa.int64())).to_pylist()
    return [clip_of_row(row, Path(row["clip"]), row["clip"]) for row in rows]


def _check_classes(splits: set[str | None], labels: set[int], split: str, place: str) -> None:
    if labels == {REAL, FAKE}:
        return
    there = ", ".join(sorted(map(str, splits))) or "none"
    lack = "nothing labelled" if not labels else "only fakes" if labels == {FAKE} else "only reals"
    raise FacefakeError(
        "split_empty",
        f"the split {split!r} of {place} holds {lack}; its splits are: {there}",
        "Both real and fake clips are needed to train and to choose a checkpoint: bring more, or name other splits "
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


def _open_crop(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on damaged files
        raise FacefakeError(
            "store_damaged",
            f"the crop {path} cannot be read ({error})",
            "Delete its clip's folder and extract it again.",
        ) from error
