"""The JSON document of schema 1 (:mod:`facefake.scoring.result`), and reports as JSON.

Plain ASCII with ``\\u`` escapes: every parser, terminal and code page takes it. NaN is never written, nor is text
that is not Unicode, which strict parsers refuse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from facefake.reporting.output import open_output
from facefake.scoring.result import ClipResult
from preprocessing.text import valid_text


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

    def close(self, report: Mapping[str, Any] | None = None, interrupted: str | None = None) -> None:
        """Write what stands after the results: the report on labelled clips, and a sentence if others are lacking."""
        self._file.write(("" if self._first else "\n") + "]")
        for name, what in (("report", report), ("interrupted", interrupted)):
            if what:
                self._file.write(f', "{name}": {_dump(what)}')
        self._file.write("}\n")


def write_json(target: str | Path, document: Mapping[str, Any]) -> None:
    """Write one document that people may read too, such as a report: indented.

    Args:
        target: A file, or ``-`` for stdout.
        document: Plain values.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(json.dumps(_valid(document), allow_nan=False, indent=2) + "\n")


def _dump(value: Any) -> str:
    return json.dumps(_valid(value), allow_nan=False)


def _valid(value: Any) -> Any:
    """The same with valid text everywhere: paths and arguments of the command line may hold bytes that are none."""
    if isinstance(value, str):
        return valid_text(value)
    if isinstance(value, Mapping):
        return {_valid(key): _valid(each) for key, each in value.items()}
    return [_valid(each) for each in value] if isinstance(value, (list, tuple)) else value
