"""DeepSpeak v1 and v1.1 (Barrington, Bohacek and Farid, arXiv 2408.05366); ``deepspeak2`` reads v2, which differs.

The releases are gated. What is said here of names and lists is second-hand, from the inventory code of a public
toolkit; so are the counts of v1.1, 6,667 real recordings and 6,796 fakes. Of v1, which has fewer, there are none.

* real ``<identity>-<recording>.mp4``, e.g. ``87-0.mp4``
* fake ``<engine>--<source>-<target>--<source recording>-<target recording>--<n>.mp4``, e.g.
  ``facefusion--10-11--4100-4897--0.mp4``: the face or voice of ``source`` on the recording
  ``<target>-<target recording>``
* ``annotations-split-def.csv`` (``identity``, ``split``): the official split by person, ``train`` or ``test``. A video
  is in the split of the person it shows, who is also its source group; the source may be in the other one
* ``annotations-real.csv`` and ``annotations-fake.csv`` (``video-file``, ...): what there is

People unpack the archives of the hub in many ways, so videos and lists are found by name at any depth. Keys are the
file names. A method is ``<family>-<engine>``: fakes of the family ``lip-sync`` differ from a real in the mouth alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import SPLITS, VIDEO_SUFFIXES, Found, Official, Reader, require_folder
from preprocessing.datasets.crop_sets import one_split
from preprocessing.datasets.lists import files_below, list_invalid, read_rows
from preprocessing.errors import FacefakeError

ENGINES = {
    **dict.fromkeys(("facefusion", "facefusion_gan", "facefusion_live"), "face-swap"),
    **dict.fromkeys(("retalking", "wav2lip"), "lip-sync"),
}
ENGINES_2 = {
    **dict.fromkeys(("hellomeme", "liveportrait", "memo"), "avatar"),
    "facefusion": "face-swap",
    **dict.fromkeys(("diff2lip", "latentsync"), "lip-sync"),
}
SPLIT_LIST, REAL_LIST, FAKE_LIST = (f"annotations-{name}.csv" for name in ("split-def", "real", "fake"))

_REAL = re.compile(r"(\d+)-\d+")
_FAKE = re.compile(rf"({'|'.join(ENGINES)})--(\d+)-(\d+)--\d+-\d+--\d+")
_FAKE_2 = re.compile(rf"({'|'.join(ENGINES_2)})-\d+-\d+(-.+)?")
_FAKES = {"deepspeak": _FAKE, "deepspeak2": _FAKE_2}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a video: its method, the person it shows and the one whose face or voice drives it."""

    method: str
    target: str | None
    source: str | None = None


Tell = Callable[[str, Mapping[str, dict[str, str]]], Shown | None]
"""What is known of a fake by its name without suffix and the rows of ``annotations-fake.csv``; ``None`` of a real."""


def methods_of(engines: Mapping[str, str]) -> tuple[str, ...]:
    """The methods of a release's engines, by family.

    Example:
        >>> methods_of({"memo": "avatar", "wav2lip": "lip-sync"})
        ('avatar-memo', 'lip-sync-wav2lip')
    """
    return tuple(f"{family}-{engine}" for engine, family in engines.items())


def fake_by_name(stem: str, rows: Mapping[str, dict[str, str]]) -> Shown | None:
    """A fake of v1, whose name says it all.

    Example:
        >>> fake_by_name("wav2lip--10-11--4100-4897--0", {})
        Shown(method='lip-sync-wav2lip', target='11', source='10')
    """
    named = _FAKE.fullmatch(stem)
    return Shown(f"{ENGINES[named[1]]}-{named[1]}", named[3], named[2]) if named else None


def fake_by_list(stem: str, rows: Mapping[str, dict[str, str]]) -> Shown | None:
    """A fake of v2, whose name tells the engine and the recordings, and whose row the people.

    Example:
        >>> row = {"engine": "memo", "identity-target": "87", "identity-source": "12"}
        >>> fake_by_list("memo-3-0-playht", {"memo-3-0-playht": row})
        Shown(method='avatar-memo', target='87', source='12')
    """
    named, row = _FAKE_2.fullmatch(stem), rows.get(stem, {})
    if not named and not row:
        return None
    engine = row.get("engine") or (named[1] if named else "fake")
    family = ENGINES_2.get(engine.lower(), row.get("kind", ""))
    method = f"{family}-{engine.lower()}" if family else engine.lower()
    return Shown(method, row.get("identity-target") or None, row.get("identity-source") or None)


