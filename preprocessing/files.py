"""Files that are whole or not there at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from preprocessing.errors import FacefakeError


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` in one step, so that a reader sees the old file or the new and never a half.

    Raises:
        FacefakeError: ``not_writable``.
    """
    write_pieces(path, [data])


def check_writable(path: Path) -> None:
    """Raise at once what writing ``path`` would raise hours later. Nothing is left behind.

    Raises:
        FacefakeError: ``not_writable``.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    trial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise _not_writable(path, error) from error
    for folder in made:
        with suppress(OSError):  # somebody else has put something there meanwhile
            folder.rmdir()


def copy_atomic(source: Path, target: Path) -> None:
    """As :func:`write_atomic`, with the bytes of another file."""
    with source.open("rb") as file:
        write_pieces(target, iter(partial(file.read, 1 << 20), b""))


def write_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """As :func:`write_atomic`, for what is too large to hold at once."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.writelines(pieces)
        os.replace(temporary, path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _not_writable(path: Path, error: OSError) -> FacefakeError:
    return FacefakeError(
        "not_writable", f"Cannot write {path} ({error.strerror}).", "Choose another output, or free space."
    )
