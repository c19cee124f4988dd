"""Features on disk, by the content of the picture they are of.

::

    features/
      hashes                  content of the files seen, by path, size and time (facefake.features.hashes)
      <digest>/               one folder for each identity: everything that changes a feature
        identity.json
        features.f32          rows of float32, read through a memory map
        index                 a record a row: SHA-256 of the picture's content, CRC-32 of the row
        lock

A batch's rows are on the disk before their records are, and a row without a record does not exist. So a process killed
at any moment costs the batch it was writing, and a reader never sees half a row. What was changed or cut by anything
else is found by the checksums, and refused.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facefake.features.identity import Identity
from facefake.features.lock import locked
from facefake.features.records import RecordFile, damaged, write_at
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic


class FeatureStore:
    """The features of one identity. Made by :meth:`open`.

    Several processes may read and add at the same time.

    Args:
        folder: Its folder.
        shape: Of one picture's features: (squares, dim).
    """

    def __init__(self, folder: Path, shape: tuple[int, int]) -> None:
        self.folder, self.shape = folder, shape
        self._data = folder / "features.f32"
        self._index = RecordFile(folder / "index", 4)
        self._row_of: dict[bytes, int] = {}
        self._checks: list[int] = []
        self._mapped: NDArray[np.float32] = np.zeros((0, *self.shape), np.float32)
        self._catch_up()

    @classmethod
    def open(cls, root: Path, identity: Identity) -> FeatureStore:
        """The features of an identity below ``root``, made if there are none.

        Raises:
            FacefakeError: ``store_damaged``, ``not_writable``.

        Example:
            >>> import tempfile
            >>> from preprocessing.faces import CropGeometry
            >>> identity = Identity("tiny-vit", "", "pooled", 64, 32, (0.5,) * 3, (0.5,) * 3, "fp32", CropGeometry())
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     store = FeatureStore.open(Path(folder), identity)
            ...     store.add([bytes(32)], np.ones((1, 1, 64), np.float32))
            ...     store.read(store.rows([bytes(32)])).shape
            (1, 1, 64)
        """
        folder = Path(root) / identity.digest
        about = folder / "identity.json"
        if not about.exists():
            write_atomic(about, json.dumps(identity.to_dict(), indent=1, sort_keys=True).encode())
        try:
            there = json.loads(about.read_text())
        except (OSError, ValueError) as error:
            raise damaged(about, f"it cannot be read ({error})", folder) from error
        if there != identity.to_dict():
            raise damaged(about, "it is not what its folder's name says", folder)
        return cls(folder, (identity.squares, identity.dim))

    def __len__(self) -> int:
        return len(self._checks)

    @property
    def bytes_per_picture(self) -> int:
        """Disk space of one picture's features and their record."""
        return self._row_bytes + self._index.width

    def missing(self, contents: Iterable[bytes]) -> list[bytes]:
        """Those of the contents that have no features yet, each once, in order."""
        return [content for content in dict.fromkeys(contents) if content not in self._row_of]

    def add(self, contents: Sequence[bytes], features: NDArray[np.float32]) -> None:
        """Keep the features of pictures; those that are kept already stay as they are.

        Args:
            contents: SHA-256 of each picture's content.
            features: (n, squares, dim).

        Raises:
            FacefakeError: ``not_writable``, ``store_damaged``; ``weights_invalid`` for features that are not finite.
        """
        if features.shape != (len(contents), *self.shape):
            raise ValueError(f"features of shape {features.shape} for {len(contents)} pictures of {self.shape}")
        if not np.isfinite(features).all():
            raise FacefakeError(
                "weights_invalid",
                "the backbone gives features that are not finite",
                "Use trainer.precision=fp32, or other weights.",
            )
        with locked(self.folder / "lock"):
            self._catch_up()  # with what other processes have added
            new = {content: row for row, content in enumerate(contents) if content not in self._row_of}
            rows = [features[row].astype("<f4").tobytes() for row in new.values()]
            write_at(self._data, len(self) * self._row_bytes, b"".join(rows))
            records = [(content, zlib.crc32(row).to_bytes(4, "little")) for content, row in zip(new, rows, strict=True)]
            self._index.append(records, len(self))
            self._catch_up()

    def rows(self, contents: Sequence[bytes]) -> NDArray[np.int64]:
        """Row of each content's features, once what lies there is seen to be what was written.

        Raises:
            FacefakeError: ``store_damaged``.
            KeyError: For contents that have no features.
        """
        rows = np.array([self._row_of[content] for content in contents], np.int64)
        kept = self._map()
        for row in np.unique(rows):
            if zlib.crc32(kept[row].tobytes()) != self._checks[row]:
                raise damaged(self._data, f"row {row} is not as it was written", self.folder)
        return rows

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features (n, squares, dim) of rows; only these are read from the disk."""
        return np.asarray(self._map()[rows], np.float32)

    @property
    def _row_bytes(self) -> int:
        return 4 * self.shape[0] * self.shape[1]

    def _map(self) -> NDArray[np.float32]:
        if len(self._mapped) < len(self):
            self._mapped = np.memmap(self._data, "<f4", "r", shape=(len(self), *self.shape))
        return self._mapped

    def _catch_up(self) -> None:
        """Take in the records that were written since."""
        for content, check in self._index.read(len(self)):
            self._row_of[content] = len(self)
            self._checks.append(int.from_bytes(check, "little"))
        there = self._data.stat().st_size if self._data.exists() else 0
        if there < len(self) * self._row_bytes:
            raise damaged(self._data, f"it ends before row {there // self._row_bytes} of {len(self)}", self.folder)
