"""The same bytes under two names. Only sizes are looked at, and contents where sizes agree."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Clips whose files hold the same bytes.

    Attributes:
        sha256: Of the file, in hex; of the files' digests for a clip that is a folder of pictures.
        clips: Two at least, sorted by key.
    """

    sha256: str
    clips: tuple[Clip, ...]

    @property
    def contradicts(self) -> bool:
        """Whether the same bytes are called real under one name and fake under another."""
        return len({clip.label for clip in self.clips} - {None}) > 1

    @property
    def crosses(self) -> bool:
        """Whether the names stand in different splits."""
        return len({clip.split for clip in self.clips} - {None}) > 1

    def __str__(self) -> str:
        names = list({clip.path: clip.key for clip in reversed(self.clips)}.values())[::-1]  # one a file
        more = [f"and {len(names) - 3} more"] if len(names) > 3 else []
        remarks = more + ["called real and fake"] * self.contradicts + ["in several splits"] * self.crosses
        return " = ".join(names[:3]) + (f" ({', '.join(remarks)})" if remarks else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "sha256": self.sha256,
            "clips": [
                {"clip": clip.key, "path": str(clip.path), "label": clip.label, "split": clip.split}
                for clip in self.clips
            ],
            "labels_contradict": self.contradicts,
            "splits_differ": self.crosses,
        }


def duplicates(clips: Iterable[Clip], workers: int = 1) -> list[Duplicate]:
    """Clips with the same bytes, sorted by key; what is empty, unreadable or not a regular file is passed over.

    An archive that holds several clips is compared as a whole.

    Args:
        clips: Clips that are there.
        workers: Files read at a time.
    """
    from concurrent.futures import ThreadPoolExecutor  # hashing lets go of the interpreter lock

    by_path: dict[Path, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_path[clip.path].append(clip)
    by_size: dict[tuple[int, ...], list[Path]] = defaultdict(list)
    for path in by_path:
        by_size[_sizes(path)].append(path)
    suspects = [path for sizes, paths in by_size.items() if any(sizes) and len(paths) > 1 for path in paths]
    by_digest: dict[str, list[Clip]] = defaultdict(list)
    with ThreadPoolExecutor(workers) as pool:
        for path, digest in zip(suspects, pool.map(_digest, suspects), strict=True):
            if digest is not None:
                by_digest[digest] += by_path[path]
    found = [
        Duplicate(digest, tuple(sorted(same, key=lambda clip: clip.key)))
        for digest, same in by_digest.items()
        if len({clip.path for clip in same}) > 1
    ]
    return sorted(found, key=lambda duplicate: duplicate.clips[0].key)


def _files(path: Path) -> list[Path]:
    """The clip's files: itself, or those in its folder. A pipe or a device would be read for ever."""
    return [file for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]


def _sizes(path: Path) -> tuple[int, ...]:
    try:
        return tuple(file.stat().st_size for file in _files(path))
    except OSError:
        return ()


def _digest(path: Path) -> str | None:
    try:
        digests = [_file_digest(file) for file in _files(path)]
    except OSError:
        return None
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
