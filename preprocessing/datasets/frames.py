"""Trees of face crops as the published LN-tuning code keeps them (yermandy/deepfake-detection and yermandy/GenD).

``datasets/<set>/<source>/<video>/<frame>.png`` and, where the code's own lists are there,
``config/datasets/<set>/[<split>/]<source>.txt`` with one such path a line. Their code takes every source with "real" in
its name for real; here the known sources stand in a table, and those that do not are left out and named.

The root may be the code's checkout, its ``datasets``, or one set. What the lists name is of that split, and a list
without one is for testing, as that code uses it. Without lists FaceForensics++ has its official split, others none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path, PurePosixPath

from preprocessing.clip import FAKE, REAL, Clip
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
from preprocessing.datasets.lists import list_invalid, read_names

SOURCES = {
    **dict.fromkeys(("real", "Celeb-real", "YouTube-real", "RV-RA-real"), REAL),
    **dict.fromkeys((f"real-{language}" for language in ("ar", "en", "es", "fr", "ja", "ru", "zh")), REAL),
    **dict.fromkeys(("fake", "DF", "F2F", "FS", "NT", "FSh", "Celeb-synthesis", "Celeb-DF-v2"), FAKE),
    **dict.fromkeys(("BlendFace", "GHOST", "HifiFace", "InSwapper", "MobileFaceSwap", "SimSwap", "UniFace"), FAKE),
    **dict.fromkeys(("DaGAN", "FSRT", "HyperReenact", "LIA", "LivePortrait", "MCNET", "TPSMM"), FAKE),
    **dict.fromkeys(("AniTalker", "EchoMimic", "EDTalk", "FLOAT", "IP_LAP", "Real3DPortrait", "SadTalker"), FAKE),
    **dict.fromkeys(("dfaker", "dfl", "iae", "lightweight"), FAKE),
    **dict.fromkeys(("facefusion", "facefusion_gan", "facefusion_live", "retalking", "wav2lip"), FAKE),
    **dict.fromkeys(("diff2lip", "hellomeme", "latentsync", "liveportrait", "memo"), FAKE),
    **dict.fromkeys(("fake-audio-driven", "fake-dffs", "fake-dfl", "fake-fo", "fake-fsgan"), FAKE),
    **dict.fromkeys(("FV-FA-faceswap-wav2lip", "FV-FA-fsgan-wav2lip", "FV-FA-wav2lip"), FAKE),
    **dict.fromkeys(("FV-RA-faceswap", "FV-RA-fsgan", "FV-RA-wav2lip"), FAKE),
}
"""Every source whose name the code's lists tell, with its label; ``Real3DPortrait`` is a forgery."""

LISTS = PurePosixPath("config", "datasets")


def find(root: Path) -> Found:
    """Every video of a known source below ``root``; absent is what the lists name.

    Raises:
        FacefakeError: ``dataset_not_found`` where no folder lies as these trees do; ``labels_invalid`` for a list that
            cannot be read or names something else.
    """
    require_folder(root)
    base = root / "datasets" if (root / "datasets").is_dir() else root
    base = base.parent if any((base / source).is_dir() for source in SOURCES) else base
    there, strange = _videos(base, only=root.name if base == root.parent else None)
    listed, frames = _listed(root)
    clips = [_with_frames(_clip(path, key, listed), frames.get(key)) for key, path in there.items()]
    absent = [_clip(base / key, key, listed) for key in listed.keys() - there.keys()]
    notes = overlaps(listed) + notes_on_frames(clips)
    notes += [f"{name} is no source the published code knows; folders left out: {count}" for name, count in strange]
    aside = Counter(clip.key.split("/")[0] for clip in clips if clip.split is None)
    notes += [
        f"{name}: no list names {count} of its videos, which have no split" for name, count in sorted(aside.items())
    ]
    return Found(clips, absent, notes)


def _videos(base: Path, only: str | None) -> tuple[dict[str, Path], list[tuple[str, int]]]:
    """Folders of crops by key, and how many lie under each source that is not known."""
    there: dict[str, Path] = {}
    strange: dict[str, int] = defaultdict(int)
    for path, key in crop_folders(base, *([only] if only else [])):
        parts = PurePosixPath(key).parts
        if len(parts) == 3 and parts[1] in SOURCES:
            there[key] = path
        else:
            strange["/".join(parts[:2])] += 1
    return there, sorted(strange.items())


def _listed(root: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The splits in which the lists below ``root`` name each key, and the names of its frames without suffix."""
    folder = root.joinpath(*LISTS.parts)
    named: dict[str, set[str]] = defaultdict(set)
    frames: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("*.txt")) if folder.is_dir() else ():
        inner = path.relative_to(folder).parts[1:-1]
        split = inner[0] if inner else "test"
        if split not in SPLITS:  # subsets and selections of the authors' own
            continue
        for line in read_names(path):
            frame = PurePosixPath(line.replace("\\", "/"))
            parts = frame.parts[-4:-1]
            if len(parts) < 3 or parts[1] not in SOURCES:
                raise list_invalid(path, f"names {line!r}, not <set>/<source>/<video>/<frame> of a known source")
            named["/".join(parts)].add(split)
            frames["/".join(parts)].add(frame.stem)
    return named, frames


def _with_frames(clip: Clip, listed: set[str] | None) -> Clip:
    if listed is None:
        return clip
    return replace(clip, frames_listed=len(listed), frames_absent=len(listed - frame_names(clip.path)))


def _clip(path: Path, key: str, listed: dict[str, set[str]]) -> Clip:
    name, source, video = key.split("/")
    split, pair, identities = ffpp_footage(video) if name == "FF" else (None, *celeb_footage(video))
    return Clip(
        path=path,
        key=key,
        dataset="frames",
        method=f"{name}-{source}",
        label=SOURCES[source],
        split=one_split(listed[key]) if key in listed else split,
        pair=pair and f"{name}/{pair}",
        name=store_name(key),
        identities=tuple(f"{name}/{person}" for person in identities),
    )


READER = Reader(
    name="frames",
    title="face crops in the trees of the published LN-tuning code",
    find=find,
    licence="those of the sets they were cut from",
    link="https://github.com/yermandy/GenD",
    related=("ffpp", "celebdf", "celebdfpp", "deepfakebench"),
    crops="frames",
)
