"""Scores of other people's code: a table of keys and scores, matched to a data set's protocol.

The table is CSV or Parquet with the columns ``key`` (the clip's path relative to the data root) and ``score``; with a
third, ``frame``, each row is a frame of the clip, and the clip's score is their mean, as the published protocol of the
LN-tuned detectors has it (GenD, WACV 2026). Other columns are passed over. An empty or NaN score is no score.

The protocol says which clips there are and what they show; nothing of that is taken from the table. A clip of the
protocol without a score stands as ``missing``: a table that leaves out the hard ones does not look the better for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from facefake.evaluation.scores import UNKNOWN_PEOPLE, Flags, Floats, Ints, Scores, Texts
from preprocessing.datasets.media import MEDIA_SUFFIXES
from preprocessing.errors import FacefakeError
from preprocessing.releases.protocol import Protocol

if TYPE_CHECKING:
    import pyarrow

POLARITIES = ("fake-high", "real-high")

_NAMED = 5  # how many keys an error or a note names
_LARGEST = 1e100  # far beyond any score; sums and squares of what is larger overflow
_NULLS = ["", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "N/A"]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Foreign scores as they were written, n rows.

    Attributes:
        keys: The distinct keys.
        key: Which of them each row has, (n,).
        scores: NaN where there is none, (n,).
        frame: Number of each row's frame (any numbers that tell frames apart), (n,); ``None`` if rows are clips.
    """

    keys: list[str]
    key: Ints
    scores: Floats
    frame: Ints | None


def read_foreign(path: Path, protocol: Protocol, polarity: str, *, files: Mapping[str, str] | None = None) -> Scores:
    """Foreign scores for every labelled clip of ``protocol``.

    Scores that all lie in 0..1 are taken for probabilities; others only rank clips, and a note says so.

    Args:
        path: A ``.csv`` or ``.parquet`` file, see the module.
        protocol: Which clips there are.
        polarity: ``fake-high`` if a higher score means fake, ``real-high`` if it means real. Never guessed.
        files: Where each clip's file is, by key, if files are at hand.

    Raises:
        FacefakeError: ``not_found``; ``scores_invalid`` for a table that cannot be read, lacks a column, has a score
            that is no number or not finite, or gives a clip (or frame) twice; ``protocol_mismatch`` if no key fits.
    """
    table = read_table(path)
    found = match(table.keys, [entry.key for entry in protocol.entries])
    notes = _notes(path, protocol, table, found)
    clip = np.array([found.get(key, -1) for key in table.keys], dtype=np.int64)[table.key]
    _refuse_twice(path, protocol, clip, table.frame)
    scores, probable = _oriented(table.scores, polarity)
    given = (clip >= 0) & np.isfinite(scores)
    return _columns(protocol, clip[given], scores[given], table.frame is not None, probable, files or {}, notes)


