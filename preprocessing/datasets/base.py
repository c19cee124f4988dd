"""What the readers share: finding files, naming clips in the store, errors that say what was looked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".vob", ".ts", ".mts"),
        *(".m2ts", ".flv", ".wmv", ".asf", ".ogv", ".mxf"),
    )
)
IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif"))
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Reader:
    """How one release is read.

    Attributes:
        name: What ``--dataset`` calls it.
        title: The release in words.
        read: Data root (and, for readers that take one, a labels file) to clips, sorted by key.
        methods: Methods taken unless the user names others; empty takes all there are.
    """

    name: str
    title: str
    read: Callable[[Path, Path | None], list[Clip]]
    methods: tuple[str, ...] = ()


def media_files(root: Path) -> list[Path]:
    """All videos and pictures below ``root``, by suffix, sorted; hidden files and folders are passed over."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES | IMAGE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
    )


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


def require_folder(root: Path, *children: str) -> None:
    """Refuse a data root that is missing or holds none of ``children``, saying what is there instead.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    if not root.is_dir():
        raise FacefakeError(
            "dataset_not_found", f"{root} is not a folder.", "Give the data set's top folder with --data."
        )
    if children and not any((root / child).is_dir() for child in children):
        there = sorted(path.name for path in root.iterdir())
        shown = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "") if there else "nothing"
        raise FacefakeError(
            "dataset_not_found",
            f"{root} holds {shown}; looked for {' or '.join(child + '/' for child in children)}.",
            "--data is the folder the release was unpacked into, the one that holds these folders.",
        )


def select(
    clips: Iterable[Clip],
    *,
    splits: Sequence[str] = (),
    methods: Sequence[str] = (),
    compressions: Sequence[str] = (),
) -> list[Clip]:
    """Clips of the given splits, methods and compressions; an empty filter lets everything through.

    Raises:
        FacefakeError: ``split_empty`` if nothing is left, naming what there was.
    """
    clips = list(clips)
    chosen = [
        clip
        for clip in clips
        if (not splits or clip.split in splits)
        and (not methods or clip.method in methods)
        and (not compressions or clip.compression in compressions)
    ]
    if not chosen:
        asked = ", ".join(
            f"{name} {'/'.join(values)}"
            for name, values in (("split", splits), ("method", methods), ("compression", compressions))
            if values
        )
        there = {
            "splits": sorted({str(clip.split) for clip in clips}),
            "methods": sorted({clip.method for clip in clips}),
            "compressions": sorted({str(clip.compression) for clip in clips}),
        }
        raise FacefakeError(
            "split_empty",
            f"No clip with {asked or 'any label'} among the {len(clips)} found; they have "
            + ", ".join(f"{name} {'/'.join(values) or 'none'}" for name, values in there.items())
            + ".",
            "Check --data, or choose other splits, methods or compressions.",
        )
    return chosen
