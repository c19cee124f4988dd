"""Celeb-DF++ (Li et al., 2025), also called Celeb-DF v3, as released.

The real folders and the list of ``celebdf``, on which **1 is real and 0 is fake**; the fakes lie in
``Celeb-synthesis/<family>/<method>/*.mp4``. Copies differ in what they call the fakes taken over from v2: ``Celeb-DF``
as in the authors' own description, or ``Celeb-DF-v2``; the key has the former. What is not on the list is training
footage, as in ``celebdf``. Swaps and reenactments are named ``id<target>_id<source>_<rec>``, talking faces
``id<target>_<rec>_test_<ref>``; all of them show the footage of ``id<target>_<rec>``.
"""

from __future__ import annotations

import re
from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.datasets.base import Found, Official, Reader, videos_in
from preprocessing.datasets.celebdf import FOLDERS, method_of, people, release_folder, split_by_list, testing_list

FAMILIES = {
    "FaceSwap": ("Celeb-DF", "BlendFace", "GHOST", "HifiFace", "InSwapper", "MobileFaceSwap", "SimSwap", "UniFace"),
    "FaceReenact": ("DaGAN", "FSRT", "HyperReenact", "LIA", "LivePortrait", "MCNET", "TPSMM"),
    "TalkingFace": ("AniTalker", "EchoMimic", "EDTalk", "FLOAT", "IP_LAP", "Real3DPortrait", "SadTalker"),
}
TESTED = {"FaceSwap": 200, "FaceReenact": 200, "TalkingFace": 300}
OFFICIAL = (
    Official("Celeb-real", "test", 108),
    Official("YouTube-real", "test", 70),
    *(Official(method, "test", TESTED[family]) for family, methods in FAMILIES.items() for method in methods),
)
_TALKING = re.compile(r"(id\d+)_(\d+)_test_.+")
_NAMES = re.compile(
    r"(Celeb-real/id\d+_\d+|YouTube-real/\d+|Celeb-synthesis/\w+/[\w-]+/id\d+_(id\d+_\d+|\d+_test_.+))\.mp4"
)


def _released(key: str) -> str:
    return key.replace("/FaceSwap/Celeb-DF-v2/", "/FaceSwap/Celeb-DF/")


def _clip(path: Path, key: str, split: str | None) -> Clip:
    folder, stem = key.split("/")[0], Path(key).stem
    talking = _TALKING.fullmatch(stem)
    pair, identities = (f"{talking[1]}_{talking[2]}", (talking[1],)) if talking else people(folder, stem)
    return Clip(path, key, "celebdfpp", method_of(key), FOLDERS[folder], split, pair, stem, identities=identities)


def find(root: Path) -> Found:
    """Every clip below ``root``, split ``test`` for those on the official list.

    Raises:
        FacefakeError: As :func:`preprocessing.datasets.celebdf.testing_list` and ``split_by_list``.
    """
    root = release_folder(root)
    listing, labels = testing_list(root)
    methods = [(family, method) for family, methods in FAMILIES.items() for method in methods]
    folders = [("Celeb-real",), ("YouTube-real",), *(("Celeb-synthesis", *method) for method in methods)]
    folders.append(("Celeb-synthesis", "FaceSwap", "Celeb-DF-v2"))
    files = [(path, _released(key)) for parts in folders for path, key in videos_in(root, *parts)]
    return split_by_list(listing, files, map(_released, labels), _clip, _NAMES, OFFICIAL)


READER = Reader(
    name="celebdfpp",
    title="Celeb-DF++",
    find=find,
    licence="research only, CC BY-NC 4.0, by request",
    link="https://github.com/OUC-VAS/Celeb-DF-PP",
    official=OFFICIAL,
    reals=("Celeb-real", "YouTube-real"),
    version=2,  # as celebdf
    related=("celebdf", "celebdf1"),
)
