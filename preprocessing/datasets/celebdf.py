"""Celeb-DF v2 (Li et al., CVPR 2020) as released; v1 lies the same way.

``Celeb-real/*.mp4``, ``YouTube-real/*.mp4``, ``Celeb-synthesis/*.mp4`` and ``List_of_testing_videos.txt``. The list
writes **1 for real and 0 for fake**, the opposite of this project; what is not on it is training footage, as far as the
list can be believed (:func:`preprocessing.datasets.lists.splits_by_test_list`).
Real ``id<n>_<rec>``; fake ``id<target>_id<source>_<rec>`` shows the footage of ``id<target>_<rec>``. A video of another
name that is not on the list has no split: it may be a test video that was renamed.

Copies on Kaggle lie the same way one folder deeper. Those that are split anew into ``Train``, ``Val`` and ``Test``
(``Celeb_V2``, second-hand: paths in code that reads it) are refused, for they are not the release's split.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, folder_at, released_name, require_folder, videos_in
from preprocessing.datasets.lists import files_named, likeness, list_invalid, read_text, splits_by_test_list
from preprocessing.errors import FacefakeError

FOLDERS = {"Celeb-real": REAL, "YouTube-real": REAL, "Celeb-synthesis": FAKE}
LIST_NAME = "List_of_testing_videos.txt"
LIST_LABELS = {"1": REAL, "0": FAKE}
OFFICIAL = (
    # 590, 300 and 5,639 videos, of which 108, 70 and 340 are on the list
    Official("Celeb-real", "train", 482),
    Official("Celeb-real", "test", 108),
    Official("YouTube-real", "train", 230),
    Official("YouTube-real", "test", 70),
    Official("Celeb-synthesis", "train", 5299),
    Official("Celeb-synthesis", "test", 340),
)
_NAMES = re.compile(r"(Celeb-real/id\d+_\d+|YouTube-real/\d+|Celeb-synthesis/id\d+_id\d+_\d+)\.mp4")
_LAYOUT = f"Give the folder that holds Celeb-real/, YouTube-real/, Celeb-synthesis/ and {LIST_NAME}."


def release_folder(root: Path) -> Path:
    """The folder of the release, at or below ``root``.

    Raises:
        FacefakeError: ``dataset_not_found``, in words of its own for a copy that is split anew.
    """
    try:
        return require_folder(root, *FOLDERS, layouts=_LAYOUT)
    except FacefakeError as error:
        places = [root, *root.iterdir()] if root.is_dir() else []
        anew = [place for place in places if all(folder_at(place, split).is_dir() for split in ("train", "test"))]
        if not anew:
            raise
        raise FacefakeError(
            "dataset_not_found",
            f"{anew[0]} is split anew into train and test; that is not the test list of the release.",
            f"{_LAYOUT} Copies with images in folders real/ and fake/ are read by --dataset aigcdetect, videos with "
            "labels of your own by --dataset folder --labels FILE.",
        ) from error


def testing_list(root: Path) -> tuple[Path, dict[str, int]]:
    """The list, and path relative to the root to label (real 0, fake 1) of the official test videos.

    Raises:
        FacefakeError: ``dataset_not_found`` without the list; ``labels_invalid`` if a line is not ``<1|0> <path>`` or
            contradicts the folder it names, and for a list that breaks off within a name.
    """
    path = next((path for path in root.iterdir() if path.name.lower() == LIST_NAME.lower() and path.is_file()), None)
    if path is None:
        raise FacefakeError(
            "dataset_not_found", f"{root} has no {LIST_NAME}.", "It comes with the release; copy it beside Celeb-real/."
        )
    folders = {folder.lower(): folder for folder in FOLDERS}
    labels: dict[str, int] = {}
    text = read_text(path)
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        mark, _, name = line.strip().replace("\t", " ").partition(" ")
        folder, _, name = name.strip().replace("\\", "/").removeprefix("./").partition("/")
        key = f"{folders.get(folder.lower(), folder)}/{name}"
        if mark not in LIST_LABELS or FOLDERS.get(key.split("/")[0]) != LIST_LABELS[mark]:
            raise FacefakeError(
                "labels_invalid",
                f"Line {number} of {path} is {line!r}; expected 1 with a real video or 0 with a synthesised one.",
                "Use the list as released.",
            )
        labels[key] = LIST_LABELS[mark]
    last = next(reversed(labels), "")
    if not text.endswith("\n") and not _is_video(last) and any(map(_is_video, labels)):
        raise list_invalid(path, f"breaks off within its last line, {line!r}", "Fetch the list again from the release.")
    return path, labels


def _is_video(name: str) -> bool:
    return likeness(name) != name.casefold()


def people(folder: str, stem: str) -> tuple[str | None, tuple[str, ...]]:
    """Pair and identities of a clip, from the file name the release gives it; none from any other name.

    Example:
        >>> people("Celeb-synthesis", "id1_id0_0007")
        ('id1_0007', ('id1', 'id0'))
        >>> people("YouTube-real", "00170")
        ('00170', ())
    """
    if folder == "YouTube-real":
        return stem, ()
    if folder == "Celeb-real":
        return stem, (stem.split("_")[0],)
    target, _, rest = stem.partition("_")
    source, _, recording = rest.partition("_")
    return (f"{target}_{recording}", (target, source)) if recording else (None, ())


def split_by_list(
    listing: Path,
    files: Iterable[tuple[Path, str]],
    listed: Iterable[str],
    clip_of: Callable[[Path, str, str | None], Clip],
    names: re.Pattern[str],
    official: Sequence[Official],
) -> Found:
    """The clips of a release of this form, parted by its list.

    Args:
        listing: The list.
        files: Path and key of each video that is there.
        listed: The keys on the list.
        clip_of: Path, key and split to clip.
        names: What keys of the release look like.
        official: The official figures.

    Raises:
        FacefakeError: ``labels_invalid``, as :func:`preprocessing.datasets.lists.splits_by_test_list`.
    """
    listed = dict.fromkeys(_released(key, names) for key in listed)
    there: dict[str, Path] = {}
    for path, key in files:
        there.setdefault(_released(key, names), path)
    named = files_named(listed, ((path, key) for key, path in there.items()))
    alike, taken = set(map(likeness, listed)), set(named.values())
    rest = {key: path for key, path in there.items() if path not in taken}
    odd = {key: path for key, path in rest.items() if not names.fullmatch(key) or likeness(key) in alike}
    plain = {key: path for key, path in rest.items() if key not in odd}
    splits, notes = splits_by_test_list(listing, listed, [*named, *plain], method_of, official)
    if odd:
        notes.append(f"{len(odd)} videos whose names are not the release's have no split, e.g. {min(odd)}")
    clips = [clip_of(path, key, splits.get(key)) for key, path in {**named, **plain, **odd}.items()]
    absent = [clip_of(listing.parent / key, key, "test") for key in listed if key not in named]
    return Found(clips, absent, notes)


def method_of(key: str) -> str:
    """The innermost folder of a key."""
    return key.split("/")[-2]


def _released(key: str, names: re.Pattern[str]) -> str:
    """A key as the release has it, where it differs from one only in case and suffix; else as it is."""
    if names.fullmatch(key):
        return key
    folder, _, name = key.rpartition("/")
    released = f"{folder}/{released_name(name if _is_video(name) else name + '.mp4').lower()}"
    return released if names.fullmatch(released) else key


def find_as(dataset: str, official: Sequence[Official], root: Path) -> Found:
    """Every clip below ``root``, split ``test`` for those on the official list, under the name of ``dataset``.

    Raises:
        FacefakeError: As :func:`testing_list` and :func:`split_by_list`.
    """
    root = release_folder(root)
    listing, labels = testing_list(root)
    files = [file for folder in FOLDERS for file in videos_in(root, folder)]
    return split_by_list(listing, files, labels, partial(_clip, dataset), _NAMES, official)


def _clip(dataset: str, path: Path, key: str, split: str | None) -> Clip:
    folder, _, name = key.partition("/")
    stem = Path(name).stem
    pair, identities = people(folder, stem)
    return Clip(path, key, dataset, folder, FOLDERS[folder], split, pair, stem, identities=identities)


READER = Reader(
    name="celebdf",
    title="Celeb-DF v2",
    find=partial(find_as, "celebdf", OFFICIAL),
    licence="research only, by request",
    link="https://github.com/yuezunli/celeb-deepfakeforensics",
    official=OFFICIAL,
    reals=("Celeb-real", "YouTube-real"),
    # 2: videos on the list by a name of other case or suffix are test; those of names the release does not have, and
    # those that a list does not name which was cut short, have no split
    version=2,
    related=("celebdf1", "celebdfpp"),
)
