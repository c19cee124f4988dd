"""Pictures in the rows of Parquet files, the form in which Hugging Face serves image sets.

The pictures are the files themselves, as bytes: in a column of bytes or, as the library ``datasets`` writes it, in the
field ``bytes`` of a column of structures. Rows are read one by one: cheaply in the order they stand in, while out of
order each costs its row group up to there. Of the file only a few rows are held at a time; how many its decoder needs
beside them is up to who wrote the file, for a page of Parquet is read whole.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing.errors import FacefakeError
from preprocessing.video.safe import MAX_PICTURE, check_bytes, local_file
from preprocessing.video.types import Limits

HELD = 2**24
"""Bytes of pictures held of a file, if none is larger."""

_NAMES = ("image_data", "image", "img", "picture", "jpg", "png")  # tried in this order where several columns hold bytes


def picture_bytes(path: Path, row: str, limits: Limits | None = None) -> bytes:
    """The file of one picture.

    Args:
        path: A Parquet file.
        row: Number of the row, from 0: a clip's ``member``.
        limits: Its ``bytes`` are checked, of the Parquet file and of the picture.

    Raises:
        FacefakeError: ``not_found`` also for a row that is not there; ``unreadable`` for a file that is damaged or no
            Parquet, or has no column of pictures, and for an empty row; else as
            :func:`preprocessing.video.check_file`.
    """
    limits = limits or Limits()
    name = f"{path.name}, row {row}"
    real, head, size = local_file(path, limits)
    if not head.startswith(b"PAR1"):
        raise FacefakeError("unreadable", f"{path.name} is no Parquet file.", "Get it again from its source.")
    # a file that was replaced is opened anew, and a process forked from this one opens its own
    table = _table(real, size, real.stat().st_mtime_ns, os.getpid())
    try:
        data = table.picture(int(row))
    except _DAMAGE as error:
        raise FacefakeError("unreadable", f"{name} cannot be read ({error}).", "Get the file again.") from error
    if data is None:
        raise FacefakeError("unreadable", f"{name} holds no picture.", "Look whether the release gives it as a file.")
    check_bytes(name, len(data), min(limits.bytes, MAX_PICTURE))
    return data


_DAMAGE = (OSError, ValueError, pa.ArrowException, StopIteration)  # the last where a file holds fewer rows than it says


class _Table:
    """One Parquet file with the pictures of the rows last read."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        # not read ahead, not mapped: a file that is cut off meanwhile is an error and not the end of the process
        self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20)
        self._column, self._nested = _picture_column(self._file.schema_arrow, path)
        groups = [self._file.metadata.row_group(number) for number in range(self._file.metadata.num_row_groups)]
        self._ends = np.cumsum([group.num_rows for group in groups])
        self._batches = self._file.iter_batches(row_groups=[])
        self._group, self._first, self._held = -1, 0, pa.array([], pa.binary())
        self._lock = Lock()

    def picture(self, row: int) -> bytes | None:
        """The bytes in a row, ``None`` if it has none.

        Raises:
            FacefakeError: ``not_found``.
        """
        rows = int(self._ends[-1]) if len(self._ends) else 0
        if not 0 <= row < rows:
            raise FacefakeError("not_found", f"{self._name} has {rows} rows and no row {row}.", "Get it again.")
        with self._lock:
            self._go_to(row)
            return self._held[row - self._first].as_py()

    def _go_to(self, row: int) -> None:
        """Hold the row; those before it in its row group are passed over, for Parquet has no other way in."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        if group != self._group or row < self._first:
            columns, rows = [self._column], self._rows_held(group)
            self._batches = self._file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)
            self._group, self._first = group, int(self._ends[group]) - self._file.metadata.row_group(group).num_rows
            self._held = self._held[:0]
        while row >= self._first + len(self._held):
            self._first += len(self._held)
            column = next(self._batches).column(0)
            self._held = column.field("bytes") if self._nested else column

    def _rows_held(self, group: int) -> int:
        """So many rows of a group hold :data:`HELD` bytes or less, going by the mean."""
        found = self._file.metadata.row_group(group)
        columns = [found.column(place) for place in range(found.num_columns)]
        size = sum(each.total_uncompressed_size for each in columns if each.path_in_schema == self._column)
        return max(1, min(found.num_rows, found.num_rows * HELD // max(size, 1)))


@lru_cache(maxsize=2)
def _table(path: Path, size: int, changed: int, process: int) -> _Table:
    try:
        return _Table(path)
    except _DAMAGE as error:
        raise FacefakeError(
            "unreadable", f"{path.name} is a damaged Parquet file ({error}).", "Get it again from its source."
        ) from error


def _picture_column(schema: pa.Schema, path: Path) -> tuple[str, bool]:
    """The path of the column of pictures, and whether it is a field of structures."""
    columns = {field.name: field.type for field in schema}
    found = {
        name: pa.types.is_struct(kind)
        for name, kind in columns.items()
        if _is_bytes(kind) or (pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0)
    }
    name = next(iter(found), None) if len(found) == 1 else next((name for name in _NAMES if name in found), None)
    if name is None:
        raise FacefakeError(
            "unreadable",
            f"{path.name} has no column of pictures that can be told from others: {', '.join(columns)}.",
            "One column must hold the bytes of picture files, under the name image say.",
        )
    return (f"{name}.bytes", True) if found[name] else (name, False)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
