"""Processed data of DeepfakeBench (Yan et al., NeurIPS 2023 D&B): face crops and JSON lists of them, no video needed.

``[preprocessing/]dataset_json/<set>.json`` beside the sets, which lie in the root, ``rgb``, ``datasets/rgb`` or
``datasets``: ``{set: {label: {split: {[compression:] {video: {"label", "frames": [paths]}}}}}}``. What a label name
means is told by ``label_dict`` of its ``training/config/{train,test}_config.yaml``, here :data:`LABELS`.

The lists are taken with care, for they are made by scripts that had other machines in mind:

* paths come with backslashes and with folders of the authors; they count from the name of the set on, which is the key
* a video named in several splits (Celeb-DF: train holds the test videos and val is test) is kept in one, with a note
* an entry that is none (DFDC's val) is left out with a note; a video listed without frames, or whose folder is not
  there or empty, is absent; frames that are listed and not there are counted
* folders of crops beside listed ones that no list names (Celeb-DF: one of two real folders is lost) are noted

A clip is the folder of its frames, so those that are there are sampled, evenly. A video of one frame is that picture.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets import df40
from preprocessing.datasets.base import SPLITS, Found, Reader, require_folder, store_name
from preprocessing.datasets.crop_sets import (
    celeb_footage,
    crop_folders,
    ffpp_footage,
    frame_names,
    notes_on_frames,
    one_split,
    overlaps,
)
from preprocessing.datasets.ffpp import COMPRESSIONS, dfd_pair
from preprocessing.datasets.lists import read_json_value
from preprocessing.errors import FacefakeError
from preprocessing.pictures import is_picture

LISTS = ("dataset_json", "preprocessing/dataset_json")
PLACES = ("", "rgb", "datasets/rgb", "datasets")
SETS = (
    *("FaceForensics++", "Celeb-DF-v1", "Celeb-DF-v2", "DFDCP", "DFDC", "DeeperForensics-1.0", "UADFV", "roop"),
    *df40.TOPS,
)

_DFDCP = re.compile(r"(?:\d+_)?(\d+_[A-Z]_\d+)")  # [<swapped>_]<target>_<scene>_<n>

LABELS = {
    **dict.fromkeys(("FF-real", "DFD_real", "CelebDFv1_real", "CelebDFv2_real", "DFDCP_Real", "DFDC_Real"), REAL),
    **dict.fromkeys(("DF_real", "UADFV_Real", "roop_Real"), REAL),
    **dict.fromkeys(("FF-SH", "FF-F2F", "FF-DF", "FF-FS", "FF-NT", "FF-FH", "DFD_fake"), FAKE),
    **dict.fromkeys(("CelebDFv1_fake", "CelebDFv2_fake", "DFDCP_FakeA", "DFDCP_FakeB", "DFDC_Fake"), FAKE),
    **dict.fromkeys(("DF_fake", "UADFV_Fake", "roop_Fake"), FAKE),
    # those of DF40's JSON files, which have the same form
    **{
        f"{method}_{kind}": label
        for method in (*df40.METHODS, "FSAll", "FRAll", "EFSAll", "rddm", "mraa", "whichisreal", "DF40_train")
        for kind, label in (("Real", REAL), ("Fake", FAKE))
    },
}


@dataclass(slots=True)
class _Listed:
    """What the lists say of a clip."""

    label: str
    splits: set[str] = field(default_factory=set)
    frames: set[str] = field(default_factory=set)  # their names without suffix; none of a clip that is a frame


def find(root: Path) -> Found:
    """Every clip the lists name.

    Raises:
        FacefakeError: ``dataset_not_found`` without a list; ``labels_invalid`` for one that cannot be read, a label
            that is not known, or a clip that is named with two labels of different meaning.
    """
    root = require_folder(root, *LISTS)
    lists = sorted(path for folder in LISTS for path in (root / folder).glob("*.json"))
    if not lists:
        raise FacefakeError(
            "dataset_not_found", f"{root} has no JSON file in dataset_json/.", "They are a download of their own."
        )
    notes: list[str] = []
    listed: dict[str, _Listed] = {}
    for path in lists:
        _read(path, listed, notes)
    clips: list[Clip] = []
    absent: list[Clip] = []
    for key, said in listed.items():
        place = _located(root, key)
        names = frame_names(place) if place and said.frames else None
        gone = place is None or names == set()
        lacking = 0 if gone or names is None else len(said.frames - names)
        (absent if gone else clips).append(_clip(place or root / key, key, said, lacking))
    notes += overlaps({key: said.splits for key, said in listed.items()})
    return Found(clips, absent, [*notes, *notes_on_frames(clips), *_unlisted(clips)])


def _read(path: Path, listed: dict[str, _Listed], notes: list[str]) -> None:
    """Add what one list names."""
    try:
        tops = {top: dict(labels) for top, labels in read_json_value(path).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise _invalid(path, f"cannot be read as a list of DeepfakeBench ({error})") from error
    malformed = 0
    for top, labels in tops.items():
        for name, splits in labels.items():
            for split in SPLITS:
                for video, record in _videos(splits.get(split) if isinstance(splits, dict) else None):
                    label, key, frames = _record(record, top, name, video)
                    if key is None:
                        malformed += 1
                    else:
                        _add(listed, key, label, split, path)
                        listed[key].frames |= frames
    if malformed:
        notes.append(f"{path.name}: entries left out, for they are no videos or lead nowhere: {malformed}")


def _videos(node: Any) -> Iterator[tuple[str, Any]]:
    """Name and record of each video of a split, below its compressions where it has them."""
    for name, value in node.items() if isinstance(node, dict) else ():
        if name in COMPRESSIONS and isinstance(value, dict) and "frames" not in value:
            yield from value.items()
        else:
            yield name, value


def _record(record: Any, top: str, label: str, video: str) -> tuple[str, str | None, set[str]]:
    """Label and key of a video's record, and the names of its frames without suffix; no key for one that is none."""
    if not isinstance(record, dict) or not isinstance(frames := record.get("frames"), list):
        return label, None, set()
    label = str(record.get("label", label))
    if not frames:
        return label, f"{top}/{label}/{video}", set()  # where it should be is not known, but it counts
    keys = {_key(str(frame), top) for frame in frames}
    folders = {key and key.rpartition("/")[0] for key in keys}
    if None in keys or len(folders) > 1:
        return label, None, set()
    if len(frames) == 1:
        return label, keys.pop(), set()
    return label, folders.pop(), {PurePosixPath(key).stem for key in keys if key}


