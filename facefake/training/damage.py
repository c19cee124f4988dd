"""Pictures that cannot be read: left out of the run by name, as long as they are few."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from facefake.training.data import Crops
from facefake.training.dataset import Batch
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic

MOST = 0.01
"""Share of a split's pictures that may be damaged."""

Entry = tuple[str, int, str, str]
"""Split, row, code and reason."""


class Damage:
    """What of a run's splits could not be read.

    One damaged picture among hundreds of thousands must not end a run of hours: it is left out of every batch it would
    be in, and nothing takes its place, so that the others meet each other as they would have. It is named in a table.
    A crop of a face store is our own work and can be made again: one that is damaged stops the run.

    Args:
        path: The table, written when the first is found.
        splits: Training and validation.
    """

    def __init__(self, path: Path, *splits: Crops) -> None:
        self._path = path
        self._splits = {crops.split: crops for crops in splits}
        self._entries: dict[tuple[str, int], Entry] = {}

    def note(self, split: str, batch: Batch) -> None:
        """Take note of what a batch lacks.

        Raises:
            FacefakeError: The crop's own error; ``unreadable`` where more than :data:`MOST` of the split, or all of a
                batch, is damaged; ``not_writable``.
        """
        crops = self._splits[split]
        if crops.geometry is not None and batch.failed:
            raise batch.failed[0][1]
        fresh = [(row, error) for row, error in batch.failed if (split, row) not in self._entries]
        if not fresh:
            return
        self._entries |= {(split, row): (split, row, error.code, error.message) for row, error in fresh}
        self._write()
        count = self.count(split)
        if count > MOST * len(crops) or not len(batch.rows):
            raise FacefakeError(
                "unreadable",
                f"{count} of the {len(crops)} pictures of the split {split!r} that were looked at so far cannot be "
                f"read, the last {crops.clips[fresh[-1][0]]} ({fresh[-1][1].message})",
                f"Get those named in {self._path} again, or remove them.",
            )

    def count(self, split: str) -> int:
        """How many of a split are known to be damaged."""
        return sum(each == split for each, _ in self._entries)

    def names(self) -> list[str]:
        """The damaged pictures, in order of split and row."""
        return [self._splits[split].clips[row] for split, row in sorted(self._entries)]

    def state(self) -> list[Entry]:
        """What a resumed run must know, as plain values."""
        return list(self._entries.values())

    def restore(self, state: list[Entry]) -> None:
        """Take up :meth:`state`."""
        self._entries = {(split, row): (split, row, code, reason) for split, row, code, reason in state}

    def _write(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("split", "picture", "code", "reason"))
        for (split, row), (_, _, code, reason) in sorted(self._entries.items()):
            writer.writerow((split, self._splits[split].clips[row], code, reason))
        write_atomic(self._path, text.getvalue().encode())
