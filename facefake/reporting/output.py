"""Where results are written: a file that is whole or not there at all, or stdout."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from preprocessing.errors import FacefakeError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def open_output(target: str | Path) -> Iterator[TextIO]:
    """A text stream to ``target``, UTF-8 with ``\\n``.

    A regular file is written beside itself and takes its place when the block ends without an error; until then, and
    for ever if it does not, the old file stays. A pipe or a device is written to directly.

    Args:
        target: A file, or ``-`` for stdout.

    Raises:
        FacefakeError: ``not_writable``, on entry where it can be known then.
    """
    path = Path(os.path.realpath(target))  # of a link, what it points to is replaced
    if str(target) == "-":
        yield sys.stdout
        sys.stdout.flush()
    elif path.exists() and not path.is_file():
        with _open(path, target) as file:
            yield file
    else:
        yield from _replacing(path, target)


def check_output(target: str | Path) -> None:
    """Raise at once what :func:`open_output` would raise on entry to what is only written hours later.

    Raises:
        FacefakeError: ``not_writable``.
    """
    path = Path(os.path.realpath(target))
    if str(target) == "-" or (path.exists() and not path.is_file() and not path.is_dir()):
        return
    place = path if path.is_dir() else _beside(path)
    _open(place, target).close()  # a folder cannot be opened
    place.unlink()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _replacing(path: Path, target: str | Path) -> Iterator[TextIO]:
    temporary = _beside(path)
    file = _open(temporary, target)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        # the block of the caller may fail for reasons that have nothing to do with this file
        if error.errno in _FULL:
            raise _not_writable(target, error) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _open(path: Path, target: str | Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise _not_writable(target, error) from error


def _not_writable(target: str | Path, error: OSError) -> FacefakeError:
    return FacefakeError(
        "not_writable", f"Cannot write {target} ({error.strerror}).", "Choose another output, or free space."
    )