def find_as(dataset: str, tell: Tell, root: Path) -> Found:
    """Every video below ``root`` whose name is one of the release's, and those its lists name that are not there.

    Args:
        dataset: Name of the reader.
        tell: What is known of a fake.
        root: The data root.

    Raises:
        FacefakeError: ``dataset_not_found`` where there is nothing of the release, or fakes of the other one, for the
            reals of both have like names; ``labels_invalid`` for a list that cannot be, or copies of one that differ.
    """
    require_folder(root)
    # a toolkit has its users put the lists into a hidden folder
    files = [*files_below(root), *root.glob(".official_files/*.csv"), *root.glob("*/.official_files/*.csv")]
    lists = {name: _list(files, name) for name in (SPLIT_LIST, REAL_LIST, FAKE_LIST)}
    rows = {_stem(row["video-file"]): row for row in _rows(lists[FAKE_LIST])}
    places: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in VIDEO_SUFFIXES:
            places[_stem(path.name)].append(path)
    videos = {stem: paths[0] for stem, paths in places.items()}
    _require_version(dataset, root, videos)
    listed = dict.fromkeys([*map(_stem, (row["video-file"] for row in _rows(lists[REAL_LIST]))), *rows])
    known = {stem: shown for stem in (*videos, *listed) if (shown := tell(stem, rows) or _real(stem))}
    if not known:
        raise FacefakeError(
            "dataset_not_found",
            f"{root} has no video or list with the names of DeepSpeak.",
            "Give the folder that the archives of the release were unpacked into.",
        )
    splits, notes = _splits(lists[SPLIT_LIST])
    if twice := sum(len(places[stem]) > 1 for stem in known if stem in places):
        notes.append(f"{twice} videos lie here more than once by their names; the first of each is taken")
    clips = {stem: _clip(dataset, videos.get(stem), root, stem, shown, splits) for stem, shown in known.items()}
    there = [clip for stem, clip in clips.items() if stem in videos]
    return Found(there, [clip for stem, clip in clips.items() if stem not in videos], [*notes, *_notes(there)])


def _stem(name: str) -> str:
    """A file name, without folder and suffix, in the case of the release."""
    path = PurePosixPath(name.replace("\\", "/"))
    return (path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name).lower()


def _real(stem: str) -> Shown | None:
    named = _REAL.fullmatch(stem)
    return Shown("real", named[1]) if named else None


def _list(files: Sequence[Path], name: str) -> Path | None:
    """The list of that name, ``None`` where there is none."""
    found = [path for path in files if path.name.lower() == name]
    for path in found[1:]:
        if read_rows(path) != read_rows(found[0]):
            raise list_invalid(path, f"differs from {found[0]}", "Give the folder of one release of DeepSpeak.")
    return found[0] if found else None


def _rows(path: Path | None) -> list[dict[str, str]]:
    return [row for row in read_rows(path, "video-file") if row["video-file"]] if path else []


def _require_version(dataset: str, root: Path, videos: Iterable[str]) -> None:
    for other, form in _FAKES.items():
        if other != dataset and (named := next(filter(form.fullmatch, videos), None)):
            raise FacefakeError(
                "dataset_not_found",
                f"{root} holds {named}, a fake of {other}; by their names its reals cannot be told from others.",
                f"Give the folder of one release, this one by --dataset {other}.",
            )


def _splits(listing: Path | None) -> tuple[dict[str, str], list[str]]:
    """The split of each person, and what to know of it."""
    if listing is None:
        return {}, [f"there is no {SPLIT_LIST}: nothing has a split"]
    named: dict[str, set[str]] = {}
    for row in read_rows(listing, "identity", "split"):
        split = row["split"].lower()
        if split not in SPLITS:
            raise list_invalid(listing, f"gives {row['identity']} the split {row['split']!r}, not train or test")
        named.setdefault(row["identity"], set()).add(split)
    twice = sum(len(each) > 1 for each in named.values())
    notes = [f"{listing.name} gives {twice} people several splits; of them the strictest is taken"] if twice else []
    return {person: one_split(each) for person, each in named.items()}, notes


def _notes(clips: Sequence[Clip]) -> Iterator[str]:
    unknown = sum(clip.pair is None for clip in clips)
    if unknown:
        yield f"{unknown} fakes are in no {FAKE_LIST}: whom they show is not known, and they have no split"
    unsplit = len({clip.pair for clip in clips if clip.pair and clip.split is None})
    if unsplit and any(clip.split for clip in clips):
        yield f"{SPLIT_LIST} does not name {unsplit} people: their videos have no split"


def _clip(dataset: str, path: Path | None, root: Path, stem: str, shown: Shown, splits: Mapping[str, str]) -> Clip:
    key = f"{stem}.mp4"
    return Clip(
        path=path or root / key,
        key=key,
        dataset=dataset,
        method=shown.method,
        label=REAL if shown.method == "real" else FAKE,
        split=splits.get(shown.target or ""),
        pair=shown.target,
        name=stem,
        identities=tuple(person for person in (shown.target, shown.source) if person),
    )


READER = Reader(
    name="deepspeak",
    title="DeepSpeak v1.1, and v1",
    find=partial(find_as, "deepspeak", fake_by_name),
    licence="free to academic institutions, by request",
    link="https://huggingface.co/datasets/faridlab/deepspeak_v1_1",
    methods=("real", *methods_of(ENGINES)),
    official=(Official("real", None, 6667),),  # second-hand; of the 6,796 fakes no counts by engine are known
    reals=("real",),
    related=("frames",),
)
