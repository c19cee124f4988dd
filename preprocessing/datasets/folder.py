"""Any folder of videos and pictures, with or without labels.

Labels come from a CSV with the columns ``path`` and ``label`` (``real``/``fake`` or ``0``/``1``, real = 0) and, if
wanted, ``split``, ``method``, ``pair`` and ``identities`` (names of people, ``;`` between them); paths are relative to
the folder. A ``labels.csv`` at the top of the folder is read without being asked for. Names of folders say nothing
here: whole pictures in folders called ``real`` and ``fake`` are what ``aigcdetect`` reads.

Numbers mean what they mean here, and a list cannot say that it counts the other way: the labels of a set that writes 0
for fake, as CIFAKE does, must be given as words.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Reader, media_files, store_name
from preprocessing.errors import FacefakeError

LABELS = {"real": REAL, "0": REAL, "fake": FAKE, "1": FAKE, "": None}
UNLABELLED = "unlabelled"


def _invalid(path: Path, what: str) -> FacefakeError:
    return FacefakeError(
        "labels_invalid",
        f"{path}: {what}",
        "The file is CSV with a header: path,label (real or fake, or 0 for real and 1 for fake) and, if wanted, split, "
        "method, pair, identities.",
    )


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a labels file by their ``path`` (with ``/``), every value stripped.

    Raises:
        FacefakeError: ``labels_invalid`` for a missing file or column, an unknown label or split, a path named twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            rows = [{str(name): (value or "").strip() for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _invalid(path, f"cannot be read ({error}).") from error
    if missing:
        raise _invalid(path, f"has no column {' and '.join(sorted(missing))}.")
    labels: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, start=2):
        key = Path(row["path"].replace("\\", "/")).as_posix()
        if row["label"].lower() not in LABELS:
            raise _invalid(path, f"line {number} has label {row['label']!r}; known are real or 0, fake or 1.")
        if row.get("split", "") not in ("", *SPLITS):
            raise _invalid(path, f"line {number} has split {row['split']!r}; known are {', '.join(SPLITS)}.")
        if key in labels:
            raise _invalid(path, f"line {number} names {key} a second time.")
        labels[key] = row
    return labels


def _clip(root: Path, path: Path, row: dict[str, str]) -> Clip:
    key = path.relative_to(root).as_posix()
    label = LABELS[row.get("label", "").lower()]
    named = UNLABELLED if label is None else ("fake" if label == FAKE else "real")
    return Clip(
        path=path,
        key=key,
        dataset="folder",
        method=row.get("method") or named,
        label=label,
        split=row.get("split") or None,
        pair=row.get("pair") or None,
        name=store_name(key),
        identities=tuple(name.strip() for name in row.get("identities", "").split(";") if name.strip()),
    )


def find(root: Path, labels: Path | None = None) -> Found:
    """Every video and picture below ``root``; those the labels file does not name stay unlabelled.

    Raises:
        FacefakeError: ``no_videos``, or ``labels_invalid``, also when the labels file names a file that is not there.
    """
    files = media_files(root)
    if not files:
        raise FacefakeError(
            "no_videos", f"{root} holds no video or picture.", "Give a folder with files such as .mp4, .mov or .jpg."
        )
    if labels is None and (root / "labels.csv").is_file():
        labels = root / "labels.csv"
    rows = read_labels(labels) if labels else {}
    clips = [_clip(root, path, rows.get(path.relative_to(root).as_posix(), {})) for path in files]
    absent = sorted(set(rows) - {clip.key for clip in clips})
    if labels and absent:
        named = ", ".join(absent[:5]) + ", ..." * (len(absent) > 5)
        raise _invalid(labels, f"names {len(absent)} file(s) that are not in {root}: {named}.")
    return Found(clips)


def from_paths(
    paths: Sequence[Path], labels: Path | None = None
) -> tuple[list[Clip], list[tuple[Path, FacefakeError]]]:
    """Clips of whatever a user names: files as they are, folders searched; and what is wrong with the rest.

    A clip's key is its path as the user wrote it, so that the same name in two folders stays two clips. Files are not
    opened here: one that is no video fails later, alone.

    Raises:
        FacefakeError: ``usage`` if labels are given for anything but one folder; ``labels_invalid``.
    """
    if labels is not None and not (len(paths) == 1 and paths[0].is_dir()):
        raise FacefakeError("usage", "--labels speaks of the files of one folder.", "Give that one folder.")
    clips: list[Clip] = []
    refused: list[tuple[Path, FacefakeError]] = []
    for path in paths:
        if not path.is_dir():
            clips.append(Clip(path, str(path), "folder", UNLABELLED, None, None, None, name=store_name(path.name)))
            continue
        try:
            clips += [replace(clip, key=(path / clip.key).as_posix()) for clip in READER.read(path, labels).clips]
        except FacefakeError as error:
            if error.code != "no_videos":
                raise
            refused.append((path, error))
    return clips, refused


READER = Reader(
    name="folder",
    title="any folder of videos and pictures, labelled by a CSV or not at all",
    find=find,
    takes_labels=True,
)
