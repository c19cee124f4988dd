"""FaceForensics++ (Roessler et al., ICCV 2019) as its download script lays it out, with the DFD part inside.

``original_sequences/{youtube,actors}/<compression>/videos/*.mp4`` and
``manipulated_sequences/<method>/<compression>/videos/*.mp4``, masks in ``manipulated_sequences/<method>/masks/videos``.
The files may also lie one folder higher, without ``videos``. A fake ``A_B`` shows the footage of A with the face or
expression of B, so A, B, A_B and B_A are one pair and stay in one split. The split lists are the authors' own
(``dataset/splits/*.json`` of their repository); DFD has none and is all test.

Copies on Kaggle are read as well, with the same keys and splits; their layouts are second-hand, from code and notes of
people who use them. ``FaceForensics++_C23`` has ``original/``, ``Deepfakes/``, ``Face2Face/``, ``FaceShifter/``,
``FaceSwap/``, ``NeuralTextures/`` and ``DeepFakeDetection/`` (1,000 of the 3,068 fakes, no actors) with ``*.mp4``
directly in them, and tables in ``csv/`` that say nothing which the names do not. The copy of DFD has
``DFD_original sequences/`` and ``DFD_manipulated_sequences/``, at times with a folder of the same name inside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import (
    SPLITS,
    Found,
    Official,
    Reader,
    folder_at,
    released_name,
    require_folder,
    videos_in,
)
from preprocessing.resources import configs_dir

FOUR_METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
DFD = "DeepFakeDetection"
REAL_SOURCES = ("youtube", "actors")
# the lossless level is called "raw" by the download script and "c0" by the authors' own tables
COMPRESSIONS = {"raw": "raw", "c0": "raw", "c23": "c23", "c40": "c40"}
TOPS = ("original_sequences", "manipulated_sequences")
KAGGLE = {
    "youtube": ("original",),
    "actors": ("DFD_original sequences", "DFD_original_sequences"),
    DFD: (DFD, "DFD_manipulated_sequences", "DFD_manipulated sequences"),
    **{method: (method,) for method in (*FOUR_METHODS, "FaceShifter")},
}
"""The folders of copies on Kaggle, which have no folder for the compression."""
_LAYOUTS = (
    "Known are the layout of the download script, original_sequences/ and manipulated_sequences/ with "
    "<method>/<compression>/videos/, and that of the copies on Kaggle: FaceForensics++_C23 with original/, Deepfakes/, "
    "Face2Face/, ..., and DFD_original sequences/ with DFD_manipulated_sequences/. Give the folder that holds these."
)


@cache
def official_pairs() -> dict[str, tuple[str, str]]:
    """Video id (``"033"``) to ``(split, pair)``, e.g. ``("train", "033_097")``.

    Example:
        >>> official_pairs()["071"]
        ('train', '071_054')
    """
    pairs: dict[str, tuple[str, str]] = {}
    for split in SPLITS:
        for first, second in json.loads((configs_dir() / "splits" / "ffpp" / f"{split}.json").read_text()):
            pairs[first] = pairs[second] = (split, f"{first}_{second}")
    return pairs


def dfd_pair(stem: str) -> str:
    """The footage a DFD clip shows: real ``<actor>__<scene>``, fake ``<target>_<source>__<scene>__<code>``.

    Example:
        >>> dfd_pair("01_02__meeting_serious__YVGY8LOK") == dfd_pair("01__meeting_serious")
        True
    """
    people, _, rest = stem.partition("__")
    return f"{people.split('_')[0]}__{rest.split('__')[0]}"


def _split_and_pair(method: str, stem: str) -> tuple[str | None, str | None]:
    if method in (DFD, "actors"):
        return "test", dfd_pair(stem)
    return official_pairs().get(stem.split("_")[0], (None, None))


def official_names(method: str) -> list[str]:
    """The file names, without suffix, the split lists imply for a real source or method; none for DFD's."""
    if method in (DFD, "actors"):
        return []
    if method == "youtube":
        return sorted(official_pairs())
    pairs = {tuple(pair.split("_")) for _, pair in official_pairs().values()}
    return sorted(f"{target}_{source}" for pair in pairs for target, source in (pair, pair[::-1]))


