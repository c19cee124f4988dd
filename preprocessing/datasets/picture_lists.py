"""What readers share whose pictures are named by lists: where a named file lies, and files that are named twice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.datasets.crop_sets import one_split, overlaps
from preprocessing.datasets.lists import list_invalid


def listed_key(root: Path, listing: Path, name: str) -> str:
    """The key of a file that a list names by its path from the list's own folder: its path from ``root``.

    Raises:
        FacefakeError: ``labels_invalid`` for a name that is empty or leads out of ``root``.

    Example:
        >>> listed_key(Path("data"), Path("data/lists/a.csv"), "../dalle2/1.png")
        'dalle2/1.png'
    """
    require_name(listing, name)
    key = Path(os.path.relpath(os.path.normpath(listing.parent / name.replace("\\", "/")), root)).as_posix()
    if key == "." or key.split("/")[0] == "..":
        raise list_invalid(listing, f"names {name!r:.200}, which is no file below {root}")
    return key


def require_name(listing: Path, name: str) -> None:
    """Refuse what no file can be called.

    Raises:
        FacefakeError: ``labels_invalid``.
    """
    try:
        possible = bool(name.strip("/.")) and b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half a character, as JSON can spell it
        possible = False
    if not possible:
        raise list_invalid(listing, f"names {name!r:.200}, which no file is called")


def once_each(listed: Iterable[Clip]) -> tuple[list[Clip], list[str]]:
    """One clip a file, and a sentence for each way in which files are named several times.

    A file keeps the method of the list that comes first. It stands where it is strictest: what one list tests on is no
    training picture because another has it so.

    Raises:
        FacefakeError: ``labels_invalid`` for a file that is called real in one place and fake in another.
    """
    clips: dict[str, Clip] = {}
    splits: dict[str, set[str]] = {}
    repeated = 0
    for clip in listed:
        first = clips.setdefault(clip.key, clip)
        repeated += first is not clip
        if first.label != clip.label:
            raise list_invalid(clip.path, "is called real in one place of the lists and fake in another")
        if clip.split:
            splits.setdefault(clip.key, set()).add(clip.split)
    notes = [f"pictures named more than once, counted once: {repeated}"] if repeated else []
    for key, named in splits.items():
        if (split := one_split(named)) != clips[key].split:
            clips[key] = replace(clips[key], split=split)
    return list(clips.values()), notes + overlaps(splits)


def parted(clips: Iterable[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Those whose file is there, and those whose file is not."""
    there: list[Clip] = []
    absent: list[Clip] = []
    for clip in clips:
        (there if os.path.isfile(clip.path) else absent).append(clip)  # which takes names that are too long, too
    return there, absent
