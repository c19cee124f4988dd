"""The pictures of one clip of crops: a folder, a folder inside a tarball, or a single file.

Releases are material of strangers. Nothing is ever unpacked to disk; of a tarball only regular members are read, by
name and with a limit on their size. One that holds links, devices or names that lead out of it is refused whole.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from preprocessing.errors import FacefakeError

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp"))
ARCHIVES = (".tar.gz", ".tgz", ".tar")

MAX_PICTURE = 64 * 2**20  # bytes of one crop
MAX_UNPACKED = 16 * 2**30  # bytes a tarball may say it holds, so that a bomb is left before it bursts
MAX_MEMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one clip.

    Attributes:
        names: File names in the order of their numbers, so that ``9.png`` stands before ``10.png``.
    """

    names: list[str]
    _folder: Path
    _archive: tarfile.TarFile | None = None
    _members: dict[str, tarfile.TarInfo] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """The bytes of one of :attr:`names`.

        Raises:
            FacefakeError: ``unreadable`` or ``too_large``.
        """
        member = self._members.get(name)
        try:
            size = (self._folder / name).stat().st_size if member is None else member.size
            if size > MAX_PICTURE:
                raise FacefakeError(
                    "too_large", f"{name} has {size} bytes, over the limit of {MAX_PICTURE} for a crop", "Look at it."
                )
            if self._archive is None or member is None:
                return (self._folder / name).read_bytes()
            file = self._archive.extractfile(member)
            return file.read() if file else b""
        except _DAMAGE as error:
            raise FacefakeError("unreadable", f"{name} cannot be read ({error})", "Get it again.") from error


_DAMAGE = (OSError, tarfile.TarError, EOFError)  # gzip raises the last of a stream that was cut


@contextmanager
def open_pictures(path: Path, member: str | None = None) -> Iterator[Pictures]:
    """The pictures of a clip.

    Args:
        path: A folder, whose own pictures are meant and not those below; a tarball; or one picture.
        member: The folder inside the tarball.

    Raises:
        FacefakeError: ``not_found``; ``crops_invalid`` for a tarball that is damaged, unsafe or named without a folder,
            and where there is not one picture.
    """
    if not path.exists():
        raise FacefakeError("not_found", f"{path} does not exist.", "Check the data set's folder.")
    if member is not None:
        with open_archive(path) as archive:
            inside = {PurePosixPath(each.name).name: each for each in pictures_of(archive, path, member)}
            yield Pictures(_some(inside, f"{path}:{member}"), path.parent, archive, inside)
    elif path.name.endswith(ARCHIVES):
        with open_archive(path) as archive:
            folders = folders_of(archive, path)
        raise invalid(path, f"holds {len(folders)} folders of crops where one should be named")
    elif path.is_dir():
        names = [each.name for each in path.iterdir() if is_picture(each.name) and each.is_file()]
        yield Pictures(_some(names, str(path)), path)
    else:
        yield Pictures([path.name], path.parent)


def is_picture(name: str) -> bool:
    """Whether a file name, without its folder, is that of a picture; hidden files are not."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def natural(name: str) -> tuple[object, ...]:
    """Sort key that takes runs of digits for the numbers they are.

    Example:
        >>> sorted(["10.png", "9.png", "b1.png"], key=natural)
        ['9.png', '10.png', 'b1.png']
    """
    parts = re.split(r"(\d+)", PurePosixPath(name).stem)
    # text stands at even places and numbers at odd ones, so like is compared with like; the name itself breaks ties
    return (*(int(part) if place % 2 else part for place, part in enumerate(parts)), name)


def numbers(names: list[str]) -> list[int]:
    """Frame numbers of the pictures: those in their names where each has one of its own, else their places.

    Example:
        >>> numbers(["000.png", "012.png"]), numbers(["frame_7.png", "b.png"]), numbers(["a_1.png", "b_1.png"])
        ([0, 12], [0, 1], [0, 1])
    """
    found = [re.findall(r"\d+", PurePosixPath(name).stem) for name in names]
    last = [int(digits[-1]) for digits in found if digits]
    fits = len(set(last)) == len(names) and max(last, default=0) < 2**31
    return last if fits and last == sorted(last) else list(range(len(names)))


def _some(names: Collection[str], place: str) -> list[str]:
    if not names:
        raise FacefakeError("crops_invalid", f"{place} holds no picture.", "Look whether it was unpacked whole.")
    return sorted(names, key=natural)


# ---------------------------------------------------------------- tarballs


@contextmanager
def open_archive(path: Path) -> Iterator[tarfile.TarFile]:
    """A tarball, compressed or not whatever its name says, opened for reading.

    Raises:
        FacefakeError: ``crops_invalid``, also for damage that only shows while it is read.
    """
    try:
        with tarfile.open(path, "r:*") as archive:
            yield archive
    except _DAMAGE as error:
        raise invalid(path, f"is no whole tarball ({error})") from error


def pictures_of(archive: tarfile.TarFile, path: Path, folder: str | None = None) -> Iterator[tarfile.TarInfo]:
    """The members of an archive that are pictures, of one folder or of all.

    Raises:
        FacefakeError: ``crops_invalid`` for a member that is no file or folder, leads outside, or makes the archive too
            large.
    """
    total = 0
    for number, member in enumerate(archive):
        name = PurePosixPath(member.name)
        if not (member.isfile() or member.isdir()) or name.is_absolute() or ".." in name.parts:
            raise invalid(path, f"holds {member.name!r}, which is no plain file or leads out of it")
        total += member.size
        if total > MAX_UNPACKED or number >= MAX_MEMBERS:
            raise invalid(path, f"would unpack to over {MAX_UNPACKED} bytes or {MAX_MEMBERS} files")
        if member.isfile() and is_picture(name.name) and folder in (None, name.parent.as_posix()):
            yield member


def folders_of(archive: tarfile.TarFile, path: Path) -> list[str]:
    """The folders of an archive that hold pictures themselves, sorted.

    Raises:
        FacefakeError: As :func:`pictures_of`.
    """
    return sorted({PurePosixPath(member.name).parent.as_posix() for member in pictures_of(archive, path)})


def invalid(path: Path, what: str) -> FacefakeError:
    """The error for crops that cannot be or must not be read."""
    return FacefakeError("crops_invalid", f"{path} {what}.", "Get it again from the release; do not unpack it.")
