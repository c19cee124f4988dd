"""What readers of whole pictures share: finding the folders whose names are labels, and the pictures below them.

Such releases say real or fake with a folder's name, ``0_real`` and ``1_fake`` say, at whatever depth. The name must be
the folder's whole name, cased as released, and one of the labels the reader gives: ``real`` inside the name of a
generator is none, and neither is a class called ``fake`` where the release writes ``1_fake``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, store_name
from preprocessing.datasets.media import IMAGE_SUFFIXES
from preprocessing.errors import FacefakeError

NUMBERED = {"0_real": REAL, "1_fake": FAKE}
"""The label folders of CNNDetection and most that came after it."""
NATURE = {"nature": REAL, "ai": FAKE}
"""Those of GenImage."""
SYNSETS = {"n01440764": REAL, "n01443537": FAKE}
"""Those of what was written for Dassl's reader of ImageNet. In other releases they are two of ImageNet's classes."""
PLAIN = {"real": REAL, "fake": FAKE, "REAL": REAL, "FAKE": FAKE, "Real": REAL, "Fake": FAKE}
"""Those that speak for themselves."""


def own_method(generator: str, label: int) -> str:
    """The method of pictures filed under a generator that has reals of its own.

    Example:
        >>> own_method("biggan", FAKE), own_method("biggan", REAL)
        ('biggan', 'biggan-real')
    """
    return generator if label == FAKE else f"{generator}-real"


def own_reals(generator: str) -> tuple[str, ...]:
    """The reals such a generator is measured against: ``Reader.reals_of`` of these releases.

    Example:
        >>> own_reals("biggan")
        ('biggan-real',)
    """
    return (own_method(generator, REAL),)


class Place(NamedTuple):
    """What a release says of the pictures of a label folder.

    Attributes:
        folder: The folder's path as released, with ``/``: what the keys of its pictures begin with.
        method: The generator; of real pictures, where they are from.
        split: ``train``, ``val``, ``test`` or ``None``.
    """

    folder: str
    method: str
    split: str | None


@dataclass(frozen=True, slots=True)
class LabelFolder:
    """A folder whose name is a label.

    Attributes:
        root: The data root.
        parts: The names of the folders from the root to it, its own last.
        label: Real 0, fake 1.
        names: Its pictures with ``/``, relative to it, at any depth but that of another label folder; sorted.
    """

    root: Path
    parts: tuple[str, ...]
    label: int
    names: list[str]

    def clips(self, dataset: str, method: str, split: str | None, folder: str | None = None) -> Iterator[Clip]:
        """A clip for each of the pictures; ``folder`` is this folder's path as released, if it lies elsewhere here."""
        below = "/".join(self.parts)
        for name in self.names:
            key = f"{folder or below}/{name}"
            yield Clip(
                path=self.root / below / name,
                key=key,
                dataset=dataset,
                method=method,
                label=self.label,
                split=split,
                pair=None,
                name=store_name(key),
            )


def find_pictures(
    dataset: str,
    layout: str,
    labels: Mapping[str, int],
    place: Callable[[tuple[str, ...], int], Place | None],
    root: Path,
) -> Found:
    """The pictures of a release whose folders' names are labels.

    Args:
        dataset: Name of the reader.
        layout: How the release lies, for the message where nothing does.
        labels: The label folders of the release, with their labels.
        place: Tells of a label folder what it is, by its label and the names of the folders that lead to it, the root's
            own first and its own last; ``None`` for one that is no part of the release.
        root: The data root.

    Raises:
        FacefakeError: ``dataset_not_found`` if no picture lies as it should.
    """
    clips: dict[str, Clip] = {}
    strange: Counter[str] = Counter()
    twice = 0
    for folder in label_folders(root, labels):
        at = place((root.absolute().name, *folder.parts), folder.label)
        if at is None:
            strange[folder.parts[0]] += len(folder.names)
            continue
        before = len(clips)
        for clip in folder.clips(dataset, at.method, at.split, at.folder):
            clips.setdefault(clip.key, clip)
        twice += len(folder.names) - (len(clips) - before)
    if not clips:
        seen = f"; pictures in folders so called lie below {', '.join(list(strange)[:5])}" if strange else ""
        raise FacefakeError(
            "dataset_not_found",
            f"{root} holds no picture that lies as {layout}{seen}.",
            "Give the folder the release was unpacked into, and leave the names of its folders as they are.",
        )
    notes = [f"{name}/ is no part of the release; pictures left out: {count}" for name, count in strange.items()]
    if twice:
        notes.append(f"pictures that lie here a second time, by their path as released: {twice}; the first was taken")
    return Found(list(clips.values()), notes=notes)


def label_folders(root: Path, labels: Mapping[str, int]) -> list[LabelFolder]:
    """The folders at any depth of ``root`` that are called as ``labels`` say and hold pictures, sorted by path.

    Where one lies inside another, pictures are what the innermost says. Hidden files and folders are passed over; links
    to folders are followed, for large releases lie on several discs.

    Raises:
        FacefakeError: ``dataset_not_found`` for a folder that cannot be listed.
    """
    found: dict[tuple[str, ...], LabelFolder] = {}
    for parts, names in _folders_of_pictures(root):
        depth = max((place for place, part in enumerate(parts, start=1) if part in labels), default=0)
        if depth:
            folder = found.setdefault(parts[:depth], LabelFolder(root, parts[:depth], labels[parts[depth - 1]], []))
            inner = "".join(f"{part}/" for part in parts[depth:])
            folder.names.extend(inner + name for name in names)
    for folder in found.values():
        folder.names.sort()
    return [folder for _, folder in sorted(found.items())]


def _folders_of_pictures(root: Path) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each folder at or below ``root`` that holds pictures: how it is reached from there, and their file names."""
    # with each folder, those that links were followed from to get there
    waiting: list[tuple[tuple[str, ...], tuple[Path, ...]]] = [((), ())]
    while waiting:
        parts, origins = waiting.pop()
        folder = root.joinpath(*parts)
        names = []
        for entry in _entries(folder):
            if entry.is_dir():
                way = (*origins, folder.resolve()) if entry.is_symlink() else origins
                if not (entry.is_symlink() and _leads_back(Path(entry.path), way)):
                    waiting.append(((*parts, entry.name), way))
            elif os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and entry.is_file():
                names.append(entry.name)
        if names:
            yield parts, names


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds that is not hidden."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise FacefakeError(
            "dataset_not_found", f"{folder} cannot be listed ({error.strerror}).", "Check its permissions."
        ) from error


def _leads_back(link: Path, way: tuple[Path, ...]) -> bool:
    """Whether a link leads to a folder on the way to it, or above one: following it would never end."""
    target = link.resolve()
    return any(origin.is_relative_to(target) for origin in way)
