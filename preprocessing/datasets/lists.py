"""What readers share that go by a release's own lists: reading the lists, and finding the files that they name.

Every list is read by :func:`read_text`, whatever program saved it last. Names match files by :func:`files_named`.
Where a release lists its test videos and trains on the rest, :func:`splits_by_test_list` says what the rest is.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.datasets.base import VIDEO_SUFFIXES, Found, Official, folder_at
from preprocessing.errors import FacefakeError

# the mark of UTF-32 starts with that of UTF-16, so it stands first
_MARKS = (
    *((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
)


_FETCH = "Fetch the list again from the release; the download may have broken off."


def list_invalid(path: Path, what: str, hint: str = "Use the list as released.") -> FacefakeError:
    """The error for a list of a release that cannot be: ``what`` is wrong with ``path``."""
    return FacefakeError("labels_invalid", f"{path} {what}.", hint)


def read_text(path: Path) -> str:
    """The text of a list, with ``\\n`` for every line end.

    It may be UTF-8 with or without a byte order mark, or UTF-16 as Windows and PowerShell save it, and its lines may
    end as on any system.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read or is no text.
    """
    try:
        data = path.read_bytes()
        text = data.decode(_encoding(data))
    except (OSError, UnicodeError) as error:
        raise list_invalid(path, f"cannot be read as text in UTF-8 or UTF-16 ({error})") from error
    if "\0" in text:
        raise list_invalid(path, "cannot be read as text in UTF-8 or UTF-16 (it holds NUL characters)")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(data: bytes) -> str:
    """The encoding of a text by its mark or, without one, by the zero bytes that UTF-16 has in every Latin letter."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    even, odd = data[::2].count(0), data[1::2].count(0)
    if odd > len(data) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(data) // 4 and not odd else "utf-8"


def read_json_value(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        FacefakeError: ``labels_invalid`` if it cannot be read.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise list_invalid(path, f"cannot be read ({error})") from error


def read_json(path: Path) -> dict[str, dict[str, Any]]:
    """A JSON object of objects, as releases write what they know of each file.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read or is something else.
    """
    content = read_json_value(path)
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise list_invalid(path, "is not a JSON object with one object for each file")
    return content


def read_rows(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, every value stripped, empty where a row is short; no empty rows.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read or lacks one of ``columns``.
    """
    try:
        table = csv.DictReader(StringIO(read_text(path), newline=""), restval="")
        names = [name.strip() for name in table.fieldnames or ()]
        table.fieldnames = names
        # cells beyond the header come as a list under the name None
        rows = [{name: value.strip() for name, value in row.items() if name} for row in table]
    except csv.Error as error:
        raise list_invalid(path, f"cannot be read ({error})") from error
    missing = [column for column in columns if column not in names]
    if missing:
        raise list_invalid(path, f"has no column {' and '.join(missing)}")
    return [row for row in rows if any(row.values())]


def read_names(path: Path) -> list[str]:
    """The names in a text file that has one a line.

    Raises:
        FacefakeError: ``labels_invalid`` if the file cannot be read.
    """
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def files_named(listed: Iterable[str], there: Iterable[tuple[Path, str]]) -> dict[str, Path]:
    """Which of the files that are ``there`` (path and key) each listed key means.

    A file has the listed name or, where no file has, a name that differs from it only in case and suffix, as copies
    have that were renamed or converted. Where several files or several listed names are so alike, none is meant.

    Example:
        >>> files_named(["a/x.mp4", "a/y.mp4"], [(Path("r/a/x.mp4"), "a/x.mp4"), (Path("r/a/Y.avi"), "a/Y.avi")])
        {'a/x.mp4': PosixPath('r/a/x.mp4'), 'a/y.mp4': PosixPath('r/a/Y.avi')}
    """
    exact = {key: path for path, key in there}
    listed = list(dict.fromkeys(listed))
    found = {key: exact[key] for key in listed if key in exact}
    if len(found) == len(listed):
        return found
    alike, wanted = (_by_likeness(key for key in keys if key not in found) for keys in (exact, listed))
    for likeness, keys in wanted.items():
        if len(keys) == 1 and len(alike[likeness]) == 1:
            found[keys[0]] = exact[alike[likeness][0]]
    return found


def _by_likeness(keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys by what is left of them without case and video suffix."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        groups[likeness(key)].append(key)
    return groups


def likeness(key: str) -> str:
    """What keys have in common that differ only in case and in the suffix of a video.

    Example:
        >>> likeness("a/X.AVI") == likeness("a/x.mp4") == likeness("a/x")
        True
    """
    stem, suffix = os.path.splitext(key)
    return (stem if suffix.lower() in VIDEO_SUFFIXES else key).casefold()


def splits_by_test_list(
    listing: Path,
    listed: Collection[str],
    there: Collection[str],
    method: Callable[[str], str],
    official: Sequence[Official],
) -> tuple[dict[str, str | None], list[str]]:
    """The split of each key that is there, where a release lists its test videos and trains on the rest; and notes.

    A list that broke off, or is that of another release, must not make training footage of test videos. So what it does
    not name is ``train`` only as far as the list can be believed. Where it names no video of a method that is there,
    all that it does not name has no split, and a note says so; a list with fewer names than the release has test videos
    is noted too.

    Args:
        listing: The list.
        listed: The keys it names.
        there: The keys of the videos that are there.
        method: The method of a key.
        official: The official figures.

    Raises:
        FacefakeError: ``labels_invalid`` for an empty list, for one that leaves over more videos of a method than there
            are for training, and for a short one that names none of the videos of a method that are there.
    """
    if not listed:
        raise list_invalid(listing, "is empty: test videos cannot be told from training footage", _FETCH)
    tests = sum(line.clips for line in official if line.split == "test")
    short = len(listed) < tests
    trained = {line.method: line.clips for line in official if line.split == "train"}
    named = Counter(map(method, listed))
    splits: dict[str, str | None] = {key: "test" for key in there if key in listed}
    rest: dict[str, list[str]] = defaultdict(list)
    for key in there:
        if key not in splits:
            rest[method(key)].append(key)
    tested = Counter(map(method, splits))
    if unnamed := sorted(name for name in rest if not named[name]):
        left = sorted(key for keys in rest.values() for key in keys)
        return splits | dict.fromkeys(left), [
            f"{listing.name} names no video of {', '.join(unnamed)}, of which there are some here: it was cut short or "
            f"is of another release; the {len(left)} videos that it does not name have no split"
        ]
    for name, keys in sorted(rest.items()):
        if short and len(keys) > trained.get(name, len(keys)):
            raise list_invalid(
                listing,
                f"names {named[name]} videos of {name} and leaves over {len(keys)}, more than the {trained[name]} of "
                "the release for training: test videos would be among them",
                _FETCH,
            )
        if short and not tested[name]:
            raise list_invalid(
                listing, f"names {named[name]} videos of {name}, and none of the {len(keys)} that are here", _FETCH
            )
        splits.update(dict.fromkeys(keys, "train"))
    if not rest or (tests and not short):
        return splits, []
    of = f" of the {tests} test videos of the release" if tests else " test videos"
    return splits, [f"{listing.name} names {len(listed)}{of}; what it does not name is taken for training footage"]


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
    folder = folder_at(root, *parts)
    for path in files_below(folder):
        if path.suffix.lower() in VIDEO_SUFFIXES:
            inner = (part for part in path.relative_to(folder).parts if part != "videos")
            found.setdefault("/".join((*parts, *inner)), path)
    return [(path, key) for key, path in sorted(found.items())]