def read_table(path: Path) -> Table:
    """The columns of a file of foreign scores.

    Raises:
        FacefakeError: ``not_found``, ``scores_invalid``.
    """
    import csv

    import pyarrow as pa

    try:
        columns = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path)
    except FileNotFoundError as error:
        raise FacefakeError("not_found", f"{path} does not exist.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise _invalid(path, "is no UTF-8 text") from error
    except (OSError, csv.Error, pa.ArrowException) as error:
        raise _invalid(path, f"cannot be read ({error})") from error
    scores = columns["score"].to_numpy()
    if not len(scores):
        raise _invalid(path, "has no row below its header")
    if endless := int((np.abs(scores) > _LARGEST).sum()):
        raise _invalid(path, f"has {endless} scores that are infinite or as good as")
    keys, key = _numbered(columns["key"])
    return Table(keys, key, scores, _numbered(columns["frame"])[1] if "frame" in columns else None)


def match(written: Iterable[str], keys: Sequence[str]) -> dict[str, int]:
    """Which of the protocol's ``keys`` each written one means; those that mean none are not in the answer.

    A key means the same key; or, where there is none, the only key that is the same but for the suffix of the file.
    Backslashes are slashes and ``./`` is nothing. The file's name alone is never enough: ``000_003.mp4`` is a clip of
    four methods in FaceForensics++.

    Example:
        >>> match(["Celeb-real\\\\id0_0000.mp4", "YouTube-real/00170", "00170.mp4"],
        ...       ["Celeb-real/id0_0000.mp4", "YouTube-real/00170.mp4"])
        {'Celeb-real\\\\id0_0000.mp4': 0, 'YouTube-real/00170': 1}
    """
    exact = {key: place for place, key in enumerate(keys)}
    without_suffix: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        without_suffix[_stem(key)].append(place)
    found = {}
    for key in written:
        plain = PurePosixPath(key.replace("\\", "/")).as_posix()
        places = [exact[plain]] if plain in exact else without_suffix.get(_stem(plain), [])
        if len(places) == 1:
            found[key] = places[0]
    return found


def _stem(key: str) -> str:
    suffix = PurePosixPath(key).suffix
    return key.removesuffix(suffix) if suffix.lower() in MEDIA_SUFFIXES else key


def _csv(path: Path) -> dict[str, Any]:
    import csv

    from pyarrow import csv as pa_csv
    from pyarrow import float64, string

    with path.open(newline="", encoding="utf-8-sig") as file:
        names = _wanted(path, next(csv.reader(file), []))
    # keys are text even where they look like numbers: 000 is not 0
    kinds = {name: float64() if name == "score" else string() for name in names}
    options = pa_csv.ConvertOptions(column_types=kinds, include_columns=names, null_values=_NULLS)
    table = pa_csv.read_csv(path, convert_options=options)
    return {name: table[name] for name in names}


def _parquet(path: Path) -> dict[str, Any]:
    from pyarrow import float64, parquet, string

    names = _wanted(path, parquet.read_schema(path).names)
    table = parquet.read_table(path, columns=names)
    return {name: table[name].cast(float64() if name == "score" else string()) for name in names}


def _wanted(path: Path, there: Sequence[str]) -> list[str]:
    if not there:
        raise _invalid(path, "is empty")
    if absent := [name for name in ("key", "score") if name not in there]:
        raise _invalid(path, f"has no column {' and no column '.join(absent)}, only {', '.join(there)}")
    wanted = [name for name in ("key", "score", "frame") if name in there]
    if twice := [name for name in wanted if there.count(name) > 1]:
        raise _invalid(path, f"has more than one column {' and '.join(twice)}")
    return wanted


def _numbered(column: pyarrow.ChunkedArray) -> tuple[list[str], Ints]:
    encoded = column.combine_chunks().fill_null("").dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _notes(path: Path, protocol: Protocol, table: Table, found: Mapping[str, int]) -> list[str]:
    """What is to be said of the table, above all of keys that the protocol does not know."""
    unknown = [key for key in table.keys if key not in found]
    if not found:
        raise FacefakeError(
            "protocol_mismatch",
            f"None of the {len(unknown)} keys in {path} is a clip of {protocol.dataset}: there {_named(unknown)}, here "
            f"{_named([entry.key for entry in protocol.entries])}.",
            "A key is the clip's path relative to the data root, as released.",
        )
    notes = []
    if unknown:
        notes.append(
            f"{len(unknown)} of {len(table.keys)} keys in {path.name} are no clip of {protocol.dataset} and are left "
            f"out: {_named(unknown)}."
        )
    if table.frame is not None:
        notes.append(f"{path.name} has a score for each frame; a clip's score is their mean.")
    return notes


def _refuse_twice(path: Path, protocol: Protocol, clip: Ints, frame: Ints | None) -> None:
    """One score for each clip, or for each frame of it: of two, which would be the right one?"""
    rows = clip if frame is None else clip * (frame.max(initial=0) + 1) + frame
    places, counts = np.unique(rows[clip >= 0], return_counts=True)
    twice = places[counts > 1] if frame is None else places[counts > 1] // (frame.max(initial=0) + 1)
    if len(twice):
        named = _named(list(dict.fromkeys(protocol.entries[place].key for place in twice)))
        raise _invalid(path, f"has more than one score for the same {'clip' if frame is None else 'frame'} of {named}")


def _oriented(scores: Floats, polarity: str) -> tuple[Floats, bool]:
    """Scores of which a higher one means fake, and whether they are probabilities."""
    given = scores[np.isfinite(scores)]
    probable = bool(len(given) and given.min() >= 0 and given.max() <= 1)
    if polarity == "fake-high":
        return scores, probable
    return (1 - scores if probable else -scores), probable


def _columns(
    protocol: Protocol,
    clip: Ints,
    scores: Floats,
    by_frame: bool,
    probable: bool,
    files: Mapping[str, str],
    notes: Sequence[str],
) -> Scores:
    """The protocol's clips with the mean of their ``scores``; ``clip`` says whose each is."""
    entries = protocol.entries
    n = len(entries)
    counts = np.bincount(clip, minlength=n)
    with np.errstate(invalid="ignore"):
        pooled = np.bincount(clip, weights=scores, minlength=n) / counts  # 0 / 0 is NaN: no score
    scored: Flags = counts > 0
    lengths = counts if by_frame else np.zeros(n, dtype=np.int64)
    columns = Scores(
        dataset=_texts([protocol.dataset] * n),
        clip=_texts([entry.key for entry in entries]),
        path=_texts([files.get(entry.key) for entry in entries]),
        method=_texts([entry.method for entry in entries]),
        split=_texts([entry.split for entry in entries]),
        compression=_texts([entry.compression for entry in entries]),
        pair=_texts([entry.pair for entry in entries]),
        label=np.array([-1 if entry.label is None else entry.label for entry in entries]),
        status=np.where(scored, "scored", "missing").astype(object),
        reason=_texts([None if each else "no_score" for each in scored]),
        via=_texts([None] * n),
        score=pooled,
        probability=pooled if probable else np.full(n, np.nan),
        people=np.full(n, UNKNOWN_PEOPLE),
        shown_frame=np.full(n, -1),
        shown_time=np.full(n, np.nan),
        shown_box=np.full((n, 4), np.nan),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        frames=scores[np.argsort(clip, kind="stable")] if by_frame else np.empty(0),
        notes=tuple(notes),
    )
    return columns.take(columns.label >= 0)


def _texts(values: Sequence[str | None]) -> Texts:
    return np.array(values, dtype=object)


def _named(keys: Sequence[str]) -> str:
    return ", ".join(keys[:_NAMED]) + ", ..." * (len(keys) > _NAMED)


def _invalid(path: Path, what: str) -> FacefakeError:
    return FacefakeError(
        "scores_invalid",
        f"{path} {what}.",
        "It is a Parquet file, or CSV with commas between, with the columns key and score, one row a clip, or also "
        "frame, one row a frame.",
    )
