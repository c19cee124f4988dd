"""Rows of named cells as CSV, in which a spreadsheet finds no formula to run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from facefake.reporting.output import open_output
from facefake.reporting.text import spreadsheet


def write_table(target: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a header and rows to a file or, for ``-``, stdout.

    Args:
        target: Where to.
        columns: In their order.
        rows: Cells by column; those that are not there or ``None`` are empty.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow({name: spreadsheet(cell) if isinstance(cell, str) else cell for name, cell in row.items()})
