"""DFDC, the Deepfake Detection Challenge (Dolhansky et al., 2020): training parts, validation and test sets.

Videos have no label but in the lists beside them, which are looked for at any depth:

- ``metadata.json`` in each ``dfdc_train_part_<n>/``: ``{"x.mp4": {"label": "FAKE", "split": "train", "original":
  "y.mp4"}}``. A fake and its original are one pair. Copies without ``split`` are known by their folder's name or by
  the originals, which only training parts name.
- ``labels.csv`` (``filename,label``, 1 = fake), or a ``metadata.json``, for the 5,000 videos of the test set and the
  4,000 of the validation set: in the folder of the videos or above it, the videos in sub-folders or not. A list in a
  folder ``validation`` is of the validation set, any other of the test set.

A video no list names has no label and is left out, with a note; so are all of a part whose ``metadata.json`` is
missing. Some fakes are so by their voice alone (the lists do not say which); their label stays as listed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import VIDEO_SUFFIXES, Found, Official, Reader, store_name
from preprocessing.datasets.lists import files_below, likeness, list_invalid, part, read_json, read_rows
from preprocessing.errors import FacefakeError

LIST_NAMES = ("metadata.json", "labels.csv")
FOLDERS = {"val": "validation", "test": "test"}
_TRAINING = re.compile(r"(dfdc_)?train(_|$)")  # dfdc_train_part_0, train_sample_videos
LABELS = {"REAL": REAL, "FAKE": FAKE, "0": REAL, "1": FAKE}


def _rows(listing: Path) -> Iterator[tuple[str, str, str | None, bool]]:
    """File name, label as written, the file it was made from and whether it is training footage."""
    if listing.suffix == ".csv":
        for row in read_rows(listing, "filename", "label"):
            yield row["filename"], row["label"], None, False
        return
    entries = read_json(listing)
    training = _TRAINING.match(listing.parent.resolve().name) is not None or any(
        entry.get("original") or entry.get("split") == "train" for entry in entries.values()
    )
    for name, entry in entries.items():
        label = str(entry.get("label", entry.get("is_fake")))
        split = entry.get("split")
        yield name, label, entry.get("original"), split == "train" if split else training


def _clips(listing: Path, places: dict[str, list[Path]]) -> Iterator[Clip]:
    here = listing.parent.resolve().name
    split = "val" if here == "validation" else "test"
    for name, label, original, training in _rows(listing):
        if label not in LABELS:
            raise list_invalid(listing, f"says {label!r} of {name}; known are {', '.join(LABELS)}")
        key = f"{here if training else FOLDERS[split]}/{name}"
        yield Clip(
            path=_place(listing.parent, name, places) or listing.parent / name,
            key=key,
            dataset="dfdc",
            method="fake" if LABELS[label] == FAKE else "real",
            label=LABELS[label],
            split="train" if training else split,
            pair=Path(original or name).stem if original or training else None,
            name=store_name(key),
        )


def _place(folder: Path, name: str, places: dict[str, list[Path]]) -> Path | None:
    """Where below ``folder`` the video lies, be it under a name of other case or suffix, if only one has that."""
    inside = [path for path in places.get(likeness(name), ()) if path.is_relative_to(folder)]
    same = [path for path in inside if path.name == name]
    return same[0] if same else inside[0] if len({path.name for path in inside}) == 1 else None


def _listed(listings: list[Path], places: dict[str, list[Path]]) -> list[Clip]:
    clips: dict[str, Clip] = {}
    for listing in listings:
        for clip in _clips(listing, places):
            if clips.setdefault(clip.key, clip).label != clip.label:
                raise list_invalid(listing, f"says of {clip.key} the opposite of another list")
    return list(clips.values())


def find(root: Path) -> Found:
    """Every clip the lists name, there or absent; keys are ``<part>/<file>``, ``validation/<file>``, ``test/<file>``.

    Raises:
        FacefakeError: ``dataset_not_found`` without any list; ``labels_invalid`` if one cannot be or two disagree.
    """
    files = list(files_below(root))
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    listings = [path for path in files if path.name in LIST_NAMES]
    if not listings:
        raise FacefakeError(
            "dataset_not_found",
            f"{root} holds no {' or '.join(LIST_NAMES)}, without which no label is known.",
            "metadata.json comes with each training part, labels.csv with the test set; copy them beside the videos.",
        )
    places: dict[str, list[Path]] = defaultdict(list)
    for path in videos:
        places[likeness(path.name)].append(path)
    listed = _listed(listings, places)
    there = set(videos)
    unlisted = Counter(path.parent for path in there.difference(clip.path for clip in listed))
    notes = (
        f"{folder} holds {count} video(s) that no list names: their label is not known"
        for folder, count in sorted(unlisted.items())
    )
    return part(listed, there, notes)


READER = Reader(
    name="dfdc",
    title="DFDC (training parts, validation, test)",
    find=find,
    licence="non-commercial research, terms to accept",
    link="https://ai.meta.com/datasets/dfdc/",
    official=(
        *(Official("real", split, count) for split, count in (("train", 19154), ("val", 2000), ("test", 2500))),
        *(Official("fake", split, count) for split, count in (("train", 100000), ("val", 2000), ("test", 2500))),
    ),
    reals=("real",),
    version=2,  # training metadata without "split" is not the test set
    related=("dfdcp",),
)
