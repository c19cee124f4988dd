"""Results and reports as tables for people, for the terminal's stderr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from facefake.reporting.answers import looked_at, other_path
from facefake.reporting.tables import (
    TITLES,
    TOGETHER,
    anchor_rows,
    cell,
    coverage_line,
    detector_names,
    difference,
    is_absent,
    p_value,
    pair_name,
    percent,
    plain,
    why,
)
from facefake.scoring.result import ClipResult
from facefake.scoring.verdict import REASONS
from preprocessing.text import name_text, visible

MAX_ROWS = 200  # of a results table; the JSON and the CSV have them all
_STYLES = {"real": "green", "fake": "bold red", "inconclusive": "yellow", "error": "magenta"}


def print_results(results: Sequence[ClipResult], console: Console | None = None, notes: Sequence[str] = ()) -> None:
    """Print the results, what to know of all of them, and a hint for each kind of trouble.

    Args:
        results: In the order to show.
        console: One on stderr if not given: stdout is for machines.
        notes: Of :func:`facefake.evaluation.notes.notes_on`.
    """
    console = console or Console(stderr=True)
    console.print(results_table(results))
    for note in notes:
        console.print(Text(f"note: {visible(note)}"))
    for hint in _hints(results):
        console.print(Text(hint, style="dim"))


def _label(result: ClipResult) -> str:
    if result.truth is None:
        return ""
    word = "fake" if result.truth.label else "real"
    return word if result.truth.method in ("real", "fake") else f"{word}: {visible(result.truth.method)}"


def print_report(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report of :func:`facefake.evaluation.report.make_report` or a comparison, as :func:`print_results`."""
    tables = comparison_tables if report["kind"] == "comparison" else report_tables
    (console or Console(stderr=True)).print(tables(report))


