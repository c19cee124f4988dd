"""Where results are written: a file that is whole or not there at all, or stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from preprocessing.errors import FacefakeError


@contextmanager
def open_output(target: str | Path) -> Iterator[TextIO]:
    """A text stream to ``target``, UTF-8 with ``\\n``.

    A regular file is written beside itself and takes its place when the block ends without an error; until then, and
    for ever if it does not, the old file stays. A pipe or a device is written to directly.

    Args:
        target: A file, or ``-`` for stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    if str(target) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(os.path.realpath(target))  # of a link, what it points to is replaced
    direct = path.exists() and not path.is_file() and not path.is_dir()
    temporary = path if direct else path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            if not direct:
                file.flush()
                os.fsync(file.fileno())
        if not direct:
            os.replace(temporary, path)
    except OSError as error:
        raise FacefakeError(
            "not_writable", f"Cannot write {target} ({error.strerror}).", "Choose another output, or free space."
        ) from error
    finally:
        if not direct:
            temporary.unlink(missing_ok=True)
