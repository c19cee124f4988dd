"""What is in a file, told by its SHA-256; a file that has not changed since is not read again, also by later runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from facefake.features.lock import locked
from facefake.features.records import RecordFile
from preprocessing.clip import File
from preprocessing.digest import settled
from preprocessing.errors import FacefakeError
from preprocessing.parquet import picture_bytes
from preprocessing.video.safe import local_file
from preprocessing.video.types import Limits

_AT_ONCE = 1024  # files between two writings


def digest_of(path: Path, member: str | None) -> bytes:
    """SHA-256 of a file, or of a member of one.

    Raises:
        FacefakeError: ``not_found``, ``not_a_file``, ``empty_file``, ``unreadable``, ``too_large``.
    """
    if member is not None:
        return hashlib.sha256(picture_bytes(path, member)).digest()
    real, _, _ = local_file(path, Limits())
    digest = hashlib.sha256()
    try:
        with real.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise FacefakeError("unreadable", f"{path} cannot be read ({error.strerror}).", "Get it again.") from error
    return digest.digest()


class Hashes:
    """SHA-256 of files' content, kept by path, member, size and times.

    Args:
        root: The folder of all features.

    Raises:
        FacefakeError: ``store_damaged``, ``not_writable``.
    """

    def __init__(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FacefakeError(
                "not_writable", f"Cannot make {root} ({error.strerror}).", "Choose another folder for features."
            ) from error
        self._lock, self._file = root / "lock", RecordFile(root / "hashes", 32)
        self._known: dict[bytes | None, bytes] = {}
        self._count = 0
        self._catch_up()

    def of(
        self, files: Iterable[File], digest: Callable[[Path, str | None], bytes] = digest_of, threads: int = 4
    ) -> Iterator[bytes | FacefakeError]:
        """SHA-256 of each file's content, in order; what befell a file that cannot be read stands in its place.

        Args:
            files: Which.
            digest: Reads one.
            threads: So many at a time.
        """
        waiting = iter(files)
        with ThreadPoolExecutor(threads) as pool:
            while some := list(islice(waiting, _AT_ONCE)):
                states = [_state(*file) for file in some]
                known = [self._known.get(state) for state in states]
                unknown = [file for file, content in zip(some, known, strict=True) if content is None]
                # rows of a table are quick to read in their order alone
                side_by_side = pool.map if all(member is None for _, member in unknown) else map
                read = iter(list(side_by_side(partial(_read, digest), unknown)))
                found = [next(read) if content is None else content for content in known]
                self._keep(dict(zip(states, found, strict=True)))
                yield from found

    def _keep(self, found: dict[bytes | None, bytes | FacefakeError]) -> None:
        new = [
            (state, content)
            for state, content in found.items()
            if state is not None and state not in self._known and isinstance(content, bytes)
        ]
        if new:
            with locked(self._lock):
                self._catch_up()
                self._file.append(new, self._count)
                self._catch_up()

    def _catch_up(self) -> None:
        records = self._file.read(self._count)
        self._known.update(records)
        self._count += len(records)


def _read(digest: Callable[[Path, str | None], bytes], file: File) -> bytes | FacefakeError:
    with suppress(OSError):  # said when it is opened
        settled(file[0])
    try:
        return digest(*file)
    except FacefakeError as error:
        return error


def _state(path: Path, member: str | None) -> bytes | None:
    """A digest of where a file is and when it was last changed; ``None`` for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    # the time of the inode's change too: copying tools set the other one back
    words = f"{path.absolute()}\0{member}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}"
    return hashlib.sha256(words.encode("utf-8", "surrogateescape")).digest()