def _key(frame: str, top: str) -> str | None:
    """A frame's path from its set on, with ``/``; ``None`` if it leads out of it.

    Example:
        >>> _key("./datasets\\\\\\\\UADFV\\\\\\\\fake\\\\\\\\frames\\\\\\\\0001_fake\\\\\\\\000.png", "UADFV")
        'UADFV/fake/frames/0001_fake/000.png'
    """
    parts = [part for part in re.split(r"[\\/]+", frame) if part not in ("", ".")]
    starts = [place for place, part in enumerate(parts) if part in (*SETS, top)]
    parts = parts[starts[0] :] if starts else parts
    leads_out = ".." in parts or any(part.endswith(":") for part in parts)
    return None if leads_out or len(parts) < 2 else "/".join(parts)


def _add(listed: dict[str, _Listed], key: str, label: str, split: str, path: Path) -> None:
    if label not in LABELS:
        raise _invalid(path, f"has the label {label!r}, which is not in DeepfakeBench's label_dict")
    said = listed.setdefault(key, _Listed(label))
    if LABELS[said.label] != LABELS[label]:
        raise _invalid(path, f"calls {key} {label}, and another place calls it {said.label}")
    said.splits.add(split)


def _located(root: Path, key: str) -> Path | None:
    return next((path for place in PLACES if (path := root / place / key).exists()), None)


def _footage(key: str, name: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Set, pair and identities of a clip by the name the set gives it; DF40 has the footage of the sets it forged."""
    parts = key.split("/")
    if parts[0] == "FaceForensics++" and {"actors", "DeepFakeDetection"} & set(parts):
        return "dfd", dfd_pair(name), tuple(name.split("__")[0].split("_"))
    if parts[0] == "FaceForensics++" or (parts[0] in df40.TOPS and "cdf" not in parts):
        return "ff", *ffpp_footage(name)[1:]
    if parts[0] in ("Celeb-DF-v2", *df40.TOPS):
        return "cdf", *celeb_footage(name)
    if parts[0] == "Celeb-DF-v1":
        return "cdf1", *celeb_footage(name)
    if parts[0] == "DFDCP" and (shown := _DFDCP.fullmatch(name)):
        return "dfdcp", shown[1], ()
    return "uadfv", name.split("_")[0] if parts[0] == "UADFV" else None, ()


def _clip(path: Path, key: str, said: _Listed, lacking: int) -> Clip:
    parts = PurePosixPath(key).parts
    name = parts[-2] if is_picture(parts[-1]) else parts[-1]
    footage, pair, identities = _footage(key, name)
    return Clip(
        path=path,
        key=key,
        dataset="deepfakebench",
        method=said.label,
        label=LABELS[said.label],
        split=one_split(said.splits),
        pair=pair and f"{footage}/{pair}",
        name=store_name(key),
        compression=next((COMPRESSIONS[part] for part in parts if part in COMPRESSIONS), None),
        identities=tuple(f"{footage}/{person}" for person in identities),
        frames_listed=len(said.frames) or None,
        frames_absent=lacking,
    )


def _unlisted(clips: list[Clip]) -> list[str]:
    """A sentence for each folder that holds crops of videos no list names."""
    known: dict[Path, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.path.is_dir():
            known[clip.path.parent].add(clip.path.name)
    beside = {path: {key for _, key in crop_folders(path) if "/" not in key} - names for path, names in known.items()}
    return [
        f"{path}: {len(names)} folders of crops are in no list and left out, e.g. {min(names)}"
        for path, names in sorted(beside.items())
        if names
    ]


def _invalid(path: Path, what: str) -> FacefakeError:
    return FacefakeError("labels_invalid", f"{path} {what}.", "Use the lists as released.")


READER = Reader(
    name="deepfakebench",
    title="DeepfakeBench's processed data (face crops)",
    find=find,
    licence="CC BY-NC 4.0, and those of the sets",
    link="https://github.com/SCLBD/DeepfakeBench",
    reals=tuple(label for label, value in LABELS.items() if value == REAL),
    related=("ffpp", "dfd", "celebdf", "celebdf1", "dfdc", "dfdcp", "uadfv", "deeperforensics", "df40"),
    crops="deepfakebench",
)
