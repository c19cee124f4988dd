"""One writer at a time, among processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from preprocessing.errors import FacefakeError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for a lock, and hold it until the block ends; the system lets go of a killed process's.

    Args:
        path: The lock's file; it is made if it is not there, and stays.

    Raises:
        FacefakeError: ``not_writable``.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise FacefakeError(
            "not_writable", f"Cannot write {path} ({error.strerror}).", "Choose another folder for features."
        ) from error
    with file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)  # closing the file lets go
            yield
