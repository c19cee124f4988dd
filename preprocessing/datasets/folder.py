"""Any folder of videos and images, with or without labels.

Every file that is a video or image is a clip, at any depth (:mod:`preprocessing.datasets.media`). Labels come from a
CSV (:mod:`preprocessing.datasets.labels`). A ``labels.csv`` at the top of the folder is read without being asked for;
if it is some other program's, or names files that are not there, that is a note and no error. Names of folders say
nothing here: whole pictures in folders called ``real`` and ``fake`` are what ``aigcdetect`` reads.

Numbers mean what they mean here, and a list cannot say that it counts the other way: the labels of a set that writes 0
for fake, as CIFAKE does, must be given as words.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from preprocessing.clip import FAKE, Clip
from preprocessing.datasets.base import Found, Reader, store_name
from preprocessing.datasets.labels import LABELS, Assignment, Row, invalid, read_labels
from preprocessing.datasets.media import (
    WHY,
    LeftOut,
    Media,
    enclosing_store,
    find_media,
    left_out_sentences,
    shown,
)
from preprocessing.errors import FacefakeError
from preprocessing.text import name_text

UNLABELLED = "unlabelled"


def _clip(root: Path, path: Path, rows: Mapping[str, Row]) -> Clip:
    key = path.relative_to(root).as_posix()
    row = rows[key].values if key in rows else {}
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
    """Every video and image below ``root``; those the labels file does not name stay unlabelled.

    Raises:
        FacefakeError: ``no_videos``, also for a face store, whose files are crops; ``labels_invalid``, also when the
            labels file names a file that is not there.
    """
    if store := enclosing_store(root):
        raise _of_store(root, store)
    asked, unasked = (read_labels(labels) if labels else []), root / "labels.csv"
    media = find_media(root)
    if not media.files:
        others = "; ".join(left_out_sentences(media.left_out, root))
        raise FacefakeError(
            "no_videos",
            f"{root} holds no video or image." + (f" {others}." if others else ""),
            "Give a folder with files such as .mp4, .mov or .jpg.",
        )
    rows: Mapping[str, Row] = {}
    notes: list[str] = []
    if labels:
        rows, unknown = _assigned(asked, media, root, labels)
        if unknown:
            raise invalid(labels, unknown)
    elif unasked.is_file():
        try:
            rows, unknown = _assigned(read_labels(unasked), media, root, unasked)
            notes += [f"{shown(unasked)} {unknown}"] if unknown else []
        except FacefakeError as error:
            notes.append(f"labels were not read: {error.message}")
    left_out = [each for each in media.left_out if not _is_same(each.path, labels or unasked)]
    return Found([_clip(root, path, rows) for path in media.files], notes=notes, left_out=left_out)


def _of_store(root: Path, store: Path) -> FacefakeError:
    where = "is" if store == Path(os.path.realpath(root)) else f"is in {store}, which is"
    return FacefakeError(
        "no_videos",
        f"{root} {where} a face store of facefake: it holds faces that are cut out already.",
        f"Give --dataset store --data {store} to score them or to train on them.",
    )


def _assigned(rows: Iterable[Row], media: Media, root: Path, labels: Path) -> tuple[Mapping[str, Row], str]:
    """The row of each file that has one, by its key, and what is wrong with rows that mean none.

    Raises:
        FacefakeError: ``labels_invalid`` for a file that two rows say different things about.
    """
    found = Assignment(rows, [path.relative_to(root).as_posix() for path in media.files], root, labels)
    return found.rows, _unknown(found.unknown, media.left_out, root) if found.unknown else ""


def _unknown(rows: Sequence[Row], left_out: Iterable[LeftOut], root: Path) -> str:
    """What is wrong with rows that name no clip."""
    reasons = {each.path: each.reason for each in left_out}
    there: list[str] = []
    absent: list[str] = []
    for row in rows:
        path = root / row.path.strip().replace("\\", "/")
        reason = next((reasons[place] for place in (path, *path.parents) if place in reasons), None)
        if reason:
            there.append(f"{row.path} ({WHY[reason]})")
        else:
            absent.append(row.path)
    parts = ((there, "are left out"), (absent, f"are not in {root}"))
    said = (
        f"{len(names)} file(s) that {why}: {', '.join(names[:5])}{', ...' * (len(names) > 5)}"
        for names, why in parts
        if names
    )
    return f"names {' and '.join(said)}."


def _is_same(path: Path, other: Path) -> bool:
    return path.name == other.name and path.resolve() == other.resolve()


@dataclass(frozen=True, slots=True)
class Named:
    """What a user's paths come to.

    Attributes:
        clips: Files as they are named, and those of folders.
        refused: Paths that give no clip, and why.
        left_out: What else is in the folders.
        notes: What to tell people of it.
    """

    clips: list[Clip] = field(default_factory=list)
    refused: list[tuple[Path, FacefakeError]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def from_paths(paths: Sequence[Path], labels: Path | None = None) -> Named:
    """Clips of whatever a user names: files as they are, folders searched.

    A clip's key is its path as the user wrote it, so that the same name in two folders stays two clips. Named files are
    not opened here: one that is no video fails later, alone.

    Raises:
        FacefakeError: ``usage`` if labels are given for anything but one folder; ``labels_invalid``.
    """
    if labels is not None and not (len(paths) == 1 and paths[0].is_dir()):
        raise FacefakeError("usage", "--labels speaks of the files of one folder.", "Give that one folder.")
    named = Named()
    for path in paths:
        if not path.is_dir():
            named.clips.append(_alone(path))
            continue
        try:
            found = READER.read(path, labels)
        except FacefakeError as error:
            if error.code not in ("no_videos", "dataset_not_found"):
                raise
            named.refused.append((path, error))
            continue
        top = Path(name_text(path))
        named.clips.extend(replace(clip, key=(top / clip.key).as_posix()) for clip in found.clips)
        named.left_out.extend(found.left_out)
        named.notes.extend((*left_out_sentences(found.left_out, path), *found.notes))
    return named


def _alone(path: Path) -> Clip:
    return Clip(path, name_text(path), "folder", UNLABELLED, None, None, None, name=store_name(path.name))


READER = Reader(
    name="folder",
    title="any folder of videos and images, labelled by a CSV or not at all",
    find=find,
    takes_labels=True,
)
