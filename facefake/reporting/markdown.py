"""Results and reports as Markdown: tables for a paper, coverage beside them, and what it takes to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from facefake.evaluation.notes import notes_on
from facefake.reporting.answers import looked_at, other_path
from facefake.reporting.output import open_output
from facefake.reporting.tables import (
    GROUP_NOTES,
    GROUPS,
    TITLES,
    TOGETHER,
    anchor_rows,
    cell,
    counted,
    coverage_line,
    detector_names,
    difference,
    flat,
    is_absent,
    origin,
    p_value,
    pair_name,
    parts,
    percent,
    plain,
    reason_words,
    split_line,
    why,
)
from facefake.reporting.text import markdown
from facefake.scoring.result import ClipResult
from preprocessing.text import name_text, visible

_Lines = Iterator[str]


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
    known = {key: head[key] for key in ("tool", "detector", "settings")}
    if report is None:
        notes = _notes(notes_on(head))
        lines = ["# Detection report", *notes, *_clips("Clips", results), *_facts("## Detector and settings", known)]
        return _joined(lines)
    # the absent are counted in the report, and there may be thousands
    unscored = [result for result in results if result.status != "scored" and not is_absent(result)]
    made = known | {name: fact for name, fact in (report["provenance"] or {}).items() if fact}
    lines = [
        "# Detection report",
        *_report(report),
        *(_clips("Clips without a score", unscored) if unscored else ()),
        *_repeat({**report, "provenance": made}),
    ]
    return _joined(lines)


def write_report_markdown(target: str | Path, document: Mapping[str, Any]) -> None:
    """Write a report or a comparison to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        if document["kind"] == "comparison":
            file.write(_joined([f"# Comparison of {len(document['reports'])} detectors", *_comparison(document)]))
        else:
            file.write(_joined(["# Detection report", *_report(document), *_repeat(document)]))


# ---- a report ----


def _report(report: Mapping[str, Any]) -> _Lines:
    bootstrap = report["bootstrap"]
    yield from _warnings(report)
    yield ""
    yield from _overview(report)
    yield (
        f"\nClip level. In brackets: 95 % intervals, percentile bootstrap over {bootstrap['unit']}s, "
        f"{bootstrap['resamples']} resamples, seed {bootstrap['seed']}. Accuracy is at threshold "
        f"{report['threshold']:g} ({markdown(report['threshold_source'])})."
    )
    yield from _notes(report["notes"])
    yield from _published(report)
    for name, part in parts(report):
        yield from _part(name, part)
    yield from _robustness(report)


def _warnings(report: Mapping[str, Any]) -> _Lines:
    for sentence in report["leakage"]:
        yield f"\n> **Warning:** {markdown(sentence)}"


def _overview(report: Mapping[str, Any]) -> _Lines:
    rows = []
    for name, part in parts(report):
        counts = part["counts"]
        about = (markdown(name), percent(part["coverage"]), str(counts["fake"]), str(counts["real"]))
        rows.append((*about, *(cell(part["video"][metric]) for metric in TITLES)))
    if report["mean"]:
        rows.append(("mean of the data sets", "", "", "", *(plain(report["mean"][metric]) for metric in TITLES)))
    yield from table(("data set", "coverage", "fake", "real", *TITLES.values()), rows)


def _published(report: Mapping[str, Any]) -> _Lines:
    if not report["anchors"]:
        return
    names = list(report["datasets"])
    yield "\n## Beside published figures\n"
    rows = [("this detector", *(cell(part["video"]["auc"]) for part in report["datasets"].values()), "this report")]
    for row in anchor_rows(report["anchors"]):
        values = (plain(row.values.get(name)) for name in names)
        rows.append((markdown(row.method), *values, markdown("; ".join(filter(None, (row.source, row.note))))))
    yield from table(("method", *map(markdown, names), "source"), rows)
    yield "\nAUC over clips. Published figures are as their source gives them and were not measured here."


def _part(name: str, part: Mapping[str, Any]) -> _Lines:
    yield f"\n## {markdown(name[:1].upper() + name[1:] if name == TOGETHER else name)}\n"
    rows = [(title, cell(part["video"][metric]), cell(part["frame"][metric])) for metric, title in TITLES.items()]
    yield from table(("metric", "clip level", "frame level"), rows)
    yield f"\nCoverage: {coverage_line(part['coverage'])}. Metrics speak of scored clips only."
    if (wrong := part["auc_if_abstentions_wrong"]) is not None:
        yield f"If every clip without a score were ranked wrong, the AUC would be {wrong:.3f}."
    if part["reasons"]:
        yield ""
        reasons = sorted(part["reasons"].items(), key=lambda item: -item[1])
        rows = [(str(count), markdown(reason_words(code)), markdown(code)) for code, count in reasons]
        yield from table(("clips", "why they have no score", "code"), rows)
    for group, what in GROUPS.items():
        if part[group]:
            yield f"\n### By {what}\n"
            header = (what, "coverage", "fake", "real", *TITLES.values())
            subsets = [_subset(key, subset) for key, subset in part[group].items()]
            if group == "per_method" and (means := part["mean_of_methods"]):
                subsets.append(("mean of the methods", "", "", "", *(plain(means[metric]) for metric in TITLES)))
            yield from table(header, subsets)
            yield f"\n{GROUP_NOTES[group]}"


def _subset(name: str, subset: Mapping[str, Any]) -> tuple[str, ...]:
    about = (markdown(name), percent(subset["coverage"]), str(subset["videos"]), str(subset["reals"]))
    return *about, *(cell(subset[metric]) for metric in TITLES)


