"""The standard streams of a command: an error of stdout has words, and no message that is lost ends a run."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from preprocessing.errors import FacefakeError
from preprocessing.files import NamedWriter
from preprocessing.text import WRITE_OUT

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@contextmanager
def standard_streams() -> Iterator[None]:
    """Set the streams up for a command, and put them back at the end.

    What cannot be written to stdout is ``not_writable``, also if it was closed (``>&-``). stderr has messages for
    people, and a run goes on without them: the terminal may be gone. Streams that were replaced, as tests do, stay.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    if os.name == "posix":
        _open_descriptors()
        if sys.stdin is None:
            sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for the rest of the process
        if sys.stdout is sys.__stdout__:
            sys.stdout = _stream(NamedWriter(1, "the standard output"), sys.stdout)
        if sys.stderr is sys.__stderr__:
            sys.stderr = _stream(_Messages(2, "the standard error"), sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a path may hold bytes, and a terminal lack letters
            stream.reconfigure(errors=WRITE_OUT)
    try:
        yield
    finally:
        with suppress(FacefakeError):
            sys.stdout.flush()
        sys.stdin, sys.stdout, sys.stderr = before


class _Messages(NamedWriter):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except FacefakeError:
            return memoryview(data).nbytes


def _open_descriptors() -> None:
    """Give closed standard streams a descriptor that fails, or the next file that is opened would be taken for one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY), True)


def _stream(raw: NamedWriter, like: TextIO | None) -> TextIO:
    """A text stream as Python made it, or would have made it, on another raw file."""
    if isinstance(like, io.TextIOWrapper):
        like.flush()
        return io.TextIOWrapper(
            io.BufferedWriter(raw), like.encoding, like.errors, None, like.line_buffering, like.write_through
        )
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
