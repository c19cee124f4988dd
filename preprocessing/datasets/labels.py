"""A user's labels CSV: what its rows say, and which file each of them means.

The columns are ``path`` and ``label`` (``real``/``fake`` or ``0``/``1``, real = 0) and, if wanted, ``split``,
``method``, ``pair`` and ``identities`` (names of people, ``;`` between them); others are not read. Spreadsheets write
the delimiter ``;`` or a tab, UTF-16, a byte order mark, empty rows: all of them are read.

A row means the file whose path from the folder it gives. If there is none, it means the only file that

* has this name once both are in one Unicode normalisation (macOS writes accents as letters of their own), in the code
  page of Windows, or as outputs of facefake write bytes that are not UTF-8;
* else has it in upper or lower case;
* else is the very same file: by an absolute path, through a link, or from the folder that the CSV is in.

A row that could mean two files means none.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from preprocessing.clip import FAKE, REAL
from preprocessing.datasets.base import SPLITS
from preprocessing.errors import FacefakeError
from preprocessing.text import name_text

LABELS = {"real": REAL, "0": REAL, "0.0": REAL, "fake": FAKE, "1": FAKE, "1.0": FAKE, "": None}
COLUMNS = ("path", "label", "split", "method", "pair", "identities")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a labels file: its line, the path as written, and the other columns by name, stripped."""

    line: int
    path: str
    values: dict[str, str]


def invalid(path: Path, what: str) -> FacefakeError:
    """The error for a labels file: ``what`` is wrong with ``path``."""
    return FacefakeError(
        "labels_invalid",
        f"{path} {what}",
        "The file is CSV with a header: path,label (real or fake, or 0 for real and 1 for fake) and, if wanted, split, "
        "method, pair, identities. Paths are relative to the folder.",
    )


def read_labels(path: Path) -> list[Row]:
    """The rows of a labels file in their order, but for empty ones.

    Raises:
        FacefakeError: ``labels_invalid`` for a file that is missing, no CSV or without a row; a column that is missing
            or there twice; an unknown label or split; a label without a path.
    """
    try:
        text = _text(path)
        delimiter, text = _delimiter(text)
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        columns = [cell.strip().lower() for cell in next(table, [])]
        _check_columns(path, columns)
        rows = [_row(path, table.line_num, columns, cells) for cells in table if any(map(str.strip, cells))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise invalid(path, f"cannot be read ({error}).") from error
    if not rows:
        raise invalid(path, "has no row below its header.")
    return rows


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise invalid(path, "is an Excel workbook; save it as CSV UTF-8.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    # what is neither is told by its zeros: every other byte of ASCII in UTF-16
    if b"\0" in data:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    # bytes that are not UTF-8 stay as they are, for the name of the file may hold the very same
    return data.decode("utf-8-sig", "surrogateescape")


def _delimiter(text: str) -> tuple[str, str]:
    """What stands between the cells, and the text from the header on."""
    header, *rest = re.split("\r\n|\r|\n", text, maxsplit=1)
    if header.lower().startswith("sep=") and len(header.strip()) == 5:  # which Excel reads and writes
        return header[4], "".join(rest)
    wanted = {"path", "label"}
    found = [
        each
        for each in (",", ";", "\t")
        if wanted <= {cell.strip().lower() for cell in next(csv.reader([header], delimiter=each), [])}
    ]
    return found[0] if found else ",", text


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    if missing := {"path", "label"} - set(columns):
        there = ", ".join(filter(None, columns)) or "nothing"
        raise invalid(path, f"has no column {' and '.join(sorted(missing))}: its header has {there:.200}.")
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise invalid(path, f"has {columns.count(twice[0])} columns called {' and '.join(twice)}; keep one.")


def _row(path: Path, line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    cells = [*cells, *[""] * (len(columns) - len(cells))]
    values = {name: _windows(cell.strip()) for name, cell in zip(columns, cells, strict=False) if name in COLUMNS[1:]}
    written = cells[columns.index("path")]
    values["split"] = values.get("split", "").lower()
    if values["label"].lower() not in LABELS:
        more = len(cells) > len(columns)
        why = (
            f" The row has {len(cells)} cells, the header {len(columns)}: put names with commas in quotes."
            if more
            else ""
        )
        raise invalid(path, f"line {line} has label {values['label']!r}; known are real or 0, fake or 1.{why}")
    if values["split"] not in ("", *SPLITS):
        raise invalid(path, f"line {line} has split {values['split']!r}; known are {', '.join(SPLITS)}.")
    if not written.strip():
        raise invalid(path, f"line {line} has no path.")
    return Row(line, written, values)


def _windows(text: str) -> str:
    """Text that is not UTF-8 in the code page of Windows."""
    if text.isascii() or name_text(text) == text:
        return text
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


class Assignment:
    """Which file each row means.

    Args:
        rows: Of the labels file.
        keys: The files, by their paths from ``root`` with ``/``, as the file system has them.
        root: The folder.
        labels: The labels file.

    Attributes:
        rows: The row of each file that is meant, by its key.
        unknown: The rows that mean none.

    Raises:
        FacefakeError: ``labels_invalid`` for a file that two rows say different things about.
    """

    def __init__(self, rows: Iterable[Row], keys: Sequence[str], root: Path, labels: Path) -> None:
        self.rows: dict[str, Row] = {}
        self.unknown = list(rows)
        self._labels = labels
        there = set(keys)
        self._assign(lambda row: [key for key in _spellings(row.path, root) if key in there][:1])
        for form in (_normalised, _folded):
            if self.unknown:
                self._assign_by(form, [key for key in keys if key not in self.rows], root)
        if self.unknown:
            self._assign_real(keys, root)

    def _assign(self, meant: Callable[[Row], Sequence[str]]) -> None:
        unknown = []
        for row in self.unknown:
            if len(found := meant(row)) != 1:
                unknown.append(row)
            elif self.rows.setdefault(found[0], row).values != row.values:
                raise invalid(self._labels, f"line {row.line} names {row.path} a second time, and says otherwise.")
        self.unknown = unknown

    def _assign_by(self, form: Callable[[str], set[str]], keys: Iterable[str], root: Path) -> None:
        index: dict[str, set[str]] = defaultdict(set)
        for key in keys:
            for each in form(key):
                index[each].add(key)

        def meant(row: Row) -> list[str]:
            forms = set().union(*map(form, _spellings(row.path, root)))
            return sorted(set().union(*(index.get(each, ()) for each in forms)))

        self._assign(meant)

    def _assign_real(self, keys: Iterable[str], root: Path) -> None:
        index: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            index[os.path.realpath(root / key)].append(key)

        def meant(row: Row) -> list[str]:
            if "\0" in row.path:  # which no path can have
                return []
            written = row.path.strip().replace("\\", "/")
            places = {os.path.realpath(folder / written) for folder in (root, self._labels.parent)}
            return [key for place in places for key in index.get(place, ())]

        self._assign(meant)


def _spellings(written: str, root: Path) -> Iterator[str]:
    """What a path as written may be as a key: as it is, without spaces around it, with the slashes of Windows."""
    for text in (written, written.strip(), written.strip().replace("\\", "/")):
        yield text
        if text.strip():
            plain = posixpath.normpath(text)
            yield plain
            for top in (os.path.abspath(root), os.path.realpath(root)):
                if plain.startswith(f"{top}/"):
                    yield plain[len(top) + 1 :]


def _normalised(name: str) -> set[str]:
    return {unicodedata.normalize("NFC", text) for text in (name_text(name), _windows(name), name) if text}


def _folded(name: str) -> set[str]:
    return {text.casefold() for text in _normalised(name)}