def _robustness(report: Mapping[str, Any]) -> _Lines:
    if not report["robustness"]:
        return
    yield "\n## Robustness\n"
    rows = (
        (
            *(markdown(row[key]) for key in ("corruption", "at", "dataset", "unit")),
            markdown(level["name"]),
            cell(level["auc"]),
            percent(level["coverage"]),
        )
        for row in report["robustness"]
        for level in row["levels"]
    )
    yield from table(("corruption", "at", "data set", "unit", "level", "AUC", "coverage"), rows)


def _repeat(report: Mapping[str, Any]) -> _Lines:
    made = origin(report)
    yield from _command(made["command"])
    rows = [
        ("threshold", f"{report['threshold']:g}"),
        ("threshold source", markdown(report["threshold_source"])),
        ("splits", markdown(split_line(report["splits"]))),
        *(((markdown(f"calibration.{name}"), markdown(fact))) for name, fact in flat(report["calibration"] or {})),
        *([] if report["calibration"] else [("calibration", "none: P(fake) is the raw score")]),
    ]
    yield ""
    yield from table(("", "value"), rows)
    if report["protocols"]:
        yield "\n### Protocols\n"
        protocols = (
            (
                markdown(facts["dataset"]),
                str(facts["version"]),
                str(facts["clips"]),
                markdown(counted(facts["splits"])),
                facts["sha256"],
            )
            for facts in report["protocols"]
        )
        yield from table(("data set", "version", "clips", "splits", "SHA-256"), protocols)
    yield from _facts(
        "### Detector and settings",
        {key: made[key] for key in ("tool", "detector", "settings", "versions") if made[key]},
    )
    yield from _inputs(made["inputs"])


def _command(command: Sequence[str] | None) -> _Lines:
    yield "\n## To repeat this"
    if command:
        # indented, so that nothing in it ends the block
        yield f"\n    {visible(shlex.join(command))}"


def _inputs(files: Sequence[Mapping[str, Any]] | None) -> _Lines:
    if files:
        yield "\n### Files read\n"
        yield from table(("file", "SHA-256"), ((markdown(file["path"]), file["sha256"]) for file in files))


# ---- a comparison ----


def _comparison(document: Mapping[str, Any]) -> _Lines:
    names = detector_names(document)
    for name, report in zip(names, document["reports"], strict=True):
        for sentence in report["leakage"]:
            yield f"\n> **Warning:** {markdown(name)}: {markdown(sentence)}"
    yield f"\nOn the same {document['common']['videos']} clips, those that all of them have scored.\n"
    rows = (
        (markdown(name), coverage_line(facts["coverage"]), markdown(facts["file"]), facts["sha256"] or "not known")
        for name, facts in zip(names, document["detectors"], strict=True)
    )
    yield from table(("detector", "coverage of its own", "scores", "SHA-256"), rows)
    yield "\n## Side by side\n"
    reports = document["reports"]
    yield from table(
        ("clip level", *map(markdown, names)),
        ((title, *(cell(report["video"][metric]) for report in reports)) for metric, title in TITLES.items()),
    )
    if len(reports[0]["datasets"]) > 1:
        yield "\n## AUC by data set\n"
        by_set = [
            (markdown(name), *(cell(report["datasets"][name]["video"]["auc"]) for report in reports))
            for name in reports[0]["datasets"]
        ]
        means = (plain(report["mean"]["auc"]) for report in reports)
        yield from table(("data set", *map(markdown, names)), [*by_set, ("mean of the data sets", *means)])
    yield "\n## Paired differences in AUC\n"
    pairs = (
        (
            pair_name(pair),
            markdown(pair["dataset"] or TOGETHER),
            str(pair["videos"]),
            difference(pair["difference"]),
            p_value(pair["delong"]),
        )
        for pair in document["pairs"]
    )
    yield from table(("pair", "data set", "clips", "difference", "DeLong p"), pairs)
    bootstrap = reports[0]["bootstrap"]
    yield (
        f"\nIn brackets: 95 % intervals, percentile bootstrap over {bootstrap['unit']}s, both detectors on the same "
        f"{bootstrap['resamples']} resamples, seed {bootstrap['seed']}. p: DeLong's test (1988) "
        f"over {bootstrap['unit']}s (Obuchowski 1997)."
    )
    made = origin(document)
    yield from _command(made["command"])
    yield from _inputs(made["inputs"])
    for name, report in zip(names, reports, strict=True):
        yield f"\n# {markdown(name)}"
        yield from _report(report)
        yield from _repeat(report)


# ---- what all are built of ----


def _clips(title: str, results: Sequence[ClipResult]) -> _Lines:
    if not results:
        return
    two = any(result.other for result in results)
    yield f"\n## {title}\n"
    rows = (
        (
            markdown(name_text(result.path)),
            "error" if result.status == "error" else result.verdict,
            "" if result.probability is None else f"{result.probability:.3f}",
            looked_at(result),
            *([markdown(other_path(result))] if two else []),
            markdown(why(result)),
        )
        for result in results
    )
    yield from table(("file", "verdict", "P(fake)", "judged", *(["other path"] if two else []), "why"), rows)


def _notes(notes: Sequence[str]) -> _Lines:
    for note in notes:
        yield f"\nNote: {markdown(note)}"


def _facts(title: str, facts: Mapping[str, Any]) -> _Lines:
    """Nested settings as flat rows, ``settings.abstention.min_frames``."""
    if facts:
        yield f"\n{title}\n"
        yield from table(("", "value"), ((markdown(name), markdown(fact)) for name, fact in flat(facts)))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table whose cells are Markdown already."""
    yield f"| {' | '.join(header)} |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
