"""What all forms of a study's report show alike: which figures, in what order, as what words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TITLES = {
    "auc": "AUC",
    "ap": "AP",
    "accuracy": "accuracy at 0.5",
    "accuracy_val": "accuracy at the validated threshold",
    "macro_f1": "macro-F1 at 0.5",
    "macro_f1_val": "macro-F1 at the validated threshold",
}
"""Metrics in the order they are shown."""

OVERVIEW = ("ap", "accuracy", "accuracy_val")
"""Those compared across recipes: ranking, verdicts as published, and verdicts as they could have been given."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table across recipes: a generator, and each recipe's row of the summary where there is one."""

    name: str
    kind: str
    rows: dict[str, Row]


def percents(metric: Mapping[str, float | None] | None) -> str:
    """A metric of 0..1 in %, with its interval.

    Example:
        >>> percents({"value": 0.966, "low": 0.959, "high": 0.972}), percents(None)
        ('96.6 [95.9, 97.2]', '-')
    """
    if metric is None or metric["value"] is None:
        return "-"
    value = f"{100 * metric['value']:.1f}"
    if metric["low"] is None or metric["high"] is None:
        return value
    return f"{value} [{100 * metric['low']:.1f}, {100 * metric['high']:.1f}]"


def paper_percents(row: Row, metric: str) -> str:
    """The published figure that a row's metric compares with, in %, or nothing.

    Example:
        >>> paper_percents({"paper": {"ap": 0.966}}, "ap"), paper_percents({"paper": None}, "ap")
        ('96.6', '')
    """
    value = (row["paper"] or {}).get(metric)
    return "" if value is None else f"{100 * value:.1f}"


def size_words(per_class: int | None) -> str:
    """How many training pictures, real and fake together.

    Example:
        >>> size_words(100000), size_words(16), size_words(None)
        ('200k', '32', 'all')
    """
    if per_class is None:
        return "all"
    images = 2 * per_class
    return f"{images // 1000}k" if images % 1000 == 0 else f"{images:,}"


def recipes(report: Mapping[str, Any]) -> list[str]:
    """The recipes that were tested, in the order of the study."""
    there = {row["recipe"] for row in report["summary"]}
    return [name for name in dict.fromkeys(run["recipe"] for run in report["runs"]) if name in there]


def sizes(report: Mapping[str, Any]) -> list[int | None]:
    """The training sizes that were tested, a class's pictures each, smallest first."""
    return sorted({row["per_class"] for row in report["summary"]}, key=lambda size: (size is None, size))


def largest(report: Mapping[str, Any]) -> list[Row]:
    """The clean rows of each recipe at its largest size."""
    best: dict[str, int | None] = {}
    for size in sizes(report):
        best |= {row["recipe"]: size for row in report["summary"] if row["per_class"] == size}
    rows = report["summary"]
    return [row for row in rows if row["corruption"] is None and row["per_class"] == best[row["recipe"]]]


def means(report: Mapping[str, Any], generator: str = "mean") -> list[Row]:
    """The clean means over generators, of every recipe and size."""
    rows = report["summary"]
    return [row for row in rows if row["corruption"] is None and row["generator"] == generator]


def mean_names(rows: Iterable[Row]) -> list[str]:
    """The means there are: over all generators, and without those that stand apart."""
    return list(dict.fromkeys(row["generator"] for row in rows if row["kind"] == "mean"))


def lines(report: Mapping[str, Any], rows: Sequence[Row]) -> list[Line]:
    """A line a generator across recipes: single ones as far as they are in no merge, then merges, then means."""
    merged = {part for parts in report["study"]["merges"].values() for part in parts}
    found: dict[str, Line] = {}
    for row in rows:
        if row["kind"] != "generator" or row["generator"] not in merged:
            found.setdefault(row["generator"], Line(row["generator"], row["kind"], {})).rows[row["recipe"]] = row
    order = ("generator", "merge", "mean")
    return sorted(found.values(), key=lambda line: order.index(line.kind))


def levels(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """The levels of each kind of corruption that were tested, mild to harsh, as ``kind:level``."""
    there = {row["corruption"] for row in report["summary"]}
    found = {
        ladder["kind"]: [f"{ladder['kind']}:{level:g}" for level in ladder["levels"]]
        for ladder in report["study"]["corruptions"]
    }
    known = {kind: [name for name in names if name in there] for kind, names in found.items()}
    return {kind: names for kind, names in known.items() if names}


def run_words(run: Mapping[str, Any]) -> str:
    """What a run was validated on.

    Example:
        >>> run_words({"validation": {"reals": 100, "fakes": 99, "auc": 0.98765}})
        '100 real, 99 fake, AUC 0.988'
    """
    facts = run["validation"]
    return f"{facts['reals']} real, {facts['fakes']} fake, AUC {facts['auc']:.3f}"


def paper_words(report: Mapping[str, Any]) -> list[str]:
    """Which published models the figures beside ours are of.

    Example:
        >>> table = {"images": 80000, "method": "linear probing", "figures": {}}
        >>> published = {"source": "them", "generators": {"linear": table}}
        >>> paper_words({"published": published, "summary": [{"strategy": "linear"}]})
        ['linear: linear probing, 80k training pictures (them)']
    """
    published = report["published"]
    if not published:
        return []
    there = dict.fromkeys(row["strategy"] for row in report["summary"])
    tables = {strategy: published["generators"].get(strategy) for strategy in there}
    return [
        f"{strategy}: {table['method']}, {size_words(table['images'] // 2)} training pictures ({published['source']})"
        for strategy, table in tables.items()
        if table
    ]
