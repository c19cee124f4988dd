"""Results as Markdown: for labelled clips a table for a paper, and always what it takes to repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from facefake.reporting.output import open_output
from facefake.reporting.tables import TITLES, cell, coverage_line, why
from facefake.reporting.text import markdown
from facefake.scoring.result import ClipResult


def write_markdown(
    target: str | Path,
    head: Mapping[str, Any],
    results: Sequence[ClipResult],
    report: Mapping[str, Any] | None = None,
) -> None:
    """Write :func:`markdown_report` to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(markdown_report(head, results, report))


def markdown_report(
    head: Mapping[str, Any], results: Sequence[ClipResult], report: Mapping[str, Any] | None = None
) -> str:
    """The report, the clips it does not speak of, and what it takes to repeat it. Without labels: all clips.

    Args:
        head: From :func:`facefake.scoring.result.document_head`: tool, detector and settings.
        results: Of all clips.
        report: From :func:`facefake.evaluation.report.make_report`.

    Returns:
        Markdown, ending in a line break.
    """
    listed = [result for result in results if result.status != "scored"] if report else results
    lines = [
        "# Detection report",
        *(_report(report) if report else ()),
        *(_clips("Clips without a score" if report else "Clips", listed) if listed else ()),
        "",
        "## Detector and settings",
        "",
        *_table(("", "value"), _facts({key: head[key] for key in ("tool", "detector", "settings")})),
    ]
    return "\n".join(lines) + "\n"


def _report(report: Mapping[str, Any]) -> Iterator[str]:
    counts, bootstrap = report["counts"], report["bootstrap"]
    yield ""
    yield from _table(("", *TITLES.values()), _metric_rows(report))
    yield (
        f"\n95 % intervals: percentile bootstrap over {bootstrap['unit']}s, {bootstrap['resamples']} resamples, "
        f"seed {bootstrap['seed']}. A method's row compares its fakes with all reals. "
        f"Accuracy is at threshold {report['threshold']:g}."
    )
    yield (
        f"\nCoverage: {coverage_line(report['coverage'])}. "
        f"Scored: {counts['real']} real, {counts['fake']} fake. Metrics speak of scored clips only."
    )
    for note in report["notes"]:
        yield f"\nNote: {markdown(note)}"


def _clips(title: str, results: Sequence[ClipResult]) -> Iterator[str]:
    yield f"\n## {title}\n"
    rows = (
        (
            markdown(result.path),
            "error" if result.status == "error" else result.verdict,
            "" if result.probability is None else f"{result.probability:.3f}",
            markdown(why(result)),
        )
        for result in results
    )
    yield from _table(("file", "verdict", "P(fake)", "why"), rows)


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


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"
