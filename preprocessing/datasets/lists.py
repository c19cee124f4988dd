"""What readers share that go by a release's own lists: reading the lists, and finding files at any depth."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.datasets.base import VIDEO_SUFFIXES, Found
from preprocessing.errors import FacefakeError


def list_invalid(path: Path, what: str) -> FacefakeError:
    """The error for a list of a release that cannot be: ``what`` is wrong with ``path``."""
    return FacefakeError("labels_invalid", f"{path} {what}.", "Use the list as released.")


def read_json(path: Path) -> dict[str, dict[str, Any]]:
    """A JSON object of objects, as releases write what they know of each file.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read or is something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise list_invalid(path, f"cannot be read ({error})") from error
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise list_invalid(path, "is not a JSON object with one object for each file")
    return content


def read_rows(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, every value stripped, empty where a row is short.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read or lacks one of ``columns``.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (table.fieldnames or ())]
            # cells beyond the header come as a list under the name None
            rows = [{name: value.strip() for name, value in row.items() if name} for row in table]
    except (OSError, ValueError, csv.Error) as error:
        raise list_invalid(path, f"cannot be read ({error})") from error
    if missing:
        raise list_invalid(path, f"has no column {' and '.join(missing)}")
    return rows


def read_names(path: Path) -> list[str]:
    """The names in a text file that has one a line.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read.
    """
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise list_invalid(path, f"cannot be read ({error})") from error


def part(listed: Iterable[Clip], there: Container[Path], notes: Iterable[str] = ()) -> Found:
    """What a list names, parted into clips whose file is among those that are ``there`` and absent ones."""
    listed = list(listed)
    return Found(
        [clip for clip in listed if clip.path in there],
        [clip for clip in listed if clip.path not in there],
        list(notes),
    )


def files_below(folder: Path) -> Iterator[Path]:
    """The files at any depth of ``folder`` but hidden ones, sorted within each folder.

    Links to folders are followed: large releases lie on several discs.
    """
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def videos_below(root: Path, *parts: str) -> list[tuple[Path, str]]:
    """Path and key of each video at any depth of the folder ``root/parts``, sorted by key.

    As :func:`preprocessing.datasets.base.videos_in`, the key leaves out folders ``videos`` that a toolkit had its users
    insert.
    """
    found: dict[str, Path] = {}
    for path in files_below(root.joinpath(*parts)):
        if path.suffix.lower() in VIDEO_SUFFIXES:
            found.setdefault("/".join(part for part in path.relative_to(root).parts if part != "videos"), path)
    return [(path, key) for key, path in sorted(found.items())]
