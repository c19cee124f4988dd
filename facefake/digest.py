"""SHA-256 of an input file: which bytes a result speaks of."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def sha256_file(path: Path) -> str | None:
    """SHA-256 of a regular file in hex, read in pieces; ``None`` if it is not one or cannot be read.

    A file that has not changed since is not read again: a suite scores the same videos at every level of a corruption.

    Example:
        >>> sha256_file(Path("no such file")) is None
        True
    """
    # a pipe or a device would be read for ever
    if not path.is_file():
        return None
    try:
        found = path.stat()
        return _digest(path.absolute(), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    except OSError:
        return None


@lru_cache(maxsize=1 << 16)
def _digest(path: Path, *_state: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
