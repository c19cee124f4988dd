"""What readers of face crops share: folders of pictures, whose footage a name tells of, one split for every clip."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from preprocessing.clip import Clip
from preprocessing.datasets.celebdf import people
from preprocessing.datasets.ffpp import official_pairs
from preprocessing.pictures import is_picture

# beside the crops, of the same file names
_NO_CROPS = frozenset(("landmarks", "masks", "mask"))
_STRICTEST = ("test", "val", "train")


def crop_folders(root: Path, *parts: str) -> list[tuple[Path, str]]:
    """Path and key of each folder at any depth of ``root/parts`` that holds pictures itself, sorted by key.

    Hidden folders and those of landmarks and masks are passed over; links to folders are followed.
    """
    found = []
    for place, folders, names in os.walk(root.joinpath(*parts), followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NO_CROPS]
        if any(map(is_picture, names)):
            found.append((Path(place), Path(place).relative_to(root).as_posix()))
    return sorted(found, key=lambda each: each[1])


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, sorted."""
    return sorted(path for path in folder.iterdir() if is_picture(path.name) and path.is_file())


def frame_names(folder: Path) -> set[str]:
    """The names, without suffix, of the frames in a folder; none where there is no such folder."""
    return {PurePosixPath(name).stem for name in os.listdir(folder) if is_picture(name)} if folder.is_dir() else set()


def notes_on_frames(clips: Iterable[Clip]) -> list[str]:
    """A sentence on the frames that lists name and that are not there."""
    listed = [(clip.key, clip.frames_absent, clip.frames_listed) for clip in clips if clip.frames_listed]
    lacking = sorted(each for each in listed if each[1])
    if not lacking:
        return []
    key, absent, of = lacking[0]
    return [
        f"{sum(absent for _, absent, _ in lacking)} of {sum(of for *_, of in listed)} listed frames are not there, of "
        f"{len(lacking)} clips, e.g. {key}: {of - absent} of {of} are"
    ]


def ffpp_footage(name: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Official split, pair and identities of a clip with a name of FaceForensics++, ``A`` or ``A_B``; else nothing.

    Example:
        >>> ffpp_footage("054_071"), ffpp_footage("seed0001")
        (('train', '071_054', ('054', '071')), (None, None, ()))
    """
    if not re.fullmatch(r"\d{3}(_\d{3})?", name):
        return None, None, ()
    return *official_pairs().get(name.split("_")[0], (None, None)), tuple(name.split("_"))


def celeb_footage(name: str) -> tuple[str | None, tuple[str, ...]]:
    """Pair and identities of a clip with a name of Celeb-DF, whatever folder it lies in; else nothing.

    Example:
        >>> celeb_footage("id1_id0_0007"), celeb_footage("id1_0007"), celeb_footage("00170"), celeb_footage("x")
        (('id1_0007', ('id1', 'id0')), ('id1_0007', ('id1',)), ('00170', ()), (None, ()))
    """
    forms = {"Celeb-synthesis": r"id\d+_id\d+_\d+", "Celeb-real": r"id\d+_\d+", "YouTube-real": r"\d{5}"}
    folder = next((folder for folder, form in forms.items() if re.fullmatch(form, name)), None)
    return people(folder, name) if folder else (None, ())


def one_split(splits: Iterable[str]) -> str:
    """Where a clip belongs that lists name in several splits: what tests ask must not have been trained on.

    Example:
        >>> one_split({"train", "test"}), one_split(["val", "train"])
        ('test', 'val')
    """
    return min(splits, key=_STRICTEST.index)


def overlaps(splits: Mapping[str, Iterable[str]]) -> list[str]:
    """A sentence for each way in which keys stand in several splits.

    Example:
        >>> overlaps({"a": {"train", "test"}, "b": {"train"}})
        ['1 clip stands in train and test of the lists; it is kept in test alone']
    """
    sides = Counter(tuple(sorted(each, key=_STRICTEST.index, reverse=True)) for each in splits.values())
    return [
        f"{count} clip{' stands' if count == 1 else 's stand'} in {' and '.join(several)} of the lists; "
        f"{'it is' if count == 1 else 'they are'} kept in {several[-1]} alone"
        for several, count in sorted(sides.items())
        if len(several) > 1
    ]
