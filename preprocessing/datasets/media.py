"""The videos and images below a folder, and what else is there: every file is found or named as left out.

A file with the suffix of a video or image is one, whatever is in it: if it cannot be read, that is an error of its own
later. Of any other file the first bytes decide, so that ``.jfif``, ``.insv`` or no suffix at all do no harm; only
suffixes of well-known other files (:data:`OTHER_SUFFIXES`) are counted without being opened.

Links to folders are followed. Each folder is searched once, under its own path rather than through a link where it has
both, and a link to a folder that it is in is never followed. A link to a file is a file of its own, also where it leads
to nothing: that is an error of its own, too. Face stores and run folders of facefake are passed over.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import FacefakeError
from preprocessing.text import name_text, visible

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".vob", ".ts", ".mts"),
        *(".m2ts", ".flv", ".wmv", ".asf", ".ogv", ".mxf"),
    )
)
IMAGE_SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".tif", ".tiff"),
        *(".heic", ".heif", ".hif", ".avif"),
    )
)
MEDIA_SUFFIXES = VIDEO_SUFFIXES | IMAGE_SUFFIXES

OTHER_SUFFIXES = frozenset(
    (
        # a release may have one such file for each of its images
        *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".html", ".log", ".srt", ".vtt"),
        *(".npy", ".npz", ".mat", ".pkl", ".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".h5", ".parquet", ".db"),
        *(".py", ".sh", ".ipynb", ".pdf", ".xlsx", ".zip", ".gz", ".tgz", ".tar", ".7z", ".rar"),
        # sound in the containers of videos, and raw photographs in that of TIFF, with a preview as its image
        *(".m4a", ".m4b", ".m4p", ".mka", ".weba", ".wma", ".mp3", ".wav", ".aac", ".flac", ".oga", ".opus"),
        *(".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".sr2", ".srw", ".pef", ".orf", ".rw2", ".raf", ".3fr"),
    )
)

WHY = {
    "not_media": "not media",
    "hidden": "hidden",
    "empty": "empty",
    "unreadable": "not readable",
    "broken_link": "broken link",
    "not_a_file": "pipe, socket or device",
    "loop": "link to a folder it is in",
    "seen_already": "folder that is searched already",
    "face_store": "face store",
    "run_folder": "run folder",
}
"""Why a file or folder is left out: the code in JSON, and the words for people."""

_STORE_KEYS = frozenset(("hash", "sampling", "geometry", "face_detector"))  # of a face store's recipe.json
_RUN_FILES = frozenset(("detector.safetensors", "config.yaml"))
_HEAD_BYTES = 4096


class LeftOut(NamedTuple):
    """A file or folder that is not searched for faces, and why: a key of :data:`WHY`."""

    path: Path
    reason: str


@dataclass(slots=True)
class Media:
    """What is below a folder.

    Attributes:
        files: Its videos and images, sorted by path.
        left_out: Everything else, sorted by path; a folder that is left out stands for all that is in it.
    """

    files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def find_media(root: Path, *, sniff: bool = True) -> Media:
    """The videos and images at any depth of ``root``.

    Args:
        root: A folder.
        sniff: Whether files of unknown suffix are opened; otherwise they are not media.

    Raises:
        FacefakeError: ``dataset_not_found`` if ``root`` itself cannot be listed.
    """
    search = _Search(root, sniff)
    search.run()
    search.media.files.sort(key=os.fspath)
    search.media.left_out.sort()
    return search.media


class _Search:
    """One search of a folder. Paths are text until the end: a folder may hold a million files."""

    def __init__(self, root: Path, sniff: bool) -> None:
        self.media = Media()
        self._root = os.fspath(root)
        self._real_root = os.path.realpath(root)
        self._sniff = sniff
        self._seen: set[tuple[int, int]] = set()
        self._folders = [self._root]
        self._links: list[str] = []  # followed when every folder that is reached without them has been searched

    def run(self) -> None:
        while self._folders or self._links:
            if self._folders:
                self._folder(self._folders.pop())
            else:
                self._links.sort(reverse=True)
                self._follow(self._links.pop())

    def _leave_out(self, path: str, reason: str) -> None:
        self.media.left_out.append(LeftOut(Path(path), reason))

    def _folder(self, path: str) -> None:
        try:
            status = os.stat(path)
            with os.scandir(path) as listing:
                entries = list(listing)
        except OSError as error:
            if path == self._root:
                raise FacefakeError(
                    "dataset_not_found", f"{path} cannot be listed ({error.strerror}).", "Check its permissions."
                ) from error
            self._leave_out(path, "unreadable")
            return
        if (status.st_dev, status.st_ino) in self._seen:
            self._leave_out(path, "seen_already")
            return
        self._seen.add((status.st_dev, status.st_ino))
        names = {entry.name for entry in entries}
        if "recipe.json" in names and is_face_store(Path(path)):
            self._leave_out(path, "face_store")
        elif names >= _RUN_FILES and path != self._root:
            self._leave_out(path, "run_folder")
        else:
            for entry in entries:
                self._entry(entry)

    def _entry(self, entry: os.DirEntry[str]) -> None:
        if entry.name.startswith("."):
            self._leave_out(entry.path, "hidden")
        elif entry.is_dir(follow_symlinks=False):
            self._folders.append(entry.path)
        elif entry.is_symlink():
            self._link(entry)
        elif entry.is_file(follow_symlinks=False):
            self._file(entry.path)
        else:
            self._leave_out(entry.path, "not_a_file")

    def _link(self, entry: os.DirEntry[str]) -> None:
        try:
            mode = entry.stat().st_mode
        except OSError:  # what it leads to is gone, not mounted, out of reach, or the link itself
            if _suffix(entry.path) in OTHER_SUFFIXES:
                self._leave_out(entry.path, "broken_link")
            else:
                self.media.files.append(Path(entry.path))
            return
        if stat.S_ISDIR(mode):
            self._links.append(entry.path)
        elif stat.S_ISREG(mode):
            self._file(entry.path)
        else:
            self._leave_out(entry.path, "not_a_file")

    def _follow(self, link: str) -> None:
        target = os.path.realpath(link)
        # above the root are files that were not asked for
        ways = (os.path.realpath(os.path.dirname(link)), self._real_root)
        if any(Path(way).is_relative_to(target) for way in ways):
            self._leave_out(link, "loop")
        elif enclosing_store(Path(target)):
            self._leave_out(link, "face_store")
        else:
            self._folders.append(link)

    def _file(self, path: str) -> None:
        suffix = _suffix(path)
        if suffix in MEDIA_SUFFIXES:
            self.media.files.append(Path(path))
        elif suffix in OTHER_SUFFIXES or not self._sniff:
            self._leave_out(path, "not_media")
        elif reason := _why_no_media(path):
            self._leave_out(path, reason)
        else:
            self.media.files.append(Path(path))


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _why_no_media(path: str) -> str | None:
    """Why a regular file is no video or image by its first bytes, ``None`` if it is one."""
    from preprocessing.video.safe import sniff  # brings the decoders with it

    try:
        with open(path, "rb") as file:
            head, size = file.read(_HEAD_BYTES), os.fstat(file.fileno()).st_size
    except OSError:
        return "unreadable"
    if not head:
        return "empty"
    return None if sniff(head, size) else "not_media"


def is_image(path: Path) -> bool:
    """Whether a file is an image rather than a video: by a suffix that is known, otherwise by its first bytes."""
    from preprocessing.video.safe import PICTURES, sniff

    if (suffix := path.suffix.lower()) in MEDIA_SUFFIXES:
        return suffix in IMAGE_SUFFIXES
    try:
        with path.open("rb") as file:
            return sniff(file.read(_HEAD_BYTES), os.fstat(file.fileno()).st_size) in PICTURES
    except OSError:
        return False


def is_face_store(folder: Path) -> bool:
    """Whether a folder is a face store of facefake, by what its ``recipe.json`` holds."""
    try:
        recipe = json.loads((folder / "recipe.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(recipe, dict) and recipe.keys() >= _STORE_KEYS


def enclosing_store(folder: Path) -> Path | None:
    """The face store that a folder is, or is inside of."""
    real = Path(os.path.realpath(folder))
    return next((place for place in (real, *real.parents) if is_face_store(place)), None)


def left_out_sentences(left_out: Iterable[LeftOut], root: Path) -> list[str]:
    """What a search of ``root`` left out, for people: one sentence for each store, and one with the counts.

    Example:
        >>> left_out = [LeftOut(Path("in/a.txt"), "not_media"), LeftOut(Path("in/.b"), "hidden")]
        >>> left_out_sentences(left_out, Path("in"))
        ['in: 2 left out: 1 not media (.txt 1), 1 hidden']
    """
    left_out = list(left_out)
    own = [each for each in left_out if each.reason in ("face_store", "run_folder")]
    sentences = [f"{shown(each.path)}/ is a {WHY[each.reason]} of facefake and was passed over" for each in own]
    others = [each for each in left_out if each not in own]
    counts = Counter(each.reason for each in others)
    if others:
        what = (
            f"{counts[reason]} {words}{_details(reason, others)}" for reason, words in WHY.items() if counts[reason]
        )
        sentences.append(f"{shown(root)}: {len(others)} left out: {', '.join(what)}")
    return sentences


def shown(path: Path) -> str:
    """A path on one line, for people."""
    return visible(name_text(path))


def _details(reason: str, left_out: Iterable[LeftOut]) -> str:
    paths = [each.path for each in left_out if each.reason == reason]
    if reason == "hidden":
        return ""
    if reason == "not_media":
        kinds = Counter(visible(path.suffix.lower())[:12] or "no suffix" for path in paths).most_common()
        named = [f"{kind} {count}" for kind, count in kinds]
    else:
        named = [shown(path) for path in paths]
    return f" ({', '.join(named[:5])}{', ...' if len(named) > 5 else ''})"


def left_out_facts(left_out: Iterable[LeftOut]) -> dict[str, list[str]]:
    """The same as plain values for JSON: the paths by the reason."""
    facts: dict[str, list[str]] = {}
    for each in left_out:
        facts.setdefault(each.reason, []).append(name_text(each.path))
    return facts