def folder_of(method: str) -> str:
    """Where a real source or a method lies, relative to the root."""
    return f"{'original' if method in REAL_SOURCES else 'manipulated'}_sequences/{method}"


def clip_of(dataset: str, method: str, level: str, path: Path, mask: Path | None = None) -> Clip:
    """The clip at ``path``, there or not, of a method at the compression folder ``level``."""
    split, pair = _split_and_pair(method, path.stem)
    return Clip(
        path=path,
        key=f"{folder_of(method)}/{level}/videos/{released_name(path.name)}",
        dataset=dataset,
        method=method,
        label=REAL if method in REAL_SOURCES else FAKE,
        split=split,
        pair=pair,
        name=f"{path.stem}_{level}",
        compression=COMPRESSIONS[level],
        mask=mask,
        identities=tuple(path.stem.split("__")[0].split("_")),
    )


def find_methods(dataset: str, methods: tuple[str, ...], root: Path) -> Found:
    """The clips of some methods; absent is what the lists name at a compression of which any of it is there.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = require_folder(root, *TOPS, *(name for method in methods for name in KAGGLE[method]), layouts=_LAYOUTS)
    if any(folder_at(root, top).is_dir() for top in TOPS):
        levels: dict[str, dict[str, tuple[str, ...]]] = {
            level: {method: (*folder_of(method).split("/"), level) for method in methods} for level in COMPRESSIONS
        }
        return _found(dataset, root, levels, inner="videos")
    level, notes = _level(root)
    found = _found(dataset, root, {level: {method: _on_kaggle(root, method) for method in methods}})
    return Found(found.clips, found.absent, notes)


def _found(dataset: str, root: Path, levels: dict[str, dict[str, tuple[str, ...]]], inner: str = "") -> Found:
    """What is there and what is not, by the folder that a method's videos of a compression are in.

    ``inner`` is the folder inside that, where those should be that are not there.
    """
    clips, absent = [], []
    methods = next(iter(levels.values()))
    masks = {method: _by_name(videos_in(root, *folder_of(method).split("/"), "masks")) for method in methods}
    for level, folders in levels.items():
        there = {method: _by_name(videos_in(root, *parts)) for method, parts in folders.items()}
        # DFD may lie there at another level than the rest: of that nothing is listed
        begun = any(files and official_names(method) for method, files in there.items())
        for method, files in there.items():
            clips += [clip_of(dataset, method, level, path, masks[method].get(name)) for name, path in files.items()]
            listed = {f"{name}.mp4" for name in official_names(method)} if begun else set()
            folder = root.joinpath(*folders[method], inner)
            absent += [clip_of(dataset, method, level, folder / name) for name in listed - files.keys()]
    return Found(clips, absent)


def _by_name(files: Iterable[tuple[Path, str]]) -> dict[str, Path]:
    return {key.rpartition("/")[2]: path for path, key in files}


def _on_kaggle(root: Path, method: str) -> tuple[str, ...]:
    """Where a copy on Kaggle has a method, at times in a folder of the same name once more."""
    names = KAGGLE[method]
    name = next((name for name in names if folder_at(root, name).is_dir()), names[0])
    return (name, name) if folder_at(root, name, name).is_dir() else (name,)


def _level(root: Path) -> tuple[str, list[str]]:
    """The compression of a copy on Kaggle, by the end of its folder's name, and what to know of it."""
    named = re.search(rf"(?:^|[^a-z0-9])({'|'.join(COMPRESSIONS)})$", root.resolve().name.lower())
    if named:
        return named[1], []
    return "c23", [f"the name of {root.name} tells no compression: c23 is taken, that of the copies on Kaggle"]


READER = Reader(
    name="ffpp",
    title="FaceForensics++ (raw, c23, c40), with FaceShifter and DFD",
    find=partial(find_methods, "ffpp", (*REAL_SOURCES, *FOUR_METHODS, "FaceShifter", DFD)),
    licence="research only, by request",
    link="https://github.com/ondyari/FaceForensics",
    methods=("youtube", *FOUR_METHODS),
    official=tuple(
        Official(method, split, count)
        for method in ("youtube", *FOUR_METHODS, "FaceShifter")
        for split, count in (("train", 720), ("val", 140), ("test", 140))
    ),
    reals=REAL_SOURCES,
    related=("dfd",),
)
