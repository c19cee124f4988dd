"""UADFV (Yang et al., ICASSP 2019) as released: ``real/<n>.mp4`` and ``fake/<n>_fake.mp4``.

A fake shows the footage of the real ``<n>``. There is no official split, so all of it is test.
"""

from __future__ import annotations

from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, require_folder, videos_in

FOLDERS = {"real": REAL, "fake": FAKE}


def find(root: Path) -> Found:
    """Every clip below ``root``.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = require_folder(root, *FOLDERS)
    return Found(
        [
            Clip(path, key, "uadfv", folder, label, "test", path.stem.removesuffix("_fake"), path.stem)
            for folder, label in FOLDERS.items()
            for path, key in videos_in(root, folder)
        ]
    )


READER = Reader(
    name="uadfv",
    title="UADFV",
    find=find,
    licence="by agreement form",
    link=("https://docs.google.com/forms/d/e/1FAIpQLScKPoOv15TIZ9Mn0nGScIVgKRM9tFWOmjh9eHKx57Yp-XcnxA/viewform"),
    official=(Official("real", "test", 49), Official("fake", "test", 49)),
    reals=("real",),
)
