"""DF40 (Yan et al., NeurIPS 2024 D&B) as its processed data is released: face crops, no video, no masks.

Fakes for testing: ``DF40/<method>/{ff,cdf}/`` with the clips below, in ``frames/<clip>/<n>.png`` for swaps and
reenactments, ``<clip>/`` or ``<source>/<clip>/`` for synthesised faces. Fakes for training, of the FaceForensics++
domain only: ``DF40_train/<method>/``, likewise. Methods with reals of their own have ``DF40/<method>/{fake,real}/``, as
clips or as loose pictures, each of which is a clip. The reals of all others are DeepfakeBench's crops, found beside:
``FaceForensics++/original_sequences/youtube/<compression>/frames/<id>`` and
``Celeb-DF-v2/{Celeb-real,YouTube-real}/frames/<clip>``.

Methods are named as in the release's JSON files, ``simswap_ff`` and ``simswap_cdf``. The Celeb-DF domain is all test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Reader, require_folder, store_name
from preprocessing.datasets.crop_sets import celeb_footage, crop_folders, ffpp_footage, pictures_in

SWAPS = ("fsgan", "faceswap", "simswap", "inswap", "blendface", "uniface", "mobileswap", "e4s", "facedancer")
REENACTMENTS = (
    *("fomm", "facevid2vid", "wav2lip", "MRAA", "one_shot_free", "pirender", "tpsm", "lia", "danet", "sadtalker"),
    *("mcnet", "hyperreenact"),
)
SYNTHESES = ("VQGAN", "StyleGAN2", "StyleGAN3", "StyleGANXL", "sd2.1", "ddim", "RDDM", "pixart", "DiT", "SiT")
ALONE = ("deepfacelab", "heygen", "MidJourney", "whichfaceisreal", "CollabDiff", "stargan", "starganv2", "styleclip")
METHODS = (*SWAPS, *REENACTMENTS, *SYNTHESES, "e4e", *ALONE)
OTHER_NAMES = {"StarGAN2": "starganv2", "Whichisreal": "whichfaceisreal", "whichisreal": "whichfaceisreal"}
"""Folder names seen in copies of the release."""

TOPS = {"DF40": "test", "DF40_train": "train"}
REALS = ("FaceForensics++/original_sequences/youtube", "Celeb-DF-v2/Celeb-real", "Celeb-DF-v2/YouTube-real")
LABELS = {"fake": FAKE, "real": REAL}


def find(root: Path) -> Found:
    """Every clip below ``root``, which holds ``DF40`` and, if wanted, ``DF40_train`` and the reals; or is one of these.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    require_folder(root)
    base = root.parent if root.name in TOPS else root
    tops = [root.name] if root.name in TOPS else [top for top in TOPS if (root / top).is_dir()]
    require_folder(base, *(tops or TOPS))
    clips, notes = [], []
    for top in tops:
        for folder in sorted(path for path in (base / top).iterdir() if path.is_dir()):
            method = OTHER_NAMES.get(folder.name, folder.name)
            if method in METHODS:
                clips += list(_fakes(base, top, folder, method))
            elif not folder.name.startswith("."):
                notes.append(f"{top}/{folder.name} is no method of the release and left out")
    reals = [clip for place in REALS if base == root for clip in _reals(root, place)]
    if not any(clip.label == REAL for clip in (*clips, *reals)):
        notes.append(f"there is no real crop; those of the release lie in {' and '.join(REALS)} beside DF40")
    return Found(clips + reals, notes=notes)


def _fakes(base: Path, top: str, folder: Path, method: str) -> Iterator[Clip]:
    """The clips of one method's folder, reals of its own among them."""
    for path, key in crop_folders(base, top, folder.name):
        inner = PurePosixPath(key).parts[2:]
        side = inner[0] if inner else ""
        label = LABELS.get(side, FAKE)
        domain = "cdf" if side == "cdf" else "" if side in LABELS else "ff"
        named = f"{method}_Real" if label == REAL else f"{method}_{domain}" if domain else method
        # loose pictures have nothing to do with each other
        loose = bool(inner) and inner[-1] in (*LABELS, "frames") and side in LABELS
        for each in pictures_in(path) if loose else [path]:
            whole = f"{key}/{each.name}" if loose else key
            yield _clip(each, whole, named, label, TOPS[top], domain)


def _reals(root: Path, place: str) -> Iterator[Clip]:
    source = place.rsplit("/", 1)[1]
    domain = "ff" if source == "youtube" else "cdf"
    for path, key in crop_folders(root, *place.split("/")):
        split = ffpp_footage(path.name)[0] if domain == "ff" else "test"
        yield _clip(path, key, source, REAL, split, domain)


def _clip(path: Path, key: str, method: str, label: int, split: str | None, domain: str) -> Clip:
    pair, identities = celeb_footage(path.name) if domain == "cdf" else ffpp_footage(path.name)[1:]
    return Clip(
        path=path,
        key=key,
        dataset="df40",
        method=method,
        label=label,
        split=split,
        pair=f"{domain}/{pair}" if domain and pair else None,
        name=store_name(key),
        identities=tuple(f"{domain}/{person}" for person in identities) if domain else (),
    )


READER = Reader(
    name="df40",
    title="DF40 (face crops)",
    find=find,
    licence="CC BY-NC 4.0",
    link="https://github.com/YZY-stack/DF40",
    reals=("youtube", "Celeb-real", "YouTube-real", *(f"{method}_Real" for method in ("e4e", *ALONE))),
    related=("ffpp", "celebdf", "uadfv", "deepfakebench"),
    crops="deepfakebench",
)
