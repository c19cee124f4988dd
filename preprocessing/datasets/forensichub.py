"""The JSON lists of ForensicHub (Du et al., 2025): ``[{"path": …, "label": 0 or 1}, …]``, 1 for a generated picture.

Every ``*.json`` below the root that is such a list is read; JSON files of another form are passed over with a note. A
path that is not absolute counts from the list's folder or, failing that, from the root. Most lists have absolute paths
of the machine they were made on: such a path counts from the first of its folders on that lies in the root here.

The split is what a list's name is or ends in (``train.json``, ``ADM_val.json``), the method what is before it
(``ADM``); the lists say no more. Without such a name the fakes are ``fake`` and the reals ``real``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Reader, store_name
from preprocessing.datasets.lists import files_below, list_invalid, read_json_value
from preprocessing.datasets.picture_lists import listed_key, once_each, parted, require_name
from preprocessing.errors import FacefakeError

_SPLIT = re.compile(rf"(?:(?P<name>.*)[_\-/])?(?P<split>{'|'.join(SPLITS)})")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


def find(root: Path) -> Found:
    """Every picture the JSON lists below ``root`` name.

    Raises:
        FacefakeError: ``dataset_not_found`` without a list; ``labels_invalid`` for JSON that cannot be read, an entry
            without path or with a label other than 0 and 1, a file outside ``root``, or one that is called real and
            fake.
    """
    contents = {path: read_json_value(path) for path in files_below(root) if path.suffix.lower() == ".json"}
    listings = {path: content for path, content in contents.items() if _is_list(content)}
    if not listings:
        raise FacefakeError(
            "dataset_not_found",
            f"{root} has no JSON file that is a list of objects with path and label.",
            'ForensicHub\'s lists read [{"path": "…", "label": 0}, …].',
        )
    clips, notes = once_each(clip for path, content in listings.items() for clip in _clips(root, path, content))
    others = [path.relative_to(root).as_posix() for path in contents if path not in listings]
    return Found(*parted(clips), notes + [f"{name} is no list of paths and labels" for name in others])


def _is_list(content: Any) -> bool:
    return isinstance(content, list) and bool(content) and isinstance(content[0], dict) and "path" in content[0]


def _clips(root: Path, listing: Path, content: list[Any]) -> Iterator[Clip]:
    place = listing.relative_to(root).with_suffix("").as_posix()
    named = _SPLIT.fullmatch(place)
    name, split = (named["name"] or "", named["split"]) if named else (place, None)
    entries = [_entry(listing, entry) for entry in content]
    keys = _keys(root, listing, [path for path, _ in entries])
    for path, label in entries:
        key = keys[path]
        yield Clip(
            path=root / key,
            key=key,
            dataset="forensichub",
            method=(name or "fake") if label == FAKE else (f"{name}-real" if name else "real"),
            label=label,
            split=split,
            pair=None,
            name=store_name(key),
        )


def _entry(listing: Path, entry: Any) -> tuple[str, int]:
    """Path, with ``/``, and label of an entry."""
    if not isinstance(entry, dict) or not isinstance(path := entry.get("path"), str):
        raise list_invalid(listing, f"has the entry {entry!r:.80}, which has no path")
    require_name(listing, path)
    label = entry.get("label")
    # True is 1 to Python, and nobody knows what was true
    if isinstance(label, bool) or label not in (REAL, FAKE):
        raise list_invalid(listing, f"gives {path} the label {label!r}; known are 0 (real) and 1 (generated)")
    return path.replace("\\", "/"), int(label)


def _keys(root: Path, listing: Path, paths: list[str]) -> dict[str, str]:
    """The key of each path."""
    absolute = {path: _plain(path) for path in paths if _ABSOLUTE.match(path)}
    folders = _roots(root, absolute.values())
    keys = {}
    for path in paths:
        if path in absolute:
            place = absolute[path]
            top = next((folder for folder in folders if place.startswith(folder)), None)
            keys[path] = place[len(top) :] if top else place[1:]
        else:
            keys[path] = _relative(root, listing, path)
        if not keys[path]:
            raise list_invalid(listing, f"names {path!r}, which is no file")
    return keys


def _plain(path: str) -> str:
    """An absolute path without drive and detours; POSIX would let two slashes at its start stand."""
    return os.path.normpath("/" + path.partition("/")[2].lstrip("/"))


def _roots(root: Path, paths: Iterable[str]) -> list[str]:
    """What absolute paths of the root start with, here and on the machines that lists were made on."""
    folders = [f"{top.as_posix()}/" for top in (root.absolute(), root.resolve())]
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths):
        if not f"{folder}/".startswith(tuple(folders)):
            parts = folder.split("/")
            here = (place for place in range(1, len(parts)) if os.path.isdir(root.joinpath(*parts[place:])))
            place = next(here, None)
            if place:
                folders.append("/".join(parts[:place]) + "/")
    return folders


def _relative(root: Path, listing: Path, path: str) -> str:
    beside = listed_key(root, listing, path)
    if os.path.isfile(root / beside) or ".." in path.split("/"):
        return beside
    from_root = os.path.normpath(path)
    return from_root if os.path.isfile(root / from_root) else beside


def reals_of(method: str) -> tuple[str, ...]:
    """The reals of the list that a method is from.

    Example:
        >>> reals_of("ADM"), reals_of("fake")
        (('ADM-real',), ('real',))
    """
    return ("real",) if method == "fake" else (f"{method}-real",)


READER = Reader(
    name="forensichub",
    title="JSON lists of ForensicHub",
    find=find,
    licence="that of the listed pictures",
    link="https://github.com/scu-zjz/ForensicHub",
    pictures=True,
    reals_of=reals_of,
)
