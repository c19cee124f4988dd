"""Synthbuster, SynthWildX and whatever else comes with CSV files as GRIP-UNINA has them (Cozzolino et al., CVPRW 2024).

A CSV has the columns ``filename``, a path from the CSV's own folder, and ``typ``: ``real`` or the name of a generator;
SynthWildX adds ``url``. Published are ``commercial_tools.csv`` (Synthbuster's DALL·E 2 and 3, Firefly and Midjourney v5
against RAISE, 1,000 pictures each) and ``synthwildx/list.csv`` (DALL·E 3, Firefly, Midjourney v5 and real pictures from
X, 500 each). They are lists to test on, and so all their pictures are test pictures.

Every CSV of that form below the root is read. A method is named by its list and its type, ``commercial_tools/dalle2``
or ``synthwildx/dalle3``, for two lists may have fakes of one generator and yet other reals; each is measured against
the reals of its own list. Other CSV files, those of scores say, are passed over. The set is not called Synthbuster
here, for a folder of that name lies beside the first list and is not the one to give.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Reader, store_name
from preprocessing.datasets.lists import files_below, list_invalid, read_rows, read_text
from preprocessing.datasets.picture_lists import listed_key, once_each, parted
from preprocessing.errors import FacefakeError

COLUMNS = ("filename", "typ")


def find(root: Path) -> Found:
    """Every picture the CSV files below ``root`` name.

    Raises:
        FacefakeError: ``dataset_not_found`` without a CSV of that form; ``labels_invalid`` for one that cannot be read,
            a row without a type, a file outside ``root``, or one that is called real and fake.
    """
    listings = [path for path in files_below(root) if path.suffix.lower() == ".csv" and _is_list(path)]
    if not listings:
        raise FacefakeError(
            "dataset_not_found",
            f"{root} has no CSV file with the columns filename and typ.",
            "commercial_tools.csv and synthwildx/list.csv come with the code of ClipBased-SyntheticImageDetection.",
        )
    clips, notes = once_each(clip for listing in listings for clip in _clips(root, listing))
    return Found(*parted(clips), notes)


def _is_list(path: Path) -> bool:
    """Whether the first line names the two columns; a file that cannot be read is none of these lists."""
    try:
        head = next(csv.reader(read_text(path).split("\n")), [])
    except (FacefakeError, csv.Error):
        return False
    return set(COLUMNS) <= {name.strip() for name in head}


def _clips(root: Path, listing: Path) -> Iterator[Clip]:
    place = listing.relative_to(root).with_suffix("")
    name = (place.parent if place.name == "list" else place).as_posix()
    for number, row in enumerate(read_rows(listing, *COLUMNS), start=2):
        kind = row["typ"].replace("/", "-")
        if not kind or (kind != "real" and kind.lower() == "real"):
            raise list_invalid(listing, f"row {number} has the type {kind!r}, neither 'real' nor a generator's name")
        key = listed_key(root, listing, row["filename"])
        yield Clip(
            path=root / key,
            key=key,
            dataset="gripunina",
            method=kind if name == "." else f"{name}/{kind}",
            label=REAL if kind == "real" else FAKE,
            split="test",
            pair=None,
            name=store_name(key),
        )


def reals_of(method: str) -> tuple[str, ...]:
    """The reals of the list that a method is from.

    Example:
        >>> reals_of("synthwildx/dalle3"), reals_of("dalle3")
        (('synthwildx/real',), ('real',))
    """
    return ("".join(method.rpartition("/")[:2]) + "real",)


READER = Reader(
    name="gripunina",
    title="Synthbuster, SynthWildX and other CSV lists of filename and type",
    find=find,
    licence="Synthbuster and RAISE: non-commercial; SynthWildX: addresses on X",
    link="https://github.com/grip-unina/ClipBased-SyntheticImageDetection",
    pictures=True,
    reals_of=reals_of,
)
