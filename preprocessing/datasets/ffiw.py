"""FFIW-10K (Zhou et al., CVPR 2021) as released: two archives that lie side by side or are given alone.

``FFIW10K-v1-release/{source,target,target_mask}/{train,val}/*.mp4`` and
``FFIW10K-v1-release-test/{source,target,target_mask}/test/*.mp4``; the root is either of the two or the folder that
holds them. ``source`` is real and ``target`` is fake. A source, a target and a mask of one name in one split belong
together. Several people are in most frames and some of them are swapped: the mask says who.

Beware of figures: published code that trains on self-blended images calls ``val`` its test set; others test on
``test`` and select their detector on ``val``.
"""

from __future__ import annotations

from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Official, Reader, require_folder, videos_in

ARCHIVES = ("FFIW10K-v1-release", "FFIW10K-v1-release-test")
FOLDERS = {"source": REAL, "target": FAKE}
COUNTS = {"train": 8000, "val": 250, "test": 1738}


def _clips(archive: Path, split: str) -> list[Clip]:
    masks = {path.stem: path for path, _ in videos_in(archive, "target_mask", split)}
    return [
        Clip(
            path=path,
            key=key,
            dataset="ffiw",
            method=folder,
            label=label,
            split=split,
            pair=f"{split}/{path.stem}",
            name=f"{split}_{path.stem}",
            mask=masks.get(path.stem) if label == FAKE else None,
        )
        for folder, label in FOLDERS.items()
        for path, key in videos_in(archive, folder, split)
    ]


def find(root: Path) -> Found:
    """Every clip below ``root``; keys are relative to the archive.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = require_folder(root, *FOLDERS, *ARCHIVES)
    archives = (root, *(root / name for name in ARCHIVES))
    return Found([clip for archive in archives for split in SPLITS for clip in _clips(archive, split)])


READER = Reader(
    name="ffiw",
    title="FFIW-10K (Face Forensics in the Wild)",
    find=find,
    licence="research only, by request",
    link="https://github.com/tfzhou/FFIW",
    official=tuple(Official(folder, split, count) for folder in FOLDERS for split, count in COUNTS.items()),
    reals=("source",),
)
