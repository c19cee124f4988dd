"""Results and reports as tables for people, for the terminal's stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from facefake.reporting.tables import TITLES, cell, coverage_line, why
from facefake.reporting.text import visible
from facefake.scoring.result import ClipResult
from facefake.scoring.verdict import REASONS

MAX_ROWS = 200  # of a results table; the JSON and the CSV have them all
_STYLES = {"real": "green", "fake": "bold red", "inconclusive": "yellow", "error": "magenta"}


def print_results(results: Sequence[ClipResult], console: Console | None = None) -> None:
    """Print the results, and a hint for each kind of trouble.

    Args:
        results: In the order to show.
        console: One on stderr if not given: stdout is for machines.
    """
    console = console or Console(stderr=True)
    console.print(results_table(results))
    for hint in _hints(results):
        console.print(Text(hint, style="dim"))


def _label(result: ClipResult) -> str:
    if result.truth is None:
        return ""
    word = "fake" if result.truth.label else "real"
    return word if result.truth.method in ("real", "fake") else f"{word}: {visible(result.truth.method)}"


def print_report(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report of :func:`facefake.evaluation.report.make_report`, as :func:`print_results`."""
    (console or Console(stderr=True)).print(report_tables(report))


def results_table(results: Sequence[ClipResult]) -> Table:
    """One row a clip: file, verdict, probability, people, and in plain words why there is no verdict.

    Labelled clips show their method, which is what the verdict should have said.
    """
    shown = results[:MAX_ROWS]
    labelled = any(result.truth for result in results)
    explained = any(why(result) for result in shown)
    table = Table(caption=f"{len(results) - len(shown)} more are not shown" if len(results) > len(shown) else None)
    table.add_column("file", overflow="fold", ratio=3)
    if labelled:
        table.add_column("labelled", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("P(fake)", justify="right", no_wrap=True)
    table.add_column("people", justify="right", no_wrap=True)
    if explained:
        table.add_column("why", overflow="fold", ratio=3)
    for result in shown:
        verdict = "error" if result.status == "error" else result.verdict
        # Text is never parsed for rich's [markup], which a file name may hold
        table.add_row(
            Text(visible(result.path)),
            *([Text(_label(result))] if labelled else []),
            Text(verdict, style=_STYLES[verdict]),
            "" if result.probability is None else f"{result.probability:.3f}",
            _people(result),
            *([Text(why(result))] if explained else []),
        )
    return table


def report_tables(report: Mapping[str, Any]) -> RenderableType:
    """Metrics over videos and frames, then by method, then coverage and notes."""
    overall = Table(title="Detection report", title_justify="left")
    overall.add_column("")
    overall.add_column("video", no_wrap=True)
    overall.add_column("frame", no_wrap=True)
    for name, title in TITLES.items():
        overall.add_row(title, cell(report["video"][name]), cell(report["frame"][name]))
    parts: list[RenderableType] = [overall]
    if report["per_method"]:
        methods = Table(title="By method, against all reals", title_justify="left")
        methods.add_column("method", overflow="fold")
        methods.add_column("videos", justify="right")
        methods.add_column("AUC", no_wrap=True)
        methods.add_column("EER", no_wrap=True)
        for name, metrics in report["per_method"].items():
            methods.add_row(Text(visible(name)), str(metrics["videos"]), cell(metrics["auc"]), cell(metrics["eer"]))
        parts.append(methods)
    bootstrap = report["bootstrap"]
    parts.append(Text(f"In brackets: 95 % bootstrap interval over {bootstrap['unit']}s."))
    parts += [Text(line) for line in (coverage_line(report["coverage"]), *report["notes"])]
    return Group(*parts)


def _people(result: ClipResult) -> str:
    """How many count, and of how many seen if those are more."""
    if result.status == "error":
        return ""
    seen = len(result.people)
    counting = sum(person.reason is None for person in result.people)
    return str(seen) if counting == seen else f"{counting} of {seen}"


def _hints(results: Sequence[ClipResult]) -> list[str]:
    """What to do, once for each code and reason, in order of appearance."""
    hints: dict[str, str] = {}
    for result in results:
        if result.error:
            hints.setdefault(result.error.code, visible(result.error.hint))
        elif result.reason:
            hints.setdefault(result.reason, REASONS[result.reason].hint)
    return [f"hint ({code}): {hint}" for code, hint in hints.items()]
