"""The Hugging Face hub's client's cache, laid out as that client lays it out, and a world without a network."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def place(cache: Path, repository: str, file: str, data: bytes, commit: str = COMMIT) -> Path:
    """Put a file into the cache as if the client had fetched it from ``main``; where the client will find it."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(commit)
    link = folder / "snapshots" / commit / file
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    return link


@contextmanager
def no_network() -> Iterator[list[object]]:
    """Refuse every name and every connection; the list fills with what was asked for."""
    asked: list[object] = []

    def refuse(what: object, *rest: object, **more: object) -> object:
        asked.append(rest[:1] if isinstance(what, socket.socket) else what)
        raise OSError("there is no network in this test")

    connect = socket.socket.connect

    def only_local(self: socket.socket, address: object) -> object:
        return connect(self, address) if self.family == socket.AF_UNIX else refuse(self, address)  # type: ignore[arg-type]

    with patch.object(socket, "getaddrinfo", refuse), patch.object(socket.socket, "connect", only_local):
        yield asked
