"""Where results are written: a file that is whole or not there at all, or stdout."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from preprocessing.files import NamedWriter, making, open_atomic, open_named


@contextmanager
def open_output(target: str | Path) -> Iterator[TextIO]:
    """A text stream to ``target``, UTF-8 with ``\\n``.

    A regular file is written beside itself and takes its place when the block ends without an error; until then, and
    for ever if it does not, the old file stays. A pipe or a device is written to directly.

    Args:
        target: A file, or ``-`` for stdout.

    Raises:
        FacefakeError: ``not_writable``, on entry where it can be known then; else at the write that fails.
    """
    if str(target) == "-":
        yield sys.stdout
        sys.stdout.flush()
    elif _is_special(target):
        with open_named(Path(target), target) as file, _text(file) as text:
            yield text
    else:
        # of a link, what it points to is replaced
        with open_atomic(Path(os.path.realpath(target)), target) as file, _text(file) as text:
            yield text


def check_output(target: str | Path) -> None:
    """Raise at once what :func:`open_output` would raise on entry to what is only written hours later.

    Raises:
        FacefakeError: ``not_writable``, also where the disk is full.
    """
    if str(target) == "-" or (_is_special(target) and not Path(target).is_dir()):
        return
    path = Path(os.path.realpath(target))
    # a folder cannot be opened
    with making(path, target) as hidden, open_named(path if path.is_dir() else hidden, target) as file:
        file.write(b"\n")


def _is_special(target: str | Path) -> bool:
    """Whether what is there is no regular file: a pipe, a device, or a folder."""
    path = Path(target)
    return path.exists() and not path.is_file()


@contextmanager
def _text(file: io.BufferedWriter[NamedWriter]) -> Iterator[TextIO]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
    try:
        yield text
        text.flush()
    except BaseException:
        file.raw.give_up()
        raise
    finally:
        text.detach()
