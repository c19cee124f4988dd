"""A study as CSV: one row for each figure, to be filtered and plotted elsewhere.

Columns:

================== ===========================================================================================
study              its name
recipe, strategy   what was trained
per_class          training pictures of each class; empty for all there are
seed               of training; of a mean over several seeds, ``mean of N``
corruption         as ``kind:level``; empty if clean
kind, generator    ``generator``, or ``merge`` or ``mean`` of several, and its name
metric             as in the JSON
value, low, high   the figure, 0..1, and its 95 % interval: over pictures, of means of several seeds over seeds
paper              the published figure that compares with it
reals, fakes       scored pictures it was computed from
unread             pictures that could not be read
threshold          the one fixed on validation pictures
================== ===========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from facefake.reporting.csv_table import write_table
from facefake.reporting.study_tables import TITLES

_FACTS = ("recipe", "strategy", "per_class", "seed", "corruption", "kind", "generator")
_COUNTS = ("reals", "fakes", "unread")
COLUMNS = ("study", *_FACTS, "metric", "value", "low", "high", "paper", *_COUNTS, "threshold")

_Row = dict[str, Any]


def write_study_csv(target: str | Path, report: Mapping[str, Any]) -> None:
    """Write a study to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    write_table(target, COLUMNS, _rows(report))


def _rows(report: Mapping[str, Any]) -> Iterator[_Row]:
    key = ("recipe", "per_class", "corruption", "generator")
    papers = {tuple(row[name] for name in key): row["paper"] for row in report["summary"]}
    for row in report["rows"]:
        yield from _figures(report["name"], row, papers[tuple(row[name] for name in key)])
    for row in report["summary"]:
        if len(row["seeds"]) > 1:
            over_seeds = {**row, "seed": f"mean of {len(row['seeds'])}", "threshold": None}
            yield from _figures(report["name"], over_seeds, row["paper"])


def _figures(study: str, row: Mapping[str, Any], paper: Mapping[str, float] | None) -> Iterator[_Row]:
    about = {"study": study} | {name: row[name] for name in (*_FACTS, *_COUNTS, "threshold")}
    for metric in TITLES:
        yield about | {"metric": metric, "paper": (paper or {}).get(metric)} | (row["metrics"][metric] or {})
