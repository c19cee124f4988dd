"""A study as Markdown: tables for a paper, ours beside the published figures, and what it takes to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from facefake.reporting.markdown import table
from facefake.reporting.output import open_output
from facefake.reporting.study_tables import (
    OVERVIEW,
    TITLES,
    Row,
    largest,
    levels,
    lines,
    mean_names,
    means,
    paper_percents,
    paper_words,
    percents,
    recipes,
    run_words,
    size_words,
)
from facefake.reporting.tables import origin
from facefake.reporting.text import markdown
from preprocessing.text import visible

_Lines = Iterator[str]
_PUBLISHED = {"accuracy": "paper: accuracy", "ap": "paper: AP"}


def write_study_markdown(target: str | Path, report: Mapping[str, Any]) -> None:
    """Write :func:`study_markdown` to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(study_markdown(report))


def study_markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown, ending in a line break; figures are in %.

    Args:
        report: Of :func:`facefake.evaluation.study_report.make_study_report`.
    """
    return "\n".join([f"# Study: {markdown(report['name'])}", *_body(report)]) + "\n"


def _body(report: Mapping[str, Any]) -> _Lines:
    study = report["study"]
    train, tests = study["train"]["dataset"], ", ".join(each["dataset"] for each in study["tests"])
    yield f"\n{markdown(report['about'])} Trained on {markdown(train)}, tested on {markdown(tests)}."
    for sentence in (*report["failed"], *report["not_run"]):
        yield f"\n> **Warning:** {markdown(sentence)}"
    yield "\nFigures are in %, intervals in brackets."
    for note in report["notes"]:
        yield f"\nNote: {markdown(note)}"
    for name in mean_names(report["summary"]):
        yield from _means(report, name)
    yield from _robustness(report)
    yield from _generators(report)
    yield from _runs(report)
    if command := origin(report)["command"]:
        yield "\n## To repeat this"
        yield f"\n    {visible(shlex.join(command))}"


def _figures(row: Row) -> Iterator[str]:
    yield from (percents(row["metrics"][metric]) for metric in TITLES)
    yield from (paper_percents(row, metric) for metric in _PUBLISHED)


def _means(report: Mapping[str, Any], name: str) -> _Lines:
    rows = means(report, name)
    if not rows:
        return
    yield f"\n## {markdown(name[:1].upper() + name[1:])}, of {rows[0]['sets']} generators\n"
    yield from table(
        ("recipe", "pictures", "seeds", *TITLES.values(), *_PUBLISHED.values()),
        (
            (markdown(row["recipe"]), size_words(row["per_class"]), str(len(row["seeds"])), *_figures(row))
            for row in rows
        ),
    )


def _robustness(report: Mapping[str, Any]) -> _Lines:
    names = {name for found in levels(report).values() for name in found}
    rows = [row for row in report["summary"] if row["kind"] == "mean" and row["corruption"] in names]
    if rows:
        yield "\n## Robustness\n"
        facts = ("recipe", "corruption", "generator")
        cells = ((*(markdown(row[fact]) for fact in facts), str(row["sets"]), *_figures(row)) for row in rows)
        yield from table(("recipe", "corruption", "", "sets", *TITLES.values(), *_PUBLISHED.values()), cells)


def _generators(report: Mapping[str, Any]) -> _Lines:
    rows, names = largest(report), recipes(report)
    for metric in OVERVIEW if rows else ():
        yield f"\n## By generator: {TITLES[metric]}\n"
        published = metric in _PUBLISHED and report["published"]
        header = ["generator", "real", "fake"]
        for name in names:
            header += [markdown(name), *(["paper"] if published else [])]
        yield from table(header, _across(report, metric, bool(published)))
    for name in names:
        yield f"\n## {markdown(name)}\n"
        yield from table(
            ("generator", "real", "fake", "unread", *TITLES.values(), *_PUBLISHED.values()),
            (
                (
                    markdown(row["generator"]),
                    *(str(row[count]) for count in ("reals", "fakes", "unread")),
                    *_figures(row),
                )
                for row in rows
                if row["recipe"] == name
            ),
        )


def _across(report: Mapping[str, Any], metric: str, published: bool) -> Iterable[list[str]]:
    for line in lines(report, largest(report)):
        some = next(iter(line.rows.values()))
        cells = [markdown(line.name), str(some["reals"]), str(some["fakes"])]
        for name in recipes(report):
            row = line.rows.get(name)
            cells.append(percents(row["metrics"][metric]) if row else "")
            if published:
                cells.append(paper_percents(row, metric) if row else "")
        yield cells


def _runs(report: Mapping[str, Any]) -> _Lines:
    yield "\n## What was trained\n"
    rows = (
        (
            markdown(run["name"]),
            markdown(run["strategy"]),
            size_words(run["per_class"]),
            str(run["seed"]),
            run_words(run),
            f"{run['threshold']:.4f}",
            markdown(run["threshold_source"]),
            run["detector"],
        )
        for run in report["runs"]
    )
    header = ("run", "strategy", "pictures", "seed", "validation", "threshold", "fixed by", "detector (SHA-256)")
    yield from table(header, rows)
    if sentences := paper_words(report):
        yield "\nThe paper's models:\n"
        yield from (f"- {markdown(sentence)}" for sentence in sentences)
