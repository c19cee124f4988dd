"""Files that are whole or not there at all, and errors that name the file that could not be written."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from preprocessing.errors import FacefakeError
from preprocessing.interrupts import held

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more, which only writing gives."""

_making: dict[Path, int] = {}
"""Hidden files and folders in the making, and the process that makes them."""


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
    with making(path) as trial, open_named(trial, path):
        pass
    for folder in made:
        with suppress(OSError):  # somebody else has put something there meanwhile
            folder.rmdir()


def copy_atomic(source: Path, target: Path) -> None:
    """As :func:`write_atomic`, with the bytes of another file.

    Raises:
        FacefakeError: ``not_writable``; ``unreadable`` for the source.
    """
    try:
        with source.open("rb") as file:
            write_pieces(target, iter(partial(file.read, 1 << 20), b""))
    except OSError as error:
        raise FacefakeError("unreadable", f"{source} cannot be read ({error.strerror}).", "Check the disk.") from error


def write_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """As :func:`write_atomic`, for what is too large to hold at once."""
    with open_atomic(path) as file:
        file.writelines(pieces)


@contextmanager
def open_atomic(path: Path, name: str | Path | None = None) -> Iterator[io.BufferedWriter[NamedWriter]]:
    """A binary stream to a hidden file that takes the place of ``path`` when the block ends without an error.

    Until then, and for ever if it does not, the old file stays. An interrupt waits for the last step.

    Args:
        path: The file; its folder is made.
        name: What errors call it; ``None``: its path.

    Raises:
        FacefakeError: ``not_writable``, at the first write that fails. Other errors of the block are not changed.
    """
    name = path if name is None else name
    with making(path, name) as temporary, open_named(temporary, name) as file:
        yield file
        with held(), writing(name):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(temporary, path)


@contextmanager
def making(path: Path, name: str | Path | None = None) -> Iterator[Path]:
    """A hidden place next to ``path`` for a file or a folder in the making; what is there at the end is removed.

    Raises:
        FacefakeError: ``not_writable`` if the folder of ``path`` cannot be made.
    """
    with writing(path if name is None else name):
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _making[temporary] = os.getpid()
    try:
        yield temporary
    finally:
        _remove(temporary)


def remove_unfinished() -> None:
    """Remove what this process has in the making: for a process that is about to end."""
    for path, process in list(_making.items()):
        if process == os.getpid():
            _remove(path)


@contextmanager
def open_named(path: Path, name: str | Path, append: bool = False) -> Iterator[io.BufferedWriter[NamedWriter]]:
    """A binary stream to a file, a pipe or a device, opened for writing.

    Args:
        path: Where to.
        name: What errors call it.
        append: Write behind what is there.

    Raises:
        FacefakeError: ``not_writable``, at the first write that fails.
    """
    with writing(name):
        raw = NamedWriter(path, name, append)
    file = io.BufferedWriter(raw)
    try:
        yield file
        with writing(name):
            file.close()
    except BaseException:
        raw.give_up()
        raise
    finally:
        file.close()


class NamedWriter(io.FileIO):
    """A file open for writing whose errors are ``not_writable`` and name it.

    A block that writes several files can so tell which of them failed. After the first error what is written is
    dropped: to close a stream writes what is left in its buffer, and would fail again.

    Args:
        path: The file, or a descriptor, which is not closed.
        name: What errors call it.
        append: Write behind what is there.
    """

    def __init__(self, path: Path | int, name: str | Path, append: bool = False) -> None:
        super().__init__(path, "a" if append else "w", closefd=not isinstance(path, int))
        self._called = name
        self._given_up = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes.

        Raises:
            FacefakeError: ``not_writable``, once.
        """
        if self._given_up:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self.give_up()
            raise not_writable(self._called, error) from error

    def give_up(self) -> None:
        """Drop what is written from now on."""
        self._given_up = True


@contextmanager
def writing(name: str | Path) -> Iterator[None]:
    """A block in which every ``OSError`` is one of writing the file ``name``.

    Raises:
        FacefakeError: ``not_writable``.
    """
    try:
        yield
    except OSError as error:
        raise not_writable(name, error) from error


def not_writable(name: str | Path, error: OSError) -> FacefakeError:
    """The error of a file that cannot be written."""
    return FacefakeError(
        "not_writable", f"Cannot write {name} ({error.strerror or error}).", "Choose another output, or free space."
    )


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    _making.pop(path, None)
