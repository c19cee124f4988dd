"""Which bytes were examined: the content of a clip's files, and how to see cheaply that they are still the same."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from preprocessing.clip import Clip
from preprocessing.digest import settled, sha256_file
from preprocessing.errors import FacefakeError
from preprocessing.text import name_text

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Source:
    """One file that a clip is made of, as it was found at some time.

    A file is known by its SHA-256. Size and times only save reading it again: they are trusted where all of them and
    the path are the same. A folder of crops, which may hold gigabytes, is known by the sizes and times of its files.

    Attributes:
        path: Absolute path, as :func:`preprocessing.text.name_text` writes it.
        bytes: Size of the file, or of all files in the folder; ``None`` if there was nothing.
        modified: Time of the last modification, nanoseconds since 1970.
        changed: Time of the last change of the inode, which tools that copy times cannot set back.
        entries: SHA-256 over name, size and times of each file in a folder; ``None`` for a file.
        sha256: Of the file's content in hex; ``None`` if it was not read.

    Example:
        >>> Source.of(Path("no such file")).bytes is None
        True
    """

    path: str
    bytes: int | None = None
    modified: int | None = None
    changed: int | None = None
    entries: str | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path, *, settle: bool = False) -> Source:
        """What is at ``path`` now, its content not read.

        Args:
            path: A file, a folder, or nothing.
            settle: Wait until a later change would show (:func:`preprocessing.digest.settled`): for what is recorded.
        """
        name = name_text(os.path.abspath(path))
        try:
            status = settled(path) if settle else path.stat()
            if stat.S_ISDIR(status.st_mode):
                return _of_folder(path, name)
        except (OSError, ValueError):  # gone, forbidden, a loop of links; a name that no file can have
            return cls(name)
        return cls(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Source:
        """The inverse of :meth:`to_dict`.

        Raises:
            KeyError: For values that are not those of a source.
        """
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a face store keeps them."""
        return asdict(self)

    def unchanged(self, now: Source) -> bool:
        """Whether ``now`` is the same file in the same place, with the same size and times."""
        return replace(self, sha256=None) == replace(now, sha256=None)

    def proven(self, path: Path) -> Source | None:
        """What is at ``path`` now, if it has the content of this one; reads the file where times do not tell."""
        now = Source.of(path, settle=True)
        if self.unchanged(now):
            return self
        if self.entries is not None:
            return now if self.entries == now.entries else None
        if self.sha256 is None or self.bytes != now.bytes:
            return None
        read = replace(now, sha256=sha256_file(path))
        return read if read.sha256 == self.sha256 else None


def _of_folder(path: Path, name: str) -> Source:
    states = sorted(_states(path))
    digest = hashlib.sha256("\n".join(f"{state}" for state in states).encode("utf-8", "surrogateescape"))
    return Source(name, sum(size for _, size, _, _ in states), entries=digest.hexdigest())


def _states(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                status = entry.stat()
                yield entry.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def sources_of(clip: Clip, *, settle: bool = False) -> list[Source]:
    """What a clip is made of: its file, and its mask video where it has one.

    Args:
        clip: The clip.
        settle: As in :meth:`Source.of`.
    """
    return [Source.of(path, settle=settle) for path in _paths(clip)]


def _paths(clip: Clip) -> list[Path]:
    return [clip.path] if clip.mask is None else [clip.path, clip.mask]


def unchanged(recorded: Sequence[Source], clip: Clip) -> bool:
    """Whether paths, sizes and times of the clip's files are all as recorded; reads no file.

    Args:
        recorded: From an earlier :func:`examine`; empty in records of releases that kept none, which prove nothing.
        clip: The clip as it is now.
    """
    now = sources_of(clip)
    return len(recorded) == len(now) and all(then.unchanged(at) for then, at in zip(recorded, now, strict=True))


def fingerprint(clips: Iterable[Clip]) -> str:
    """One digest over paths, sizes and times of all files of some clips, which any change of any of them changes.

    For results of many clips that are kept as a whole: they are used again only if it is the same. Reads no file.

    Args:
        clips: The clips, in their order.
    """
    digest = hashlib.sha256()
    for clip in clips:
        states = [(each.path, each.bytes, each.modified, each.changed, each.entries) for each in sources_of(clip)]
        digest.update(repr((clip.member, states)).encode())
    return digest.hexdigest()


def proven(recorded: Sequence[Source], clip: Clip) -> list[Source] | None:
    """The clip's files as they are now, if each has the content that was recorded, else ``None``.

    Args:
        recorded: As in :func:`unchanged`.
        clip: The clip as it is now.
    """
    paths = _paths(clip)
    if len(recorded) != len(paths):
        return None
    found = [then.proven(path) for then, path in zip(recorded, paths, strict=True)]
    same = [each for each in found if each is not None]
    return same if len(same) == len(found) else None


def examine(clip: Clip, work: Callable[[], Result]) -> tuple[list[Source], Result | FacefakeError]:
    """Do ``work`` on a clip's files, and say which bytes it saw.

    Args:
        clip: The clip.
        work: Reads the files. A :class:`FacefakeError` that it raises is returned.

    Returns:
        The sources with their digests, and the result. If a file changed meanwhile, as one that is still being written
        does, the result is an error ``file_changed`` and there is no digest. A file too large to be worked on is not
        read for its digest either.
    """
    before = sources_of(clip, settle=True)
    try:
        result: Result | FacefakeError = work()
    except FacefakeError as error:
        result = error
        if error.code == "too_large":
            return before, error
    read = [replace(each, sha256=sha256_file(path)) for each, path in zip(before, _paths(clip), strict=True)]
    if not unchanged(before, clip):
        return before, FacefakeError(
            "file_changed",
            f"{clip.path.name} changed while it was read.",
            "Wait until it is written completely, then run the command again.",
        )
    return read, result
