"""DFDC-Preview (Dolhansky et al., 2019) as released.

``dataset.json`` names every file with its label, set and people; the files lie in ``original_videos/<id>/``,
``method_A/<target>/<target>_<scene>/`` and ``method_B/...``, and in no other place: what the list does not name has no
label. A real ``<target>_<scene>_<n>`` and every fake ``<swapped>_<target>_<scene>_<n>`` are one pair. The root is the
folder of ``dataset.json`` or one above it.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Official, Reader, require_folder
from preprocessing.datasets.lists import files_named, list_invalid, part, read_json, videos_below
from preprocessing.errors import FacefakeError

FOLDERS = {"original_videos": REAL, "method_A": FAKE, "method_B": FAKE}
LABELS = {"real": REAL, "fake": FAKE}
LIST_NAME = "dataset.json"
COUNTS = {"original_videos": (855, 276), "method_A": (3501, 474), "method_B": (117, 27)}


def _clip(listing: Path, path: Path, key: str, entry: dict[str, Any]) -> Clip:
    folder = key.split("/")[0]
    label = LABELS.get(str(entry.get("label")))
    if label is None or FOLDERS.get(folder) != label or entry.get("set") not in SPLITS:
        raise list_invalid(listing, f"says {entry} of {key}, which is no label and set of a file in that folder")
    stem = PurePosixPath(key).stem
    people = (entry.get("target_id"), entry.get("swapped_id"))
    return Clip(
        path=path,
        key=key,
        dataset="dfdcp",
        method=folder,
        label=label,
        split=entry["set"],
        pair=stem if label == REAL else stem.partition("_")[2],
        name=stem,
        identities=tuple(str(person) for person in people if person),
    )


def find(root: Path) -> Found:
    """Every clip ``dataset.json`` names, there or absent.

    Raises:
        FacefakeError: ``dataset_not_found`` without the list; ``labels_invalid`` if it contradicts the folders.
    """
    listing = (root if (root / LIST_NAME).is_file() else require_folder(root, *FOLDERS)) / LIST_NAME
    if not listing.is_file():
        raise FacefakeError(
            "dataset_not_found",
            f"{root} has no {LIST_NAME}, without which no label is known.",
            "It comes with the release, beside original_videos/ and method_A/.",
        )
    entries = read_json(listing)
    files = [file for folder in FOLDERS for file in videos_below(listing.parent, folder)]
    there = files_named(entries, files)
    clips = [_clip(listing, there.get(key, listing.parent / key), key, entry) for key, entry in entries.items()]
    return part(clips, set(there.values()))


READER = Reader(
    name="dfdcp",
    title="DFDC-Preview",
    find=find,
    licence="non-commercial research, terms to accept",
    link="https://ai.meta.com/datasets/dfdc/",
    official=tuple(
        Official(method, split, count)
        for method, counts in COUNTS.items()
        for split, count in zip(("train", "test"), counts, strict=True)
    ),
    reals=("original_videos",),
    related=("dfdc",),
)
