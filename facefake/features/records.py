"""Files of records of one size that only ever grow: what was written stays as it is, whoever is killed."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from preprocessing.errors import FacefakeError
from preprocessing.files import writing

KEY = 32
"""Bytes of a record's key: a SHA-256."""

_CHECK = 4  # bytes of the CRC-32 that ends a record


class RecordFile:
    """An append-only file of records: a key, a value, and a checksum of both.

    A record that a killed process left half written at the end is not there for readers, and the next writer writes
    over it. Whoever appends holds a lock of its own (:func:`facefake.features.lock.locked`).

    Args:
        path: The file; it need not exist yet.
        size: Bytes of a value.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.width = KEY + size + _CHECK

    def read(self, start: int = 0) -> list[tuple[bytes, bytes]]:
        """The whole records from number ``start`` on, as (key, value).

        Raises:
            FacefakeError: ``store_damaged`` for a record that is not as it was written.
        """
        width = self.width
        try:
            with self.path.open("rb") as file:
                file.seek(start * width)
                data = file.read()
        except FileNotFoundError:
            return []
        records = [data[at : at + width] for at in range(0, len(data) - width + 1, width)]
        for number, record in enumerate(records, start):
            if zlib.crc32(record[:-_CHECK]).to_bytes(_CHECK, "little") != record[-_CHECK:]:
                raise damaged(self.path, f"record {number} is not as it was written", self.path)
        return [(record[:KEY], record[KEY:-_CHECK]) for record in records]

    def append(self, records: Sequence[tuple[bytes, bytes]], count: int) -> None:
        """Append records, once those before are on the disk.

        Args:
            records: (key, value) each.
            count: Whole records there are: what follows them is half a record and goes.
        """
        bodies = [key + value for key, value in records]
        data = b"".join(body + zlib.crc32(body).to_bytes(_CHECK, "little") for body in bodies)
        write_at(self.path, count * self.width, data)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Write bytes at a place of a file, drop what stood behind it, and wait until they are on the disk.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with writing(path), path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(offset)
        file.truncate()
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def damaged(path: Path, what: str, delete: Path) -> FacefakeError:
    """The error for a file of kept features that is not to be believed, with what to delete."""
    return FacefakeError("store_damaged", f"{path}: {what}.", f"Delete {delete}: what was in it is made anew.")
