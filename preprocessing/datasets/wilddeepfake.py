"""WildDeepfake (Zi et al., ACM MM 2020): faces from the internet, released as crops, no video and no detector pass.

``deepfake_in_the_wild/{real_train,real_test,fake_train,fake_test}/<n>.tar.gz``, the folder names with a space in the
authors' own description; inside ``<n>/<real|fake>/<sequence>/<frame>.png`` of 224 x 224 pixels. A clip is a sequence.
Tarballs are read where they lie, listing each once; unpacked ones are read as well, and go before their tarball.
7,314 sequences of 707 videos. ``<n>`` numbers a video of a split, so its sequences, real and fake, are one pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, require_folder, store_name
from preprocessing.datasets.crop_sets import crop_folders
from preprocessing.errors import FacefakeError
from preprocessing.pictures import ARCHIVES, folders_of, open_archive

TOP = "deepfake_in_the_wild"
LABELS = {"real": REAL, "fake": FAKE}
FOLDERS = {f"{kind}{gap}{split}": (kind, split) for kind in LABELS for split in ("train", "test") for gap in "_ "}


def find(root: Path) -> Found:
    """Every sequence below ``root`` or its ``deepfake_in_the_wild``.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = root / TOP if (root / TOP).is_dir() else root
    root = require_folder(root, *FOLDERS)
    clips: dict[str, Clip] = {}
    notes: list[str] = []
    for folder, (kind, split) in FOLDERS.items():
        for path, member, parts in _sequences(root / folder, notes):
            if wrong := (set(LABELS) - {kind}) & set(parts):
                notes.append(f"{folder}/{'/'.join(parts)} is named {'/'.join(wrong)} and left out")
                continue
            clip = _clip(path, member, f"{kind}_{split}", parts)
            clips.setdefault(clip.key, clip)
    return Found(list(clips.values()), notes=notes)


def _sequences(folder: Path, notes: list[str]) -> Iterator[tuple[Path, str | None, tuple[str, ...]]]:
    """Path, member and name (video, ..., sequence) of each; unpacked ones first."""
    if not folder.is_dir():
        return
    for path, key in crop_folders(folder):
        yield path, None, PurePosixPath(key).parts
    for archive in sorted(path for path in folder.iterdir() if path.name.endswith(ARCHIVES)):
        video = archive.name[: -len(next(suffix for suffix in ARCHIVES if archive.name.endswith(suffix)))]
        try:
            with open_archive(archive) as opened:
                members = folders_of(opened, archive)
        except FacefakeError as error:
            notes.append(error.message.rstrip("."))
            yield archive, None, (archive.name,)  # its extraction fails with the same words, and is counted
            continue
        for member in members:
            parts = PurePosixPath(member).parts
            yield archive, member, parts if parts[:1] == (video,) else (video, *parts)


def _clip(path: Path, member: str | None, folder: str, parts: tuple[str, ...]) -> Clip:
    kind, split = folder.split("_")
    key = "/".join((folder, *parts))
    return Clip(
        path=path,
        key=key,
        dataset="wilddeepfake",
        method=kind,
        label=LABELS[kind],
        split=split,
        pair=f"{split}/{parts[0]}",
        name=store_name(key),
        member=member,
    )


READER = Reader(
    name="wilddeepfake",
    title="WildDeepfake (face crops)",
    find=find,
    licence="research only, by request",
    link="https://github.com/OpenTAI/wild-deepfake",
    official=(Official("real", "test", 396), Official("fake", "test", 410)),
    reals=("real",),
    crops="wilddeepfake",
)