def results_table(results: Sequence[ClipResult]) -> Table:
    """One row a clip: file, verdict, probability, what was judged, and in plain words why there is no verdict.

    Where both paths were asked, also what the other one said. Labelled clips show their method, which is what the
    verdict should have said. Clips that are not there have no row.
    """
    there = [result for result in results if not is_absent(result)]
    shown = there[:MAX_ROWS]
    labelled = any(result.truth for result in results)
    explained = any(why(result) for result in shown)
    two = any(result.other for result in shown)
    left_out = [f"{len(there) - len(shown)} more are not shown"] if len(there) > len(shown) else []
    if len(results) > len(there):
        left_out.append(f"{len(results) - len(there)} more are named by the data set and not there")
    table = Table(caption="; ".join(left_out) or None)
    table.add_column("file", overflow="fold", ratio=3)
    if labelled:
        table.add_column("labelled", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("P(fake)", justify="right", no_wrap=True)
    table.add_column("judged", overflow="fold")
    if two:
        table.add_column("other path", overflow="fold", ratio=2)
    if explained:
        table.add_column("why", overflow="fold", ratio=3)
    for result in shown:
        verdict = "error" if result.status == "error" else result.verdict
        # Text is never parsed for rich's [markup], which a file name may hold
        table.add_row(
            Text(visible(name_text(result.path))),
            *([Text(_label(result))] if labelled else []),
            Text(verdict, style=_STYLES[verdict]),
            "" if result.probability is None else f"{result.probability:.3f}",
            looked_at(result),
            *([other_path(result)] if two else []),
            *([Text(why(result))] if explained else []),
        )
    return table


def report_tables(report: Mapping[str, Any]) -> RenderableType:
    """Warnings, metrics over clips and frames, then by data set, published figures, methods, corruptions, coverage."""
    shown: list[RenderableType] = [Text(f"warning: {visible(line)}", style="bold yellow") for line in report["leakage"]]
    overall = _table("Detection report", "", "clip", "frame")
    for name, title in TITLES.items():
        overall.add_row(title, cell(report["video"][name]), cell(report["frame"][name]))
    shown.append(overall)
    if len(report["datasets"]) > 1:
        shown.append(_by_dataset(report))
    if report["anchors"]:
        shown.append(_published(report))
    if report["per_method"]:
        methods = _table("By method, against the reals of their data sets", "method", "fakes", "AUC", "EER")
        for name, metrics in report["per_method"].items():
            row = (Text(visible(name)), str(metrics["videos"]), cell(metrics["auc"]), cell(metrics["eer"]))
            methods.add_row(*row)
        if mean := report["mean_of_methods"]:
            methods.add_row("mean", "", plain(mean["auc"]), plain(mean["eer"]))
        shown.append(methods)
    if report["robustness"]:
        shown.append(_robustness(report))
    return Group(*shown, *(Text(visible(line)) for line in _sentences(report)))


def comparison_tables(document: Mapping[str, Any]) -> RenderableType:
    """Each detector's AUC, and how far each two lie apart."""
    names = detector_names(document)
    detectors = _table(f"On the same {document['common']['videos']} clips", "detector", "AUC", "EER", "coverage")
    warnings: list[RenderableType] = []
    for name, facts, report in zip(names, document["detectors"], document["reports"], strict=True):
        video = report["video"]
        detectors.add_row(Text(visible(name)), cell(video["auc"]), cell(video["eer"]), percent(facts["coverage"]))
        warnings += [Text(f"warning: {visible(f'{name}: {line}')}", style="bold yellow") for line in report["leakage"]]
    pairs = _table("Paired differences in AUC", "pair", "data set", "difference", "DeLong p")
    for pair in document["pairs"]:
        where = Text(visible(pair["dataset"] or TOGETHER))
        pairs.add_row(pair_name(pair), where, difference(pair["difference"]), p_value(pair["delong"]))
    return Group(*warnings, detectors, pairs, Text("In brackets: 95 % bootstrap interval, paired."))


def _by_dataset(report: Mapping[str, Any]) -> Table:
    table = _table("By data set, clip level", "data set", "AUC", "EER", "coverage")
    for name, part in report["datasets"].items():
        video = part["video"]
        table.add_row(Text(visible(name)), cell(video["auc"]), cell(video["eer"]), percent(part["coverage"]))
    if mean := report["mean"]:
        table.add_row("mean", plain(mean["auc"]), plain(mean["eer"]))
    return table


def _published(report: Mapping[str, Any]) -> Table:
    table = _table("AUC over clips beside published figures", "method", *report["datasets"], "source")
    ours = (plain(part["video"]["auc"] and part["video"]["auc"]["value"]) for part in report["datasets"].values())
    table.add_row("this detector", *ours, "this report")
    for row in anchor_rows(report["anchors"]):
        values = (plain(row.values.get(name)) for name in report["datasets"])
        table.add_row(Text(visible(row.method)), *values, Text(visible(row.source)))
    return table


def _robustness(report: Mapping[str, Any]) -> Table:
    table = _table("AUC under corruption", "corruption", "data set", "level: AUC")
    for row in report["robustness"]:
        levels = (f"{level['name']}: {plain(level['auc'] and level['auc']['value'])}" for level in row["levels"])
        what = f"{row['corruption']} at the {row['at']}"
        table.add_row(Text(visible(what)), Text(visible(row["dataset"])), Text(visible(", ".join(levels))))
    return table


def _sentences(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"In brackets: 95 % bootstrap interval over {report['bootstrap']['unit']}s."
    yield coverage_line(report["coverage"])
    wrong = report["auc_if_abstentions_wrong"]
    if wrong is not None and report["coverage"]["scored"] < report["coverage"]["videos"]:
        yield f"AUC if every clip without a score were ranked wrong: {wrong:.3f}"
    yield f"threshold {report['threshold']:g}: {report['threshold_source']}"
    yield from report["notes"]


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    table.add_column(Text(visible(first)), overflow="fold")
    for name in columns:
        table.add_column(Text(visible(name)), overflow="fold")
    return table


def _hints(results: Sequence[ClipResult]) -> list[str]:
    """What to do, once for each code and reason, in order of appearance."""
    hints: dict[str, str] = {}
    for result in results:
        if result.error:
            hints.setdefault(result.error.code, visible(result.error.hint))
        elif result.reason:
            hints.setdefault(result.reason, REASONS[result.reason].hint)
    return [f"hint ({code}): {hint}" for code, hint in hints.items()]
