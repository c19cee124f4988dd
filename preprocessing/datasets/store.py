"""A face store of ``facefake extract`` as a data set: scored and trained on without the videos it was made from.

The clips are those of ``clips.parquet``, as their data sets named them: data set, method, label, split, pair. A clip
whose extraction failed is among them and fails again with the same words.
"""

from __future__ import annotations

from pathlib import Path

from preprocessing.datasets.base import Found, Reader


def find(root: Path) -> Found:
    """Every clip the store at ``root`` knows.

    Raises:
        FacefakeError: ``store_missing``, ``store_damaged``.
    """
    from preprocessing.store import FaceStore, clip_of_row  # brings the decoders with it

    rows = FaceStore(root).clips().to_pylist()
    folders = [root / row["folder"] for row in rows]
    return Found([clip_of_row(row, folder, folder.name) for row, folder in zip(rows, folders, strict=True)])


READER = Reader(name="store", title="a face store of facefake, without the videos", find=find, recorded=True)
