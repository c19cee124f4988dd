"""Celeb-DF v2 (Li et al., CVPR 2020) as released; v1 lies the same way.

``Celeb-real/*.mp4``, ``YouTube-real/*.mp4``, ``Celeb-synthesis/*.mp4`` and ``List_of_testing_videos.txt``. The list
writes **1 for real and 0 for fake**, the opposite of this project; what is not on it is training footage.
Real ``id<n>_<rec>``; fake ``id<target>_id<source>_<rec>`` shows the footage of ``id<target>_<rec>``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, require_folder, videos_in
from preprocessing.errors import FacefakeError

FOLDERS = {"Celeb-real": REAL, "YouTube-real": REAL, "Celeb-synthesis": FAKE}
LIST_NAME = "List_of_testing_videos.txt"
LIST_LABELS = {"1": REAL, "0": FAKE}


def testing_list(root: Path) -> dict[str, int]:
    """Path relative to the root to label (real 0, fake 1) of the official test videos.

    Raises:
        FacefakeError: ``dataset_not_found`` without the list; ``labels_invalid`` if a line is not ``<1|0> <path>`` or
            contradicts the folder it names.
    """
    path = root / LIST_NAME
    if not path.is_file():
        raise FacefakeError(
            "dataset_not_found", f"{root} has no {LIST_NAME}.", "It comes with the release; copy it beside Celeb-real/."
        )
    labels = {}
    for number, line in enumerate(path.read_text().split("\n"), start=1):
        if not line.strip():
            continue
        mark, _, key = line.strip().partition(" ")
        key = key.strip()
        if mark not in LIST_LABELS or FOLDERS.get(key.split("/")[0]) != LIST_LABELS[mark]:
            raise FacefakeError(
                "labels_invalid",
                f"Line {number} of {path} is {line!r}; expected 1 with a real video or 0 with a synthesised one.",
                "Use the list as released.",
            )
        labels[key] = LIST_LABELS[mark]
    return labels


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


def find_as(dataset: str, root: Path) -> Found:
    """Every clip below ``root``, split ``test`` for those on the official list, under the name of ``dataset``.

    Raises:
        FacefakeError: As :func:`testing_list`.
    """
    require_folder(root, *FOLDERS)
    testing = testing_list(root)
    there = {key: path for folder in FOLDERS for path, key in videos_in(root, folder)}
    clips = [_clip(dataset, path, key, "test" if key in testing else "train") for key, path in there.items()]
    absent = [_clip(dataset, root / key, key, "test") for key in testing if key not in there]
    return Found(clips, absent)


def _clip(dataset: str, path: Path, key: str, split: str) -> Clip:
    folder = key.split("/")[0]
    pair, identities = people(folder, path.stem)
    return Clip(path, key, dataset, folder, FOLDERS[folder], split, pair, path.stem, identities=identities)


READER = Reader(
    name="celebdf",
    title="Celeb-DF v2",
    find=partial(find_as, "celebdf"),
    licence="research only, by request",
    link="https://github.com/yuezunli/celeb-deepfakeforensics",
    # 590, 300 and 5,639 videos, of which 108, 70 and 340 are on the list
    official=(
        Official("Celeb-real", "train", 482),
        Official("Celeb-real", "test", 108),
        Official("YouTube-real", "train", 230),
        Official("YouTube-real", "test", 70),
        Official("Celeb-synthesis", "train", 5299),
        Official("Celeb-synthesis", "test", 340),
    ),
    reals=("Celeb-real", "YouTube-real"),
    related=("celebdf1", "celebdfpp"),
)
