"""Results as CSV, one row a clip.

Columns:

==================== =========================================================================================
path                 as in the JSON, but shown safely: what does not print is written out, and what a spreadsheet
                     would run as a formula has an apostrophe before it
via                  the path that spoke: face, or image for the whole picture
status               scored, inconclusive or error
verdict              real, fake or inconclusive
probability, score   0..1; empty unless scored
reason               code, if inconclusive
label, method, split of labelled clips: real 0, fake 1
frames_requested,    frames asked for, decoded, and with a face
frames_decoded,
frames_with_face
people               how many were seen; empty where the whole picture was judged
other_verdict,       where both paths were asked, what the one said that did not speak
other_probability,
other_reason
error_code,          if status is error
error_message
sha256               of the file
==================== =========================================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, TextIO

from facefake.reporting.text import spreadsheet
from facefake.scoring.result import ClipResult
from preprocessing.text import name_text

COLUMNS = (
    "path",
    "via",
    "status",
    "verdict",
    "probability",
    "score",
    "reason",
    "label",
    "method",
    "split",
    "frames_requested",
    "frames_decoded",
    "frames_with_face",
    "people",
    "other_verdict",
    "other_probability",
    "other_reason",
    "error_code",
    "error_message",
    "sha256",
)


class CsvResults:
    """Writes the header and then one row for each result.

    Args:
        file: From :func:`facefake.reporting.output.open_output`.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        self._writer.writeheader()

    def add(self, result: ClipResult) -> None:
        """Write one row."""
        self._writer.writerow(row(result))

    def close(self, report: Mapping[str, Any] | None = None, interrupted: str | None = None) -> None:
        """As :meth:`facefake.reporting.json_file.JsonResults.close`; nothing stands after the rows."""


def row(result: ClipResult) -> dict[str, str | int | float | None]:
    """The cells of one result by column; ``None`` is written as an empty cell."""
    truth, error, data = result.truth, result.error, result.to_dict()
    other = data.get("other", {})
    return {
        "path": spreadsheet(name_text(result.path)),
        "via": result.via,
        "status": result.status,
        "verdict": result.verdict,
        "probability": data["probability"],
        "score": data["score"],
        "reason": result.reason,
        "label": truth.label if truth else None,
        "method": spreadsheet(truth.method) if truth else None,
        "split": spreadsheet(truth.split) if truth and truth.split else None,
        "frames_requested": result.frames.requested,
        "frames_decoded": result.frames.decoded,
        "frames_with_face": result.frames.with_face,
        "people": len(result.people) if result.via == "face" else None,
        "other_verdict": other.get("verdict"),
        "other_probability": other.get("probability"),
        "other_reason": other.get("reason"),
        "error_code": error.code if error else None,
        "error_message": spreadsheet(error.message) if error else None,
        "sha256": result.sha256,
    }
