"""What is there of a release, held against what its authors say should be. Nothing is written, nothing left unsaid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Official, Reader, strays
from preprocessing.datasets.media import LeftOut, left_out_facts, left_out_sentences
from preprocessing.errors import FacefakeError
from preprocessing.releases.duplicates import Duplicate, duplicates
from preprocessing.releases.leaks import Leak, leaks
from preprocessing.releases.readable import Unreadable, unreadable
from preprocessing.text import name_text

if TYPE_CHECKING:
    from preprocessing.releases.shortcuts import Shortcut


class Cell(NamedTuple):
    """What clips are counted by."""

    method: str
    split: str | None
    compression: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """Clips of a method, in a split, at a compression.

    Attributes:
        method: Forgery method or source of the real footage.
        split: ``None`` over all splits, or for clips in none.
        compression: ``None`` where the release has only one.
        official: How many there are by the release's official figures, ``None`` where those do not say.
        found: How many are there.
        absent: How many the release's own lists name that are not there.
    """

    method: str
    split: str | None
    compression: str | None
    official: int | None
    found: int
    absent: int

    @property
    def missing(self) -> int:
        """How many are not there, by figures or lists."""
        return max((self.official or 0) - self.found, self.absent, 0)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of :func:`check`.

    Attributes:
        reader: Of the data set.
        root: Where it was looked at.
        quick: Whether files were left alone; then there are no ``duplicates``, ``unreadable`` and ``shortcuts``.
        clips: Those that are there.
        counts: By compression, method and split.
        absent: Clips that are listed and not there.
        duplicates: Clips with the same bytes.
        unreadable: Clips that do not open.
        strays: Videos and pictures below the root that no rule of the release explains.
        leaks: Pairs and people in several splits.
        shortcuts: What tells real from fake without a look at the picture; none of videos and face crops.
        collisions: Folder of a face store to the keys of the clips that would all go there.
        notes: What else must be known.
        left_out: Other files of a folder whose reader takes whatever it finds there.
    """

    reader: Reader
    root: Path
    quick: bool
    clips: list[Clip]
    counts: list[Count]
    absent: list[Clip]
    duplicates: list[Duplicate]
    unreadable: list[Unreadable]
    strays: list[Path]
    leaks: list[Leak]
    shortcuts: list[Shortcut]
    collisions: dict[str, list[str]]
    notes: list[str]
    left_out: list[LeftOut]

    @property
    def missing(self) -> int:
        """How many clips are not there of those that official figures and lists name."""
        whole = {(each.method, each.compression) for each in self.counts if each.split is None and each.official}
        return sum(
            each.missing
            for each in self.counts
            if each.split is None or (each.method, each.compression) not in whole  # else counted already
        )

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, no clip and no listed frame of one."""
        return not any(count.missing for count in self.counts) and not any(clip.frames_absent for clip in self.clips)

    @property
    def sound(self) -> bool:
        """Whether every file opens, no bytes are called both real and fake, and each clip has a place in a store."""
        return not (self.unreadable or self.collisions or any(each.contradicts for each in self.duplicates))

    @property
    def unlabelled(self) -> list[Clip]:
        """Clips of which the release does not say whether they are real."""
        return [clip for clip in self.clips if clip.label is None]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, everything by its name."""
        labels = Counter(clip.label for clip in self.clips)
        return {
            "schema": 1,
            "kind": "dataset_check",
            "dataset": self.reader.name,
            "title": self.reader.title,
            "version": self.reader.version,
            "root": str(self.root),
            "quick": self.quick,
            "complete": self.complete,
            "sound": self.sound,
            "missing": self.missing,
            "clips": {"real": labels[REAL], "fake": labels[FAKE], "unlabelled": labels[None]},
            "counts": [asdict(count) | {"missing": count.missing} for count in self.counts],
            "absent": [clip.key for clip in self.absent],
            "duplicates": [each.to_dict() for each in self.duplicates],
            "unreadable": [each.to_dict() for each in self.unreadable],
            "strays": [name_text(path.relative_to(self.root).as_posix()) for path in self.strays],
            "unlabelled": [clip.key for clip in self.unlabelled],
            "leaks": [leak.to_dict() for leak in self.leaks],
            "shortcuts": [each.to_dict() for each in self.shortcuts],
            "collisions": self.collisions,
            "notes": self.notes,
            "left_out": left_out_facts(self.left_out),
        }


