"""A face store of ``facefake extract`` as a data set: scored and trained on without the videos it was made from.

The clips are those of ``clips.parquet``, as their data sets named them: data set, method, label, split, pair. A clip
whose extraction failed is among them and fails again with the same words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.datasets.base import Found, Reader


def find(root: Path) -> Found:
    """Every clip the store at ``root`` knows.

    Raises:
        FacefakeError: ``store_missing``, ``store_damaged``.
    """
    from preprocessing.store import FaceStore  # brings the decoders with it

    return Found([_clip(root, row) for row in FaceStore(root).clips().to_pylist()])


def _clip(root: Path, row: dict[str, Any]) -> Clip:
    folder = root / row["folder"]
    return Clip(
        path=folder,
        key=row["clip"],
        dataset=row["dataset"],
        method=row["method"],
        label=row["label"],
        split=row["split"],
        pair=row["pair"],
        name=folder.name,
        compression=row["compression"],
        identities=tuple(row["identities"]),
    )


READER = Reader(name="store", title="a face store of facefake, without the videos", find=find)
