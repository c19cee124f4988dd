"""A report or a comparison as CSV: one row for each figure, to be filtered and plotted elsewhere.

Columns:

========================= ====================================================================================
detector                  its name; of a difference, both
dataset                   ``all`` for all together, ``mean`` for the plain mean over data sets
level                     ``video`` or ``frame``
by, subset                ``all`` and ``all``, or what is divided by (``method``, ``compression``, ``people``, a
                          corruption and where it is applied) and which of them
metric                    as in the JSON; ``auc_if_abstentions_wrong``, ``auc_difference``, ``delong_p`` too
value, low, high          the figure and its 95 % interval; empty where it cannot be computed
reals, fakes              scored videos it was computed from
scored, videos            coverage: with a score, of all
========================= ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from facefake.reporting.csv_table import write_table
from facefake.reporting.tables import GROUPS, TITLES, TOGETHER, detector_names, parts

COLUMNS = (
    *("detector", "dataset", "level", "by", "subset", "metric"),
    *("value", "low", "high", "reals", "fakes", "scored", "videos"),
)

_Row = dict[str, Any]


def write_report_csv(target: str | Path, document: Mapping[str, Any]) -> None:
    """Write a report or a comparison to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    write_table(target, COLUMNS, _rows(document))


def _rows(document: Mapping[str, Any]) -> Iterator[_Row]:
    names = detector_names(document)
    if document["kind"] == "comparison":
        for name, report in zip(names, document["reports"], strict=True):
            yield from _report(name, report)
        yield from _differences(names, document)
    else:
        yield from _report(names[0], document)


def _report(detector: str, report: Mapping[str, Any]) -> Iterator[_Row]:
    for name, part in parts(report):
        about = {"detector": detector, "dataset": "all" if name == TOGETHER else name}
        yield from _part(about, part)
    if report["mean"]:
        about = {"detector": detector, "dataset": "mean", "level": "video", "by": "all", "subset": "all"}
        for metric in TITLES:
            yield about | {"metric": metric, "value": report["mean"][metric]}
    for row in report["robustness"]:
        about = {"detector": detector, "dataset": row["dataset"], "level": "video"}
        about["by"] = f"{row['corruption']} at the {row['at']}"
        for level in row["levels"]:
            yield (
                about | {"subset": level["name"], "metric": "auc"} | (level["auc"] or {}) | _covered(level["coverage"])
            )


def _part(about: _Row, part: Mapping[str, Any]) -> Iterator[_Row]:
    counts = {"reals": part["counts"]["real"], "fakes": part["counts"]["fake"]} | _covered(part["coverage"])
    whole = about | {"by": "all", "subset": "all"} | counts
    for level in ("video", "frame"):
        yield from _metrics(whole | {"level": level}, part[level])
    wrong = {"level": "video", "metric": "auc_if_abstentions_wrong", "value": part["auc_if_abstentions_wrong"]}
    yield whole | wrong
    for group in GROUPS:
        for name, subset in part[group].items():
            row = about | {"level": "video", "by": group.removeprefix("per_"), "subset": name}
            row |= {"reals": subset["reals"], "fakes": subset["videos"]} | _covered(subset["coverage"])
            yield from _metrics(row, subset)
    if part["mean_of_methods"]:
        for metric, mean in part["mean_of_methods"].items():
            yield about | {"level": "video", "by": "method", "subset": "mean", "metric": metric, "value": mean}


def _metrics(about: _Row, metrics: Mapping[str, Any]) -> Iterator[_Row]:
    for metric in TITLES:
        yield about | {"metric": metric} | (metrics[metric] or {})


def _covered(coverage: Mapping[str, Any]) -> _Row:
    return {"scored": coverage["scored"], "videos": coverage["videos"]}


def _differences(names: list[str], document: Mapping[str, Any]) -> Iterator[_Row]:
    for pair in document["pairs"]:
        about = {"detector": f"{names[pair['a']]} - {names[pair['b']]}", "dataset": pair["dataset"] or "all"}
        about |= {"level": "video", "by": "all", "subset": "all", "scored": pair["videos"], "videos": pair["videos"]}
        yield about | {"metric": "auc_difference"} | (pair["difference"] or {})
        yield about | {"metric": "delong_p", "value": pair["delong"] and pair["delong"]["p"]}
