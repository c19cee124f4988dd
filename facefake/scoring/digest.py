"""SHA-256 of an input file: which bytes a result speaks of."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_file(path: Path) -> str | None:
    """SHA-256 of a regular file in hex, read in pieces; ``None`` if it is not one or cannot be read.

    Example:
        >>> sha256_file(Path("no such file")) is None
        True
    """
    # a pipe or a device would be read for ever
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()
