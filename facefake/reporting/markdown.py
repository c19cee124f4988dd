"""The report on labelled clips as Markdown: a table for a paper, and what it takes to repeat it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from facefake.reporting.output import open_output
from facefake.reporting.tables import TITLES, cell, coverage_line
from facefake.reporting.text import markdown


def write_markdown(target: str | Path, head: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Write :func:`markdown_report` to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(markdown_report(head, report))


def markdown_report(head: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """The report in words and tables.

    Args:
        head: From :func:`facefake.scoring.result.document_head`: tool, detector and settings.
        report: From :func:`facefake.evaluation.report.make_report`.

    Returns:
        Markdown, ending in a line break.
    """
    counts, bootstrap = report["counts"], report["bootstrap"]
    lines = [
        "# Detection report",
        "",
        *_table(("", *TITLES.values()), _metric_rows(report)),
        "",
        f"95 % intervals: percentile bootstrap over {bootstrap['unit']}s, {bootstrap['resamples']} resamples, "
        f"seed {bootstrap['seed']}. A method's row compares its fakes with all reals. "
        f"Accuracy is at threshold {report['threshold']:g}.",
        "",
        f"Coverage: {coverage_line(report['coverage'])}. "
        f"Scored: {counts['real']} real, {counts['fake']} fake. Metrics speak of scored clips only.",
        *[f"\nNote: {markdown(note)}" for note in report["notes"]],
        "",
        "## Detector and settings",
        "",
        *_table(("", "value"), _facts({key: head[key] for key in ("tool", "detector", "settings")})),
    ]
    return "\n".join(lines) + "\n"


def _metric_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    methods = report["per_method"]
    rows = [("video", report["video"]), ("frame", report["frame"])]
    rows += [(f"{name} ({methods[name]['videos']} videos)", methods[name]) for name in methods]
    for name, metrics in rows:
        yield markdown(name), *(markdown(cell(metrics[metric])) for metric in TITLES)


def _facts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as flat rows, ``settings.abstention.min_frames``."""
    if isinstance(value, Mapping):
        for key in value:
            yield from _facts(value[key], f"{name}.{key}" if name else str(key))
    else:
        yield markdown(name), markdown("none" if value is None else str(value))


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"
