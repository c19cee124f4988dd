"""The JSON document of schema 1 (:mod:`facefake.scoring.result`), and reports as JSON.

Plain ASCII with ``\\u`` escapes: every parser, terminal and code page takes it. NaN is never written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from facefake.reporting.output import open_output
from facefake.scoring.result import SCHEMA, ClipResult
from preprocessing.errors import FacefakeError


class JsonResults:
    """Writes the document one result at a time, a line each, so that a large batch is never held in memory.

    Args:
        file: From :func:`facefake.reporting.output.open_output`.
        head: From :func:`facefake.scoring.result.document_head`.

    Call :meth:`close` at the end; before, the document is not valid JSON.

    Example:
        >>> import io
        >>> file = io.StringIO()
        >>> JsonResults(file, {"schema": 1}).close()
        >>> file.getvalue()
        '{"schema": 1, "results": [\\n]}\\n'
    """

    def __init__(self, file: TextIO, head: Mapping[str, Any]) -> None:
        self._file = file
        self._first = True
        file.write(_dump(head)[:-1] + ', "results": [\n')

    def add(self, result: ClipResult) -> None:
        """Write one result."""
        self._file.write(("" if self._first else ",\n") + _dump(result.to_dict()))
        self._first = False

    def close(self, report: Mapping[str, Any] | None = None) -> None:
        """Write what stands after the results: the report on labelled clips, if there is one."""
        end = "" if self._first else "\n"
        self._file.write(end + "]" + (f', "report": {_dump(report)}' if report else "") + "}\n")


def write_json(
    target: str | Path,
    head: Mapping[str, Any],
    results: Iterable[ClipResult],
    report: Mapping[str, Any] | None = None,
) -> None:
    """Write a whole document.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        document = JsonResults(file, head)
        for result in results:
            document.add(result)
        document.close(report)


def write_report(target: str | Path, report: Mapping[str, Any]) -> None:
    """Write a report alone, indented.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(json.dumps(report, allow_nan=False, indent=2) + "\n")


def read_json(path: str | Path) -> tuple[dict[str, Any], list[ClipResult]]:
    """A document read back: everything but its results, and the results.

    Raises:
        FacefakeError: ``not_found`` if there is no file, ``scores_invalid`` if it is not a document of this schema.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']}, not {SCHEMA}")
        results = [ClipResult.from_dict(result) for result in document.pop("results")]
    except FileNotFoundError as error:
        raise FacefakeError(
            "not_found", f"{path} does not exist.", "Write one with `facefake score --json`."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacefakeError(
            "scores_invalid", f"{path} is not a results file of facefake ({error}).", "Score the clips again."
        ) from error
    return document, results


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
