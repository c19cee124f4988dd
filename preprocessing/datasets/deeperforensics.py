"""DeeperForensics-1.0 (Jiang et al., CVPR 2020) as released.

``manipulated_videos/<variant>/<target>_<actor>.mp4`` are the fakes: the face of ``<actor>`` on the FaceForensics++
video ``<target>``, in eleven variants that differ in processing and distortion and make one pair.
``source_videos/<actor>/.../*.mp4`` are real recordings of the actors; those in ``BlendShape_extra``, which the authors
count apart, are the method ``source_videos_extra``. ``lists/splits/{train,val,test}.txt`` name the fakes of each split;
each actor is in one split, and so are their recordings.

The authors warn that the recordings are not the targets' counterpart: the real side they mean are the FaceForensics++
originals at c23 (``--dataset ffpp``, method ``youtube``), which the release does not contain. Recordings and fakes
differ in more than the forgery, studio against YouTube, so figures on the two are not the authors'; a note says so.
"""

from __future__ import annotations

from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import (
    SPLITS,
    Found,
    Official,
    Reader,
    released_name,
    require_folder,
    store_name,
    videos_in,
)
from preprocessing.datasets.lists import files_named, read_names, videos_below

RAW = "end_to_end"
VARIANTS = (
    *(RAW, "reenact_postprocess", f"{RAW}_random_level"),
    *(f"{RAW}_level_{level}" for level in range(1, 6)),
    *(f"{RAW}_mix_{number}_distortions" for number in range(2, 5)),
)
ON_REALS = (
    "the real clips are the actors' own recordings, not the FaceForensics++ originals at c23 that the authors hold "
    "against the fakes: figures also tell studio from YouTube footage and are not comparable with published ones"
)
FAKES, REALS = {"train": 703, "val": 96, "test": 201}, {"train": 33719, "val": 4599, "test": 10157}


def _fake(path: Path, key: str, split: str | None) -> Clip:
    _, variant, name = key.split("/")
    stem = Path(name).stem
    target, _, actor = stem.partition("_")
    return Clip(path, key, "deeperforensics", variant, FAKE, split, target, stem, identities=(target, actor))


def _real(path: Path, key: str, actors: dict[str, str]) -> Clip:
    _, actor, *inside = key.split("/")
    method = "source_videos_extra" if "BlendShape_extra" in inside else "source_videos"
    return Clip(
        path, key, "deeperforensics", method, REAL, actors.get(actor), actor, store_name(key), identities=(actor,)
    )


def find(root: Path) -> Found:
    """Every clip below ``root``; absent are the listed fakes of each variant that are not there.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = require_folder(root, "manipulated_videos", "source_videos")
    lists = {split: root / "lists" / "splits" / f"{split}.txt" for split in SPLITS}
    named = {path: read_names(path) if path.is_file() else None for path in lists.values()}
    notes = [f"{path} is missing: what it names has no split" for path, names in named.items() if names is None]
    notes += [f"{path} is empty: what it should name has no split" for path, names in named.items() if names == []]
    splits = {name: split for split, path in lists.items() for name in named[path] or ()}
    actors = {Path(name).stem.partition("_")[2]: split for name, split in splits.items()}
    sources = videos_below(root, "source_videos")
    clips = [_real(path, released_name(key), actors) for path, key in sources]
    notes += [ON_REALS] if clips else []
    absent = []
    for variant in VARIANTS:
        folder = f"manipulated_videos/{variant}"
        files = videos_in(root, *folder.split("/"))
        listed = {f"{folder}/{name}": split for name, split in splits.items()}
        there = files_named(listed, files)
        taken = set(there.values())
        rest = {key: path for path, key in files if path not in taken}
        clips += [_fake(path, key, listed.get(key)) for key, path in {**there, **rest}.items()]
        absent += [_fake(root / key, key, split) for key, split in listed.items() if key not in there]
    return Found(clips, absent, notes)


READER = Reader(
    name="deeperforensics",
    title="DeeperForensics-1.0",
    find=find,
    licence="non-commercial research, by request",
    link="https://github.com/EndlessSora/DeeperForensics-1.0",
    methods=("source_videos", RAW),
    official=(
        *(Official("source_videos", split, count) for split, count in REALS.items()),
        *(Official(variant, split, count) for variant in VARIANTS for split, count in FAKES.items()),
    ),
    reals=("source_videos", "source_videos_extra"),
    version=2,  # fakes on the lists by a name of other case or suffix have their split
    related=("ffpp",),
)
