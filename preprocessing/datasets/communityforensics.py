"""Community Forensics (Park and Owens, CVPR 2025), as Parquet files from Hugging Face, as folders, or both.

* Parquet files at any depth: a row a picture, with ``image_data`` (the bytes of its file), ``label`` (0 real, 1 fake),
  ``model_name``, ``real_source`` and ``split`` (``train`` or ``test``). The full set (CC-BY-4.0) has 1,919,493 rows in
  ``data/systematic``, 774,023 in ``manual``, 14,918 in ``commercial`` and 51,836 in ``publicEval``, all but the last
  fakes alone; the small one (CC-BY-NC-SA-4.0) pairs 278,000 fakes with as many reals. A clip's ``member`` is the row.
* Folders ``<generator or source>/{real,fake}/…``, the form in which the authors' code takes further data, for the full
  set's reals above all. To that code it is told apart what is to be trained and tested on; here the folders of the
  sources lie below one called ``train``, ``val`` or ``test``, or they have no split.

The method of a fake is its generator, that of a real its source with ``-real`` (``COCO-real``). Where the column
``split`` says nothing the part does: the authors train on ``systematic`` and ``manual``; and what is in ``publicEval``
or ``CompEval`` is test material whatever the column says. No picture is read to list the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Reader, store_name
from preprocessing.datasets.lists import files_below, list_invalid
from preprocessing.datasets.picture_trees import label_folders
from preprocessing.errors import FacefakeError

PICTURE = "image_data"
FOLDERS = {"real": REAL, "fake": FAKE}
_COLUMNS = ("label", "model_name", "real_source", "split")
_SPLITS = {"train": "train", "test": "test"}
_PARTS = {"systematic": "train", "manual": "train"}
_EVALUATION = frozenset(("publiceval", "compeval"))


def find(root: Path) -> Found:
    """Every row of the Parquet files below ``root`` and every picture in its label folders.

    Raises:
        FacefakeError: ``dataset_not_found`` where there is neither; ``labels_invalid`` for a Parquet file that cannot
            be read or is of another form, and for a label other than 0 and 1.
    """
    tables = [path for path in files_below(root) if path.suffix.lower() == ".parquet"]
    clips = [clip for path in tables for clip in _rows(root, path)]
    for folder in label_folders(root, FOLDERS):
        source = folder.parts[-2] if len(folder.parts) > 1 else root.resolve().name
        method = source if folder.label == FAKE else f"{source}-real"
        split = next((part for part in folder.parts if part in SPLITS), None)
        clips += folder.clips("communityforensics", method, split)
    if not clips:
        raise FacefakeError(
            "dataset_not_found",
            f"{root} has neither Parquet files with rows nor pictures in folders real/ and fake/.",
            "Give the folder of the download from Hugging Face, or that of the generators' folders.",
        )
    return Found(clips, notes=list(_notes(clips)))


def _notes(clips: list[Clip]) -> Iterator[str]:
    if all(clip.label == FAKE for clip in clips):
        yield "no real pictures: those of the full set are not in it"
    unsplit = sum(clip.split is None for clip in clips)
    if 0 < unsplit < len(clips):
        yield f"pictures without a split: {unsplit}; sources lie below a folder train, val or test to have one"


def _rows(root: Path, path: Path) -> Iterator[Clip]:
    """A clip for each row of a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    table = path.relative_to(root).as_posix()
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            missing = {PICTURE, "label"} - set(file.schema_arrow.names)
            if missing:
                raise list_invalid(path, f"has no column {' and '.join(sorted(missing))}")
            columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=columns):
                for row in batch.to_pylist():
                    yield _clip(path, f"{table}/{number}", number, row)
                    number += 1
    except (OSError, pyarrow.ArrowException) as error:
        raise list_invalid(path, f"cannot be read ({error})") from error


def _clip(path: Path, key: str, number: int, row: dict[str, Any]) -> Clip:
    label = row["label"]
    if isinstance(label, bool) or label not in (REAL, FAKE):  # the release's numbers are ours
        raise list_invalid(path, f"has the label {label!r} in row {number}; known are 0 (real) and 1 (fake)")
    source = row.get("real_source") if label == REAL else row.get("model_name")
    return Clip(
        path=path,
        key=key,
        dataset="communityforensics",
        method=(source or "fake") if label == FAKE else (f"{source}-real" if source else "real"),
        label=label,
        split=_split(path, row.get("split")),
        pair=None,
        name=store_name(key),
        member=str(number),
    )


def _split(path: Path, said: str | None) -> str | None:
    parts = {path.parent.name.lower(), path.name.split("-")[0].lower()}
    if parts & _EVALUATION:
        return "test"
    return _SPLITS.get(said or "") or next((_PARTS[part] for part in sorted(parts) if part in _PARTS), None)


READER = Reader(
    name="communityforensics",
    title="Community Forensics",
    find=find,
    licence="CC-BY-4.0; the small set CC-BY-NC-SA-4.0",
    link="https://huggingface.co/datasets/OwensLab/CommunityForensics",
    pictures=True,
)
