"""SHA-256 of an input file, and when a file's time stamps can be trusted to tell that it has not changed."""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path

_FINE, _COARSE = 20_000_000, 2_000_000_000
"""Nanoseconds within which two changes of a file may get one time stamp: on file systems whose stamps have fractions
of a second (Linux stamps by a clock that ticks every 1 to 10 ms), and on those that count whole seconds (FAT two)."""


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
        found = settled(path)
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


def settled(path: Path) -> os.stat_result:
    """The status of a file, once any later change is certain to give it a later time stamp.

    Waits for the rest of a clock tick (at most two seconds, on file systems that count whole seconds) after a change.
    Without that, a file that is replaced twice in quick succession could keep its size and time.

    Raises:
        OSError: As :meth:`pathlib.Path.stat`.
    """
    while True:
        status = path.stat()
        newest = max(status.st_mtime_ns, status.st_ctime_ns)
        age = time.time_ns() - newest
        tick = _FINE if newest % 1_000_000_000 else _COARSE
        if not 0 <= age < tick:  # a stamp in the future, set by hand or by another machine's clock, never settles
            return status
        time.sleep((tick - age) / 1e9)
