"""Temporary folders that do not pile up when processes are killed."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "facefake-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder in the system's place for temporary files (``TMPDIR``), removed with all it holds at the end.

    A process that is killed cannot remove its folder; the next one on the same machine that asks for a folder does.
    """
    remove_leftovers()
    # the host is part of the name, for the machines of a cluster may share a TMPDIR, each with its own process numbers
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{socket.gethostname()}.{os.getpid()}-") as folder:
        yield Path(folder)


def remove_leftovers() -> None:
    """Remove the folders of processes of this machine that were killed."""
    place = Path(tempfile.gettempdir())
    start = f"{_PREFIX}{socket.gethostname()}."
    for path in place.glob(f"{_PREFIX}*"):
        pid = path.name.removeprefix(start).partition("-")[0]
        if path.name.startswith(start) and pid.isdigit() and not alive(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def alive(pid: int) -> bool:
    """Whether a process of this machine has that number; always true where asking would harm it (Windows).

    Example:
        >>> alive(os.getpid())
        True
    """
    if os.name == "nt":
        return True  # signal 0 does not ask there, it interrupts
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
