"""FakeAVCeleb v1.2 (Khalid et al., NeurIPS 2021) as released.

``<type>/<race>/<gender>/<person>/*.mp4``, where the type says what is fake: ``RealVideo-RealAudio``,
``RealVideo-FakeAudio``, ``FakeVideo-RealAudio`` or ``FakeVideo-FakeAudio``. ``meta_data.csv`` names the method and the
other people of each file; some twenty files stand in it twice with two methods, of which the first is taken. There is
one real video of each of the 500 people; all that was made from it is one pair. There is no official split, so all of
it is test.

The label is that of the **picture**, the only thing looked at here: ``RealVideo-FakeAudio``, an untouched picture under
a cloned voice, is real. Published figures of detectors without ears leave these clips out, and so does the default:
methods are called ``<type>-<method>`` with the types as ``RVRA``, ``RVFA``, ``FVRA`` and ``FVFA``, and ``RVFA-rtvc`` is
taken only by name.
"""

from __future__ import annotations

import re
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, require_folder, store_name
from preprocessing.datasets.lists import files_named, list_invalid, part, read_rows, videos_below
from preprocessing.errors import FacefakeError

TYPES = {
    "RealVideo-RealAudio": ("RVRA", REAL),
    "RealVideo-FakeAudio": ("RVFA", REAL),
    "FakeVideo-RealAudio": ("FVRA", FAKE),
    "FakeVideo-FakeAudio": ("FVFA", FAKE),
}
LIST_NAME = "meta_data.csv"
# the rows of meta_data.csv, less the 22 that name a file again; wav2lip comes last in it
COUNTS = {
    **{"RVRA-real": 500, "RVFA-rtvc": 500, "FVRA-faceswap": 730, "FVRA-fsgan": 3964, "FVRA-wav2lip": 5015},
    **{"FVFA-faceswap-wav2lip": 2717, "FVFA-fsgan-wav2lip": 3553, "FVFA-wav2lip": 4587 - 22},
}
_PERSON = re.compile(r"id\d+")


def _listed(listing: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Rows by key, and notes."""
    if not listing.is_file():
        raise FacefakeError(
            "dataset_not_found",
            f"{listing} is missing, without which no method is known.",
            "It comes with the release; copy it beside the four folders.",
        )
    rows: dict[str, dict[str, str]] = {}
    twice = 0
    for row in read_rows(listing, "source", "target1", "target2", "method", "type", "race", "gender", "path"):
        if row["type"] not in TYPES:
            raise list_invalid(listing, f"has the type {row['type']!r}; known are {', '.join(TYPES)}")
        # the release calls the column of file names "path"; copies that name all columns call it "filename"
        key = "/".join((row["type"], row["race"], row["gender"], row["source"], row.get("filename") or row["path"]))
        twice += rows.setdefault(key, row) is not row
    return rows, [f"{listing} names {twice} file(s) twice; the first method is taken"] if twice else []


def _clip(path: Path, key: str, row: dict[str, str]) -> Clip:
    short, label = TYPES[row["type"]]
    others = (other for other in (row["target1"], row["target2"]) if _PERSON.fullmatch(other))
    return Clip(
        path=path,
        key=key,
        dataset="fakeavceleb",
        method=f"{short}-{row['method']}",
        label=label,
        split="test",
        pair=row["source"],
        name=store_name(key),
        identities=tuple(dict.fromkeys((row["source"], *others))),
    )


def find(root: Path) -> Found:
    """Every clip ``meta_data.csv`` names, there or absent.

    Raises:
        FacefakeError: ``dataset_not_found``, also without the list; ``labels_invalid`` if it cannot be.
    """
    root = require_folder(root, *TYPES)
    rows, notes = _listed(root / LIST_NAME)
    there = files_named(rows, [file for kind in TYPES for file in videos_below(root, kind)])
    clips = [_clip(there.get(key, root / key), key, row) for key, row in rows.items()]
    return part(clips, set(there.values()), notes)


READER = Reader(
    name="fakeavceleb",
    title="FakeAVCeleb v1.2",
    find=find,
    licence="research only, by request",
    link="https://github.com/DASH-Lab/FakeAVCeleb",
    methods=tuple(method for method in COUNTS if method != "RVFA-rtvc"),
    official=tuple(Official(method, "test", clips) for method, clips in COUNTS.items()),
    reals=("RVRA-real", "RVFA-rtvc"),
)
