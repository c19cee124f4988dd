"""Pictures in, their features out: made where they are missing, read where they are not.

What a picture shows is told by its bytes, so one that lies in two places is encoded once, and one that was replaced is
encoded anew. Encoding goes on where it was stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from facefake.features.hashes import Hashes
from facefake.features.identity import View
from facefake.features.pictures import Augmented, Look, collate
from facefake.features.store import FeatureStore
from facefake.features.tower import Tower
from facefake.progress import Progress, silent
from preprocessing.clip import File
from preprocessing.corruptions import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry


class Encoded:
    """Features of n pictures; those that are asked for are read from the disk.

    Args:
        stores: One for each random view, or the one of pictures as they are.
        contents: Content of each picture that has features, by its number from 0.
        failed: What befell the others.

    Attributes:
        shape: (n, views, dim); the five squares of ``five-crop`` are five views.
        failed: As given.
        bytes_per_picture: Disk space of a picture's features, all views.
    """

    def __init__(
        self, stores: Sequence[FeatureStore], contents: Mapping[int, bytes], failed: dict[int, FacefakeError]
    ) -> None:
        count = len(contents) + len(failed)
        self._stores, self.failed = stores, failed
        self._rows = np.full((len(stores), count), -1, np.int64)
        for rows, store in zip(self._rows, stores, strict=True):
            rows[list(contents)] = store.rows(list(contents.values()))
        squares, dim = stores[0].shape
        self.shape = (count, len(stores) * squares, dim)
        self.bytes_per_picture = sum(store.bytes_per_picture for store in stores)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, pictures: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Features (m, views, dim) of some of the pictures.

        Raises:
            FacefakeError: Of the first of them that failed.
        """
        self._check(pictures)
        parts = [store.read(rows[np.asarray(pictures)]) for store, rows in zip(self._stores, self._rows, strict=True)]
        return np.concatenate(parts, axis=1)

    def view(self, number: int, pictures: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Features (m, dim) of one random view of some of the pictures.

        Raises:
            FacefakeError: Of the first of them that failed.
        """
        self._check(pictures)
        return self._stores[number].read(self._rows[number][np.asarray(pictures)])[:, 0]

    def forget(self) -> None:
        """Remove them from the disk; they cannot be read any more."""
        for store in self._stores:
            shutil.rmtree(store.folder)

    def _check(self, pictures: Sequence[int] | NDArray[np.int64]) -> None:
        for picture in pictures if self.failed else ():
            if int(picture) in self.failed:
                raise self.failed[int(picture)]


def encode_pictures(
    files: Sequence[File],
    tower: Tower,
    geometry: CropGeometry,
    root: Path,
    *,
    corruption: Corruption | None = None,
    augmented: Augmented | None = None,
    workers: int = 0,
    progress: Progress = silent,
) -> Encoded:
    """Features of pictures, from the disk as far as they are there.

    Args:
        files: The pictures: whole ones, or the crops of a face store.
        tower: What encodes them.
        geometry: How a whole picture becomes the backbone's squares; of crops, how they were cut.
        root: The folder of all features.
        corruption: What is done to a picture before it is looked at; noise is drawn by its content.
        augmented: Random views; ``None``: one view, of the picture as it is.
        workers: Processes that decode.
        progress: Shows it, e.g. :func:`facefake.progress.progress_bar`.

    Returns:
        Features of all pictures but those that could not be read, which it names.

    Raises:
        FacefakeError: ``store_damaged``, ``not_writable``, ``corruption_invalid``, ``weights_invalid``.

    Example:
        Test pictures are encoded once and classified by several detectors on the same frozen base::

            tower = Tower.of(detectors[0])
            files = [clip.file for clip in clips]
            encoded = encode_pictures(files, tower, geometry, Path("features"))
            good = [number for number in range(len(files)) if number not in encoded.failed]
            scores = [detector.classify(encoded.read(good)[:, 0]) for detector in detectors]
    """
    if corruption is not None:
        corruption.at_crop(np.zeros((16, 16, 3), np.uint8), 0)  # one of videos is refused here, not for each picture
    contents, failed = _contents(files, Hashes(root), progress)
    plain = replace(tower.identity(geometry), corruption=str(corruption) if corruption else None)
    stores = [
        FeatureStore.open(root, replace(plain, view=View(augmented.digest, number) if augmented else None))
        for number in range(augmented.views if augmented else 1)
    ]
    shown_by = {content: picture for picture, content in contents.items()}
    unreadable: dict[bytes, FacefakeError] = {}
    for number, store in enumerate(stores):
        look = Look(files, contents, geometry, tower.preprocess, corruption, augmented, number)
        pictures = [shown_by[each] for each in store.missing(contents.values()) if each not in unreadable]
        title = "encode" if len(stores) == 1 else f"encode view {number + 1} of {len(stores)}"
        with progress(title, len(pictures)) as done:
            unreadable |= _fill(store, look, pictures, tower, workers, done)
    failed |= {picture: unreadable[content] for picture, content in contents.items() if content in unreadable}
    return Encoded(stores, {picture: contents[picture] for picture in contents if picture not in failed}, failed)


def _fill(
    store: FeatureStore, look: Look, pictures: list[int], tower: Tower, workers: int, done: Callable[[str], None]
) -> dict[bytes, FacefakeError]:
    """Encode pictures and keep their features; returns what befell those that cannot be read, by their content."""
    failed: dict[bytes, FacefakeError] = {}
    # processes, not threads: augmentations draw from torch's global generator
    loader = DataLoader(
        look,
        tower.batch_size,
        sampler=pictures,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=tower.device.type == "cuda",  # or the copy to the device would wait, whatever it is told
    )
    for came, squares, lost in loader:
        if came:
            features = tower.encode(squares.flatten(0, 1))
            store.add(came, features.reshape(len(came), *store.shape))
        failed |= lost
        for _ in (*came, *lost):
            done("")
    return failed


def _contents(
    files: Sequence[File], hashes: Hashes, progress: Progress
) -> tuple[dict[int, bytes], dict[int, FacefakeError]]:
    """Content of each file, by its number; and what befell those that cannot be read."""
    contents: dict[int, bytes] = {}
    failed: dict[int, FacefakeError] = {}
    with progress("look for new pictures", len(files)) as done:
        for picture, found in enumerate(hashes.of(files)):
            if isinstance(found, FacefakeError):
                failed[picture] = found
            else:
                contents[picture] = found
            done("")
    return contents, failed
