"""What the readers share: finding files, naming clips in the store, errors that say what was looked for."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.datasets.media import VIDEO_SUFFIXES, LeftOut, find_media
from preprocessing.errors import FacefakeError
from preprocessing.text import name_text

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Official:
    """One line of a release's official figures: so many ``clips`` of a ``method`` in a ``split``."""

    method: str
    split: str | None
    clips: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader finds below a data root.

    Attributes:
        clips: The clips whose files are there, sorted by key.
        absent: Clips the release's own lists name whose files are not there, sorted by key; ``path`` is where they
            should be.
        notes: What a reader of the counts must know, e.g. a part without its metadata.
        left_out: Other files below the root, where a reader takes whatever it finds there.
    """

    clips: list[Clip]
    absent: list[Clip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """How one release is read, and what its authors say of it.

    Attributes:
        name: What ``--dataset`` calls it.
        title: The release in words.
        find: Data root to what is there, in any order; with ``takes_labels`` also a labels file.
        licence: Terms of use in a few words.
        link: The official page.
        methods: Methods taken unless the user names others; empty takes all there are.
        official: The official counts.
        reals: The methods among them that are real footage.
        version: Raised when a correction changes the label, split or pair of a clip.
        related: Other sets that show the same footage.
        crops: For sets released as face crops, the name of their crop geometry.
        takes_labels: Whether the labels may come from a file of the user's.
        pictures: Whether its clips are whole pictures, to be judged as such and not for the faces in them.
        reals_of: The real methods that a forgery method is measured against; by default all reals of the set.
        recorded: Whether its clips are as facefake recorded them before, with names in text.
    """

    name: str
    title: str
    find: Callable[..., Found]
    licence: str = ""
    link: str = ""
    methods: tuple[str, ...] = ()
    official: tuple[Official, ...] = ()
    reals: tuple[str, ...] = ()
    version: int = 1
    related: tuple[str, ...] = ()
    crops: str | None = None
    takes_labels: bool = False
    pictures: bool = False
    reals_of: Callable[[str], tuple[str, ...]] | None = None
    recorded: bool = False

    def read(self, root: Path, labels: Path | None = None) -> Found:
        """Everything of the release below ``root``; no file is opened but the release's own lists.

        Raises:
            FacefakeError: ``dataset_not_found`` if ``root`` is not such a release, ``no_videos`` if it holds none of
                its files, ``labels_invalid`` for a list that cannot be, ``usage`` for labels where the release has
                its own.
        """
        require_folder(root)
        if labels is not None and not self.takes_labels:
            raise FacefakeError(
                "usage", f"{self.name} has official labels.", "Leave out --labels, or use --dataset folder."
            )
        found = self.find(root, labels) if self.takes_labels else self.find(root)
        if not found.clips:
            raise FacefakeError(
                "no_videos",
                f"{root} holds no file of {self.title}" + "".join(f"; {note}" for note in found.notes) + ".",
                "Finish the download, and give the folder it was unpacked into.",
            )
        if not self.recorded:
            found = replace(found, clips=list(map(_in_text, found.clips)), absent=list(map(_in_text, found.absent)))
        return replace(found, clips=sorted(found.clips, key=_key), absent=sorted(found.absent, key=_key))


def _key(clip: Clip) -> str:
    return clip.key


def _in_text(clip: Clip) -> Clip:
    """The clip with valid text in all that goes into stores, scores and reports; readers give names as they are."""
    names = "\0".join((clip.key, clip.method, clip.pair or "", *clip.identities))
    if name_text(names) == names:
        return clip
    return replace(
        clip,
        key=name_text(clip.key),
        method=name_text(clip.method),
        pair=None if clip.pair is None else name_text(clip.pair),
        identities=tuple(map(name_text, clip.identities)),
    )


def videos_in(root: Path, *parts: str) -> list[tuple[Path, str]]:
    """Path and key of each video in the folder ``root/parts``, sorted.

    Some toolkits have users insert a folder ``videos`` there; it is looked into as well. The key is as released,
    without it and with the suffix of :func:`released_name`, so that scores of differently filed copies can be
    compared. Of two files with one key the one with the released suffix is taken.
    """
    folder = folder_at(root, *parts)
    found: dict[str, Path] = {}
    for place in (folder, folder / "videos"):
        files = [path for path in place.iterdir() if path.is_file()] if place.is_dir() else []
        for path in sorted(files, key=lambda path: (path.name != released_name(path.name), path.name)):
            if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith("."):
                found.setdefault("/".join((*parts, released_name(path.name))), path)
    return [(path, key) for key, path in sorted(found.items())]


def released_name(name: str) -> str:
    """The name or key of a video with the suffix that releases of videos have, whatever a copy was converted to.

    Example:
        >>> released_name("Celeb-real/id0_0000.MP4"), released_name("01__scene.x.avi"), released_name("01__scene.x")
        ('Celeb-real/id0_0000.mp4', '01__scene.x.mp4', '01__scene.x')
    """
    stem, suffix = os.path.splitext(name)
    return f"{stem}.mp4" if suffix.lower() in VIDEO_SUFFIXES else name


def folder_at(root: Path, *parts: str) -> Path:
    """The folder ``root/parts``; where a part of it is not there, the only folder whose name differs in case alone."""
    place = root
    for part in parts:
        if not (place / part).is_dir() and place.is_dir():
            alike = [path for path in place.iterdir() if path.name.lower() == part.lower() and path.is_dir()]
            place = alike[0] if len(alike) == 1 else place / part
        else:
            place = place / part
    return place


def strays(root: Path, found: Found, *, sniff: bool = True) -> list[Path]:
    """Videos and pictures below ``root``, as :func:`find_media` finds them: neither a clip, nor in one, nor a mask."""
    known = {path for clip in found.clips for path in (clip.path, clip.mask) if path}
    files = find_media(root, sniff=sniff).files
    return [path for path in files if path not in known and not known.intersection(path.parents)]


def store_name(key: str) -> str:
    """A folder name for the clip ``key`` that is readable, safe on any file system and unique to the key.

    Example:
        >>> store_name("party/anna.mp4")
        'party~anna.mp4'
        >>> store_name("a b.mp4") == store_name("a_b.mp4")
        False
    """
    plain = key.replace("/", "~")
    safe = re.sub(r"[^A-Za-z0-9._~-]", "_", plain)[:100].strip(".") or "clip"
    if safe == plain and "~" not in key:
        return safe
    # the name was changed or could be another key's: a digest of the key keeps the two apart
    return f"{safe}-{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


UNPACKED = 2  # folders that archives and download tools put around a release
LOOKED_FOR = 4  # folders that a message names


def require_folder(root: Path, *children: str, layouts: str = "") -> Path:
    """The folder that holds any of ``children``: ``root``, or the only one so many folders below it.

    Args:
        root: The data root.
        children: Folders of the release; any of them is enough, for a part of it may have been downloaded.
        layouts: The layouts that are known, as a sentence for the hint; needed where there are several.

    Raises:
        FacefakeError: ``dataset_not_found``, saying what was looked for and what is there instead.
    """
    if not root.is_dir():
        raise FacefakeError("dataset_not_found", f"{root} is not a folder.", "Give the data set's top folder.")
    if not children:
        return root
    places = [root]
    for _ in range(UNPACKED + 1):
        inside = {place: _folders_in(place) for place in places}
        holding = [place for place, folders in inside.items() if _holds(place, folders, children)]
        if len(holding) == 1:
            return holding[0]
        if holding:
            named = ", ".join(place.relative_to(root).as_posix() for place in holding)
            raise FacefakeError(
                "dataset_not_found", f"{root} holds the release more than once.", f"Give one of {named}."
            )
        places = [folder for folders in inside.values() for folder in folders]
    there = sorted(path.name for path in root.iterdir())
    shown = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "") if there else "nothing"
    looked = " or ".join(f"{child}/" for child in children[:LOOKED_FOR])
    more = " or the folders of another layout" if len(children) > LOOKED_FOR else ""
    raise FacefakeError(
        "dataset_not_found",
        f"{root} holds {shown}; looked for {looked}{more}.",
        layouts or "Give the folder the release was unpacked into, the one that holds these folders.",
    )


def _holds(place: Path, folders: Sequence[Path], children: Sequence[str]) -> bool:
    names = {folder.name.lower() for folder in folders}
    return any(
        child.split("/")[0].lower() in names and folder_at(place, *child.split("/")).is_dir() for child in children
    )


def _folders_in(place: Path) -> list[Path]:
    """Its folders but hidden ones; none of one that cannot be listed."""
    try:
        return sorted(path for path in place.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError:
        return []


def select(
    found: Found, *, splits: Sequence[str] = (), methods: Sequence[str] = (), compressions: Sequence[str] = ()
) -> Found:
    """What is of the given splits, methods and compressions; an empty filter lets everything through.

    Raises:
        FacefakeError: ``split_empty`` if no clip is left that is there, naming what there was.
    """

    def wanted(clip: Clip) -> bool:
        return (
            (not splits or clip.split in splits)
            and (not methods or clip.method in methods)
            and (not compressions or clip.compression in compressions)
        )

    chosen = replace(found, clips=list(filter(wanted, found.clips)), absent=list(filter(wanted, found.absent)))
    if not chosen.clips:
        asked = {"split": splits, "method": methods, "compression": compressions}
        raise _nothing_left(found.clips, {name: values for name, values in asked.items() if values})
    return chosen


def _nothing_left(clips: Sequence[Clip], asked: Mapping[str, Sequence[str]]) -> FacefakeError:
    there = {
        "splits": sorted({clip.split or "none" for clip in clips}),
        "methods": sorted({clip.method for clip in clips}),
        "compressions": sorted({clip.compression or "none" for clip in clips}),
    }
    wish = ", ".join(f"{name} {' or '.join(values)}" for name, values in asked.items())
    return FacefakeError(
        "split_empty",
        f"No clip with {wish or 'any label'} among the {len(clips)} found; they have "
        + "; ".join(f"{name}: {', '.join(values) or 'none'}" for name, values in there.items())
        + ".",
        "Check the folder, or choose other splits, methods or compressions.",
    )