def check(
    reader: Reader,
    root: Path,
    found: Found,
    *,
    quick: bool = False,
    workers: int = 1,
    on_clip: Callable[[Clip], None] = lambda clip: None,
) -> Check:
    """Look at everything below ``root``.

    Args:
        reader: Of the data set.
        root: Its top folder.
        found: What the reader finds there.
        quick: Leave the contents of files alone: names and lists only.
        workers: Child processes that open files.
        on_clip: Called with each clip whose file was opened.
    """
    left_out = _left_out(reader, found)
    expected = replace(found, absent=[clip for clip in found.absent if clip.method not in left_out])
    official = [line for line in reader.official if line.method not in left_out]
    unexplained, belong = _strays(reader, root, found, sniff=not quick)
    return Check(
        reader=reader,
        root=root,
        quick=quick,
        clips=found.clips,
        counts=count(official, expected),
        absent=expected.absent,
        duplicates=[] if quick else duplicates(found.clips, workers),
        unreadable=[] if quick else unreadable(found.clips, workers=workers, on_clip=on_clip),
        strays=unexplained,
        leaks=leaks(found.clips),
        shortcuts=[] if quick else _shortcuts(found.clips),
        collisions=_collisions(found.clips),
        notes=[
            *left_out_sentences(found.left_out, root),
            *found.notes,
            *(f"nothing of {method} is here, which is taken only by name" for method in left_out),
            *(f"{clips} other files here are of {name}" for name, clips in belong.items()),
        ],
        left_out=found.left_out,
    )


def _shortcuts(clips: Sequence[Clip]) -> list[Shortcut]:
    from preprocessing.releases.shortcuts import shortcuts  # with all that reads pictures

    return shortcuts(clips)


def _strays(reader: Reader, root: Path, found: Found, *, sniff: bool) -> tuple[list[Path], dict[str, int]]:
    """Files that nothing explains, and how many a related set explains that lies in the same folders."""
    from preprocessing.datasets import get_reader  # which imports this module on its search for readers

    left, belong = strays(root, found, sniff=sniff), {}
    for name in reader.related if left else ():
        try:
            others = set(strays(root, get_reader(name).find(root), sniff=sniff))
        except FacefakeError:
            continue  # it is not there
        explained = [path for path in left if path not in others]
        if explained:
            belong[name] = len(explained)
            left = [path for path in left if path in others]
    return left, belong


def _left_out(reader: Reader, found: Found) -> list[str]:
    """The methods that are no part of the reader's protocol and of which nothing is there: nobody wanted them."""
    listed = dict.fromkeys([line.method for line in reader.official] + [clip.method for clip in found.absent])
    begun = {*reader.methods, *(clip.method for clip in found.clips)}
    return [method for method in listed if reader.methods and method not in begun]


def count(official: Sequence[Official], found: Found) -> list[Count]:
    """The clips that are there and absent beside the official figures, which hold for each compression there is."""
    figures = {(line.method, line.split): line.clips for line in official}
    there, absent = _cells(found.clips), _cells(found.absent)
    seen = {*there, *absent}
    rows = []
    for level in sorted({cell.compression for cell in seen}, key=str):
        lines = {*figures, *((cell.method, cell.split) for cell in seen if cell.compression == level)}
        for method, split in sorted(lines, key=_place(official)):
            # a figure without a split is over all splits
            splits = {cell.split for cell in seen} if split is None and (method, None) in figures else {split}
            cells = [Cell(method, each, level) for each in splits]
            present, lacking = (sum(clips[cell] for cell in cells) for clips in (there, absent))
            rows.append(Count(method, split, level, figures.get((method, split)), present, lacking))
    return rows


def _cells(clips: Iterable[Clip]) -> Counter[Cell]:
    return Counter(Cell(clip.method, clip.split, clip.compression) for clip in clips)


def _place(official: Sequence[Official]) -> Callable[[tuple[str, str | None]], tuple[int, str, int]]:
    """Sort key: methods as the official figures name them and then by name, splits in their usual order."""
    places = {method: place for place, method in enumerate(dict.fromkeys(line.method for line in official))}
    splits = (None, *SPLITS)
    return lambda line: (places.get(line[0], len(places)), line[0], splits.index(line[1]))


def _collisions(clips: Iterable[Clip]) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = defaultdict(list)
    for clip in clips:
        folders[f"{clip.dataset}/{clip.method}/{clip.name}"].append(clip.key)
    return {folder: keys for folder, keys in folders.items() if len(keys) > 1}
