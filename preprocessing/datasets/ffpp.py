"""FaceForensics++ (Roessler et al., ICCV 2019) as its download script lays it out, with the DFD part inside.

``original_sequences/{youtube,actors}/<compression>/videos/*.mp4`` and
``manipulated_sequences/<method>/<compression>/videos/*.mp4``, masks in ``manipulated_sequences/<method>/masks/videos``.
A fake ``A_B`` shows the footage of A with the face or expression of B, so A, B, A_B and B_A are one pair and stay in
one split. The split lists are the authors' own (``dataset/splits/*.json`` of their repository); DFD has none and is
all test.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, Reader, require_folder
from preprocessing.errors import FacefakeError
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


def _split_and_pair(method: str, stem: str) -> tuple[str | None, str | None]:
    if method in (DFD, "actors"):
        # real <actor>__<scene>; fake <target>_<source>__<scene>__<code>: the target's footage is what they share
        people, _, rest = stem.partition("__")
        return "test", f"{people.split('_')[0]}__{rest.split('__')[0]}"
    return official_pairs().get(stem.split("_")[0], (None, None))


def _clips_of(root: Path, method: str, label: int) -> list[Clip]:
    parent = root / ("original_sequences" if label == REAL else "manipulated_sequences") / method
    masks = parent / "masks" / "videos"
    clips = []
    for folder, compression in COMPRESSIONS.items():
        for path in sorted((parent / folder / "videos").glob("*.mp4")):
            split, pair = _split_and_pair(method, path.stem)
            mask = masks / path.name
            clips.append(
                Clip(
                    path=path,
                    key=path.relative_to(root).as_posix(),
                    dataset="ffpp",
                    method=method,
                    label=label,
                    split=split,
                    pair=pair,
                    name=f"{path.stem}_{folder}",
                    compression=compression,
                    mask=mask if mask.is_file() else None,
                )
            )
    return clips


def read(root: Path, labels: Path | None = None) -> list[Clip]:
    """Every clip of the release below ``root``, sorted by key.

    Raises:
        FacefakeError: ``dataset_not_found`` if ``root`` is not a FaceForensics++ folder; ``no_videos`` if it is empty;
            ``usage`` if a labels file is given, since the release has its own.
    """
    if labels is not None:
        raise FacefakeError("usage", "ffpp has official labels.", "Leave out --labels, or use --dataset folder.")
    require_folder(root, "original_sequences", "manipulated_sequences")
    clips = [clip for source in REAL_SOURCES for clip in _clips_of(root, source, REAL)]
    clips += [clip for method in (*FOUR_METHODS, "FaceShifter", DFD) for clip in _clips_of(root, method, FAKE)]
    if not clips:
        raise FacefakeError(
            "no_videos",
            f"{root} has the folders of FaceForensics++ but no <method>/<compression>/videos/*.mp4 in them.",
            "Finish the download; extracted frames alone are not read.",
        )
    return sorted(clips, key=lambda clip: clip.key)


READER = Reader("ffpp", "FaceForensics++ (raw, c23, c40), with FaceShifter and DFD", read, ("youtube", *FOUR_METHODS))
