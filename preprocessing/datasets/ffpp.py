"""FaceForensics++ (Roessler et al., ICCV 2019) as its download script lays it out, with the DFD part inside.

``original_sequences/{youtube,actors}/<compression>/videos/*.mp4`` and
``manipulated_sequences/<method>/<compression>/videos/*.mp4``, masks in ``manipulated_sequences/<method>/masks/videos``.
The files may also lie one folder higher, without ``videos``. A fake ``A_B`` shows the footage of A with the face or
expression of B, so A, B, A_B and B_A are one pair and stay in one split. The split lists are the authors' own
(``dataset/splits/*.json`` of their repository); DFD has none and is all test.
"""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Found, Official, Reader, require_folder, videos_in
from preprocessing.resources import configs_dir

FOUR_METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
DFD = "DeepFakeDetection"
REAL_SOURCES = ("youtube", "actors")
# the lossless level is called "raw" by the download script and "c0" by the authors' own tables
COMPRESSIONS = {"raw": "raw", "c0": "raw", "c23": "c23", "c40": "c40"}


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


def clip_of(root: Path, dataset: str, method: str, level: str, path: Path) -> Clip:
    """The clip at ``path``, there or not, of a method at the compression folder ``level``."""
    split, pair = _split_and_pair(method, path.stem)
    mask = root / folder_of(method) / "masks" / "videos" / path.name
    return Clip(
        path=path,
        key=f"{folder_of(method)}/{level}/videos/{path.name}",
        dataset=dataset,
        method=method,
        label=REAL if method in REAL_SOURCES else FAKE,
        split=split,
        pair=pair,
        name=f"{path.stem}_{level}",
        compression=COMPRESSIONS[level],
        mask=mask if mask.is_file() else None,
        identities=tuple(path.stem.split("__")[0].split("_")),
    )


def find_methods(dataset: str, methods: tuple[str, ...], root: Path) -> Found:
    """The clips of some methods; absent is what the lists name at a compression of which any of it is there.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    require_folder(root, "original_sequences", "manipulated_sequences")
    there = {
        (method, level): {path.name: path for path, _ in videos_in(root, folder_of(method), level)}
        for method in methods
        for level in COMPRESSIONS
    }
    # DFD may lie there at another level than the rest: of that nothing is listed
    levels = {level for (method, level), files in there.items() if files and official_names(method)}
    clips, absent = [], []
    for (method, level), files in there.items():
        clips += [clip_of(root, dataset, method, level, path) for path in files.values()]
        listed = {f"{name}.mp4" for name in official_names(method)} if level in levels else set()
        folder = root / folder_of(method) / level / "videos"
        absent += [clip_of(root, dataset, method, level, folder / name) for name in listed - files.keys()]
    return Found(clips, absent)


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
