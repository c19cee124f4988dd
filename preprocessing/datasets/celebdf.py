"""Celeb-DF v1 and v2 (Li et al., CVPR 2020) as released.

``Celeb-real/*.mp4``, ``YouTube-real/*.mp4``, ``Celeb-synthesis/*.mp4`` and ``List_of_testing_videos.txt``. The list
writes **1 for real and 0 for fake**, the opposite of this project; what is not on it is training footage.
Real ``id<n>_<rec>``; fake ``id<target>_id<source>_<rec>`` shows the footage of ``id<target>_<rec>``.
"""

from __future__ import annotations

from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Reader, require_folder
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


def _pair(folder: str, stem: str) -> str:
    if folder != "Celeb-synthesis":
        return stem
    target, _, recording = stem.split("_", 2)
    return f"{target}_{recording}"


def read(root: Path, labels: Path | None = None) -> list[Clip]:
    """Every clip of the release below ``root``, sorted by key; split ``test`` for those on the official list.

    Raises:
        FacefakeError: As :func:`testing_list`; ``no_videos`` if the folders are empty; ``usage`` with a labels file.
    """
    if labels is not None:
        raise FacefakeError("usage", "celebdf has official labels.", "Leave out --labels, or use --dataset folder.")
    require_folder(root, *FOLDERS)
    testing = testing_list(root)
    clips = []
    for folder, label in FOLDERS.items():
        for path in (root / folder).glob("*.mp4"):
            key = path.relative_to(root).as_posix()
            clips.append(
                Clip(
                    path=path,
                    key=key,
                    dataset="celebdf",
                    method=folder,
                    label=label,
                    split="test" if key in testing else "train",
                    pair=_pair(folder, path.stem),
                    name=path.stem,
                )
            )
    if not clips:
        raise FacefakeError("no_videos", f"No .mp4 in {', '.join(FOLDERS)} of {root}.", "Finish the download.")
    return sorted(clips, key=lambda clip: clip.key)


READER = Reader("celebdf", "Celeb-DF v1 and v2", read)
