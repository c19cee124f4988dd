"""A results file of ``facefake score`` (:mod:`facefake.scoring.result`) read back for a report.

:class:`facefake.reporting.JsonResults` writes one result a line, and so it is read: a file of 100,000 videos with 32
frames each is most of a gigabyte, of which a report needs a tenth. A file that some other program has laid out anew is
read as a whole instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from facefake.evaluation.paths import on_one_scale, thresholds_in
from facefake.evaluation.scores import Collector, Scores
from facefake.scoring.result import SCHEMA
from preprocessing.errors import FacefakeError

_OPENING = '"results": ['  # how the first line ends


@dataclass(frozen=True, slots=True, eq=False)
class ScoresFile:
    """What a results file says.

    Attributes:
        path: The file.
        head: ``schema``, ``tool``, ``detector`` and ``settings``.
        scores: Its labelled results.
        report: The report that was made when it was written, if there was one.
    """

    path: Path
    head: dict[str, Any]
    scores: Scores
    report: dict[str, Any] | None


def read_scores(path: Path) -> ScoresFile:
    """Read a results file.

    Raises:
        FacefakeError: ``not_found``; ``scores_invalid`` for a file that is cut off, damaged or not one of ours.
    """
    collector = Collector()
    try:
        with path.open(encoding="utf-8-sig") as file:  # an editor may have put a byte order mark before it
            first = file.readline()
            if first.rstrip().endswith(_OPENING):
                document = _by_line(first, file, collector)
            else:
                document = _as_a_whole(first + file.read(), collector)
        head = _head(document)
    except FileNotFoundError as error:
        hint = "Write one with `facefake score --json`."
        raise FacefakeError("not_found", f"{path} does not exist.", hint) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise FacefakeError(
            "scores_invalid",
            f"{path} is not a whole results file of facefake: {what}.",
            "Copy it or score again; scores of other code are read from files that end in .csv or .parquet.",
        ) from error
    scores = on_one_scale(collector.done(), head["settings"])
    if interrupted := document.get("interrupted"):
        scores = replace(scores, notes=(*scores.notes, f"{path.name}: {interrupted}"))
    return ScoresFile(path, head, scores, document.get("report"))


def _by_line(first: str, file: TextIO, collector: Collector) -> dict[str, Any]:
    """The document without its results: what stands in the first line and after the last result."""
    head = _checked(json.loads(first.rstrip() + "]}"))
    for number, line in enumerate(file, start=2):
        text = line.strip()
        if text.startswith("]"):
            tail = json.loads('{"results": [' + text)
            if file.read().strip():
                raise ValueError(f"something stands after its end, line {number}")
            return head | tail
        try:
            collector.add_row(json.loads(text.removesuffix(",")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} is no result ({type(error).__name__}: {error})") from error
    raise ValueError("it is cut off, the end is missing")


def _as_a_whole(text: str, collector: Collector) -> dict[str, Any]:
    document = _checked(json.loads(text))
    for row in document.pop("results"):
        collector.add_row(row)
    return document


def _checked(document: Any) -> dict[str, Any]:
    if isinstance(document, dict) and document.get("kind") in ("report", "comparison"):
        raise ValueError(f"it is a {document['kind']}, which is made from results")
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"there is no schema {SCHEMA} in it")
    return document


def _head(document: dict[str, Any]) -> dict[str, Any]:
    """What stands before the results: with all that reports and calibration ask of it."""
    detector, settings = document["detector"], document["settings"]
    if not isinstance(detector["sha256"], str):
        raise ValueError("it does not say which detector file scored")
    if not isinstance(settings["pooling"], str) or not 0 <= settings["threshold"] <= 1:
        raise ValueError("it does not say by which pooling and threshold")
    if not all(0 <= threshold <= 1 for threshold in thresholds_in(settings).values()):
        raise ValueError("it does not say by which thresholds of its paths")
    return {name: document[name] for name in ("schema", "tool", "detector", "settings")}
