"""A report or a comparison as one HTML page that needs nothing else: no network, no script, no file beside it.

A strict content security policy stands in the page itself, and every text that reaches it is escaped and shown through
:func:`facefake.reporting.text.visible`: file names, methods and notes may come from strangers.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from facefake.evaluation.paths import detectors_in
from facefake.reporting import canvas, plots
from facefake.reporting.output import open_output
from facefake.reporting.tables import (
    GROUP_NOTES,
    GROUPS,
    MEANINGS,
    TITLES,
    TOGETHER,
    anchor_rows,
    cell,
    counted,
    coverage_line,
    detector_names,
    flat,
    letter,
    origin,
    p_value,
    pair_name,
    parts,
    percent,
    plain,
    reason_words,
    split_line,
)
from preprocessing.text import visible

Thumbnails = Mapping[tuple[str, str], bytes | None]
"""JPEG by data set and clip, ``None`` where there is no picture to be had."""

PICTURES = 40  # on a page of one report: with its text they keep ten data sets under a megabyte
_COLUMNS = ("ap", "eer", "accuracy", "tpr_at_fpr_1", "tpr_at_fpr_5")  # beside AUC; the other forms have them all

_Worst = tuple[str, Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table of data sets, methods and the like; ``first`` stands out."""

    name: str
    fakes: int
    reals: int
    coverage: Mapping[str, Any]
    metrics: Mapping[str, Any]
    first: bool = False


def write_html(target: str | Path, document: Mapping[str, Any], thumbnails: Thumbnails | None = None) -> None:
    """Write :func:`html_page` to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(html_page(document, thumbnails))


def html_page(document: Mapping[str, Any], thumbnails: Thumbnails | None = None) -> str:
    """The page.

    Args:
        document: A report of :func:`facefake.evaluation.report.make_report`, or a comparison.
        thumbnails: From :func:`facefake.reporting.thumbnails.thumbnails` of :func:`examples`; without one, a mistake
            is shown with a placeholder.
    """
    picture = pictures(thumbnails or {})
    if document["kind"] == "comparison":
        names = detector_names(document)
        return (
            environment()
            .get_template("comparison.html")
            .render(
                document=document,
                names=names,
                left_out={entry["detector"]: entry["videos"] for entry in document["common"]["left_out"]},
                overlaid={name: report["curves"] for name, report in zip(names, document["reports"], strict=True)},
                worst=[list(_worst(report, PICTURES // len(names))) for report in document["reports"]],
                picture=picture,
            )
        )
    return (
        environment()
        .get_template("report.html")
        .render(report=document, worst=list(_worst(document, PICTURES)), picture=picture)
    )


def examples(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The mistakes that the page shows, and so those whose pictures are wanted."""
    reports = document["reports"] if document["kind"] == "comparison" else [document]
    found = [
        example
        for report in reports
        for _, alarms, misses in _worst(report, PICTURES // len(reports))
        for example in (*alarms, *misses)
    ]
    return list({(example["dataset"], example["clip"]): example for example in found}.values())


def _worst(report: Mapping[str, Any], pictures: int) -> Iterator[_Worst]:
    """The worst mistakes of each data set: fewer of each the more data sets there are."""
    each = max(1, min(6, pictures // (2 * max(1, len(report["datasets"])))))
    for name, part in report["datasets"].items():
        alarms, misses = part["worst"]["false_alarms"][:each], part["worst"]["misses"][:each]
        if alarms or misses:
            yield name, alarms, misses


def pictures(thumbnails: Thumbnails) -> Callable[[Mapping[str, Any]], str | None]:
    """How a template asks for the picture of an example, as the text of a data URI."""

    def picture(example: Mapping[str, Any]) -> str | None:
        jpeg = thumbnails.get((example["dataset"], example["clip"]))
        return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}" if jpeg else None

    return picture


def environment() -> Environment:
    """The templates, with everything they use; whatever they show is escaped and visible."""
    found = Environment(
        loader=PackageLoader("facefake.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {
        "COLUMNS": _COLUMNS,
        "GROUPS": GROUPS,
        "STYLES": canvas.STYLES,
        "GROUP_NOTES": GROUP_NOTES,
        "TITLES": TITLES,
        "TOGETHER": TOGETHER,
        "along": _along,
        "anchor_rows": anchor_rows,
        "cell": cell,
        "counted": counted,
        "detectors_in": detectors_in,
        "coverage_line": coverage_line,
        "flat": flat,
        "inputs": _inputs,
        "letter": letter,
        "largest_difference": _largest_difference,
        "least_auc": _least_auc,
        "meanings_rows": [(TITLES[name], words) for name, words in MEANINGS.items()],
        "p_value": p_value,
        "part_curves": lambda report: {name: part["curves"] for name, part in parts(report)},
        "part_rows": _part_rows,
        "pair_name": pair_name,
        "percent": percent,
        "plain": plain,
        "origin": origin,
        "plots": plots,
        "reason_words": reason_words,
        "robustness_rows": robustness_rows,
        "shell": shlex.join,
        "split_line": split_line,
        "subset_rows": _subset_rows,
    }
    return found


def _shown(value: object) -> object:
    """What any expression of a template puts on the page; what comes from a macro is on it already."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _part_rows(report: Mapping[str, Any]) -> list[Row]:
    return [
        Row(name, part["counts"]["fake"], part["counts"]["real"], part["coverage"], part["video"], first=part is report)
        for name, part in parts(report)
    ]


def _subset_rows(subsets: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    return [
        Row(name, subset["videos"], subset["reals"], subset["coverage"], subset) for name, subset in subsets.items()
    ]


def robustness_rows(robustness: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows that belong in one plot: of one corruption, at one place."""
    together: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in robustness:
        together.setdefault((row["corruption"], row["at"]), []).append(row)
    return list(together.values())


def _inputs(files: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(file["path"], f"SHA-256 {file['sha256']}") for file in files]


def _least_auc(rows: Sequence[Row]) -> float:
    """Where the scale of AUC intervals begins: 0.5, or below where one does."""
    return plots.floor_tenth([0.5, *(plots.bound(row.metrics["auc"], "low") for row in rows if row.metrics["auc"])])


def _largest_difference(pairs: Sequence[Mapping[str, Any]]) -> float:
    """Half the length of the scale of differences."""
    bounds = [
        abs(plots.bound(pair["difference"], which)) for pair in pairs if pair["difference"] for which in ("low", "high")
    ]
    return max([0.01, *bounds])


def _along(value: float, low: float, high: float) -> str:
    """Where on a scale, as CSS says it."""
    return f"{100 * min(1.0, max(0.0, (value - low) / (high - low))):.1f}%"
