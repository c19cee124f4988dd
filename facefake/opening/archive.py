"""The zip archive that torch's files are, read with care: whole, not packed, and no larger inside than outside."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

# what zipfile stumbles over in a damaged or hostile file
FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    struct.error,
)


class NotTorchError(Exception):
    """A zip archive of something else."""


class Archive:
    """The records of a torch file, by their names below the one folder that all of them are in.

    torch packs nothing but the source text of TorchScript, which is never read here; every other record has to lie as
    it is, so that none can grow as it is read.

    Args:
        path: The file.

    Attributes:
        names: Of its records.

    Raises:
        NotTorchError: It holds other files, some of which are named.
        ValueError, or another of :data:`FAULTS`: It is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        infos = self._zip.infolist()
        root = next((info.filename[: -len("data.pkl")] for info in infos if info.filename.endswith("/data.pkl")), None)
        if root is None:
            raise NotTorchError(", ".join(info.filename for info in infos[:3]))
        self._records = {info.filename.removeprefix(root): info for info in infos if info.filename.startswith(root)}
        if len(self._records) != len(infos):
            raise ValueError("two records have one name, or lie apart from the others")
        kept = [info for name, info in self._records.items() if not name.startswith("code/")]
        if any(info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size for info in kept):
            raise ValueError("its records are packed, which torch's never are")
        if sum(info.file_size for info in kept) > path.stat().st_size:
            raise ValueError("its records claim to be larger than the file")
        self.names = frozenset(self._records)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def open(self, name: str) -> IO[bytes]:
        """A record as a file, whose end checks its sum."""
        return self._zip.open(self._records[name])

    def read(self, name: str) -> bytes:
        """The bytes of a record, their sum checked."""
        return self._zip.read(self._records[name])

    def check(self) -> None:
        """Compare every record that may be read with its sum.

        Raises:
            zipfile.BadZipFile: One is damaged.
        """
        for name in sorted(self.names):
            if not name.startswith("code/"):
                with self.open(name) as file:
                    while file.read(1 << 20):
                        pass
