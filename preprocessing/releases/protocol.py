"""A protocol is data: which clips a figure speaks of, with the label and split of each, versioned and hashed.

Two figures can be compared when their protocols have the same hash. A correction of a label, split or pair raises the
``version`` of the data set's reader and changes the hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.datasets.base import Reader
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic

UNSPLIT = "no split"
_HEAD = re.compile(r"# facefake protocol: dataset=(\S+) version=(\d+) sha256=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a protocol says of one clip.

    Attributes:
        key: The clip's path relative to the data root, as released.
        label: Real 0, fake 1, ``None`` if unknown.
        split: ``train``, ``val``, ``test`` or ``None``.
        method: Forgery method or source of the real footage.
        pair: The source group, ``None`` if the clip is its own.
        compression: The release's compression level, ``None`` where it has only one.
    """

    key: str
    label: int | None
    split: str | None
    method: str
    pair: str | None
    compression: str | None

    @classmethod
    def of(cls, clip: Clip) -> Entry:
        """The entry of a clip."""
        return cls(clip.key, clip.label, clip.split, clip.method, clip.pair, clip.compression)


_COLUMNS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True)
class Protocol:
    """The clips of a data set that figures are computed over.

    Attributes:
        dataset: Name of the reader.
        version: The reader's version.
        entries: One a clip, sorted by key, each key once.

    Example:
        >>> protocol = Protocol("toy", 1, (Entry("b.mp4", 1, "test", "FaceSwap", "a", None),))
        >>> protocol.facts()["splits"], protocol.sha256[:8]
        ({'test': 1}, '550d44d9')
    """

    dataset: str
    version: int
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(sorted(self.entries, key=lambda entry: entry.key)))
        twice = [key for key, count in Counter(entry.key for entry in self.entries).items() if count > 1]
        if twice:
            raise _mismatch(f"A protocol of {self.dataset} names {twice[0]} twice.")

    @classmethod
    def of(cls, reader: Reader, clips: Iterable[Clip]) -> Protocol:
        """The protocol over ``clips``: those that are there and those that are listed but absent.

        With the absent ones it is the same on every machine where the release lists its clips; without lists it is
        what was downloaded.
        """
        return cls(reader.name, reader.version, tuple(map(Entry.of, clips)))

    @cached_property
    def sha256(self) -> str:
        """SHA-256 in hex of a line of JSON ``[dataset, version]`` and one an entry, in ASCII and sorted by key."""
        lines: list[Any] = [(self.dataset, self.version), *map(astuple, self.entries)]
        return hashlib.sha256("".join(json.dumps(line) + "\n" for line in lines).encode("ascii")).hexdigest()

    def facts(self) -> dict[str, Any]:
        """What reports show of it: ``{"dataset", "version", "sha256", "clips", "splits": {split: clips}}``."""
        splits = Counter(entry.split or UNSPLIT for entry in self.entries)
        return {
            "dataset": self.dataset,
            "version": self.version,
            "sha256": self.sha256,
            "clips": len(self.entries),
            "splits": dict(sorted(splits.items())),
        }

    def write(self, path: Path) -> None:
        """Write it as CSV behind one line of comment that holds data set, version and hash.

        Raises:
            FacefakeError: ``not_writable``.
        """
        text = io.StringIO(newline="")
        table = csv.writer(text)  # its \r\n at line ends is what makes it quote a \r in a name
        table.writerow([f"# facefake protocol: dataset={self.dataset} version={self.version} sha256={self.sha256}"])
        table.writerow(_COLUMNS)
        table.writerows(astuple(entry) for entry in self.entries)  # None is written as an empty cell
        write_atomic(path, text.getvalue().encode("utf-8", "surrogateescape"))

    @classmethod
    def read(cls, path: Path) -> Protocol:
        """Read a file of :meth:`write`.

        Raises:
            FacefakeError: ``not_found``; ``protocol_mismatch`` if it is no such file or was changed since.
        """
        try:
            with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
                head = _HEAD.fullmatch(file.readline().rstrip("\r\n"))
                rows = list(csv.reader(file))
        except OSError as error:
            raise FacefakeError(
                "not_found", f"{path} cannot be read ({error.strerror}).", "`facefake datasets protocol` writes one."
            ) from error
        except csv.Error as error:
            raise _mismatch(f"{path} is no protocol ({error}).") from error
        if not head or not rows or tuple(rows[0]) != _COLUMNS:
            raise _mismatch(f"{path} is no protocol of facefake: its first lines are other ones.")
        dataset, version, sha256 = head.groups()
        protocol = cls(dataset, int(version), tuple(_entry(path, row) for row in rows[1:]))
        if protocol.sha256 != sha256:
            raise _mismatch(f"{path} was changed by hand: its rows no longer have the hash in its first line.")
        return protocol


def _entry(path: Path, row: list[str]) -> Entry:
    if len(row) != len(_COLUMNS) or row[1] not in ("", "0", "1"):
        raise _mismatch(f"{path} has the row {','.join(row)!r}, which is no clip with {', '.join(_COLUMNS)}.")
    key, label, split, method, pair, compression = row
    return Entry(key, int(label) if label else None, split or None, method, pair or None, compression or None)


def _mismatch(message: str) -> FacefakeError:
    return FacefakeError(
        "protocol_mismatch",
        message,
        "Corrections belong in the data set's reader and get a new version. `facefake datasets protocol` writes one.",
    )
