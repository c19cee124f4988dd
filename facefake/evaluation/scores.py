"""Labelled results as columns: all a report needs of each clip, in little memory.

They are filled while clips are scored (:class:`Collector`), read back from a results file
(:mod:`facefake.evaluation.scores_file`), or come from other people's code (:mod:`facefake.evaluation.foreign`).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facefake.scoring.result import ClipResult
from preprocessing.errors import FacefakeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

STATUSES = ("scored", "inconclusive", "error", "missing")
UNKNOWN_PEOPLE = -1  # scores of foreign code do not say, nor does a whole picture

NOWHERE = (-1, np.nan, (np.nan,) * 4)  # frame, time and box of a clip that nobody can be shown in


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Labelled clips, one entry a clip in each column; n clips, f frames of them all.

    Attributes:
        dataset: Reader's name, (n,) text.
        clip: Path relative to the data root, (n,) text.
        path: The file as it was scored, ``None`` where unknown, (n,) text.
        method: Forgery method or source of the real footage, (n,) text.
        split: ``train``, ``val``, ``test`` or ``None``, (n,) text.
        compression: Such as ``c23``, or ``None``, (n,) text.
        pair: Source group, local to the data set; ``None`` where the clip is its own, (n,) text.
        label: Real 0, fake 1, (n,).
        status: One of :data:`STATUSES`; ``missing`` is a clip that the release lists and that has no file, (n,) text.
        reason: Code of the reason or error of a clip without a score, else ``None``, (n,) text.
        via: The path that spoke, ``face`` or ``image``; ``None`` where foreign scores do not say, (n,) text.
        score: Higher means fake; NaN unless scored. Of results of both paths the probability, (n,).
        probability: P(fake), 0..1; NaN unless scored, or if the scores are no probabilities, (n,).
        people: How many people count towards the verdict; :data:`UNKNOWN_PEOPLE` if nobody says, (n,).
        shown_frame: Frame index at which to see why: that of the highest-scoring face of the person the clip's score is
            from; -1 if unknown, (n,).
        shown_time: Its time in seconds; NaN if unknown, (n,).
        shown_box: The face there, x1, y1, x2, y2 in pixels; NaN if unknown or the whole frame is to be shown, (n, 4).
        offsets: The frame scores of clip i are ``frames[offsets[i]:offsets[i + 1]]``, (n + 1,).
        frames: Scores of single faces, those of the person the clip's score is from; none unless scored, nor of results
            of both paths, (f,).
        notes: What a reader must know of how the columns came about.

    Example:
        >>> scores = Scores.of([])
        >>> len(scores), scores.groups.tolist()
        (0, [])
    """

    dataset: Texts
    clip: Texts
    path: Texts
    method: Texts
    split: Texts
    compression: Texts
    pair: Texts
    label: Ints
    status: Texts
    reason: Texts
    via: Texts
    score: Floats
    probability: Floats
    people: Ints
    shown_frame: Ints
    shown_time: Floats
    shown_box: Floats
    offsets: Ints
    frames: Floats
    notes: tuple[str, ...] = ()

    @staticmethod
    def collector() -> Collector:
        """What is filled while clips are scored: ``add`` each result, then ``done()``."""
        return Collector()

    @staticmethod
    def of(results: Iterable[ClipResult]) -> Scores:
        """The labelled among ``results``, each clip once.

        Raises:
            FacefakeError: ``scores_invalid`` for a scored clip whose score is not a finite number.
        """
        collector = Collector()
        for result in results:
            collector.add(result)
        return collector.done()

    @staticmethod
    def merged(parts: Sequence[Scores]) -> Scores:
        """Several as one, each clip once; ``parts`` has at least one."""
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
        lengths = np.concatenate([part.frame_counts for part in parts])
        frames = np.concatenate([part.frames for part in parts])
        notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
        return Scores(**columns, offsets=_offsets(lengths), frames=frames, notes=notes).once()

    def __len__(self) -> int:
        return len(self.label)

    @property
    def scored(self) -> Flags:
        """Which have a score, (n,) bool."""
        return np.asarray(self.status == "scored", dtype=bool)

    @property
    def frame_counts(self) -> Ints:
        """Number of frame scores of each clip, (n,)."""
        return np.diff(self.offsets)

    @property
    def groups(self) -> Ints:
        """Number of the source group of each clip, 0..g-1, (n,): clips with one ``pair`` in one data set."""
        rows = zip(self.dataset, self.pair, self.clip, strict=True)
        return numbered((dataset, pair) if pair is not None else (dataset, None, clip) for dataset, pair, clip in rows)

    def take(self, rows: NDArray[Any]) -> Scores:
        """Those at ``rows``, indices or a mask."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        lengths = self.frame_counts[rows]
        offsets = _offsets(lengths)
        # each clip's run of frames moves from its old place to its new one
        moved = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return Scores(**columns, offsets=offsets, frames=self.frames[moved], notes=self.notes)

    def select(
        self,
        *,
        datasets: Collection[str] = (),
        splits: Collection[str] = (),
        methods: Collection[str] = (),
        compressions: Collection[str] = (),
    ) -> Scores:
        """Those of the given data sets, splits, methods and compressions; an empty filter lets everything through.

        Raises:
            FacefakeError: ``split_empty`` if nothing is left, naming what there was.
        """
        filters = {"dataset": datasets, "split": splits, "method": methods, "compression": compressions}
        mask = np.ones(len(self), dtype=bool)
        for name, wanted in filters.items():
            if wanted:
                mask &= np.isin(getattr(self, name).astype(str), list(wanted))
        if not mask.any():
            there = (f"{name} {'/'.join(sorted(set(map(str, getattr(self, name)))))}" for name in filters)
            raise FacefakeError(
                "split_empty", f"Nothing is left of {len(self)} clips; they are of {', '.join(there)}.", "Filter less."
            )
        return self if mask.all() else self.take(mask)

    def once(self) -> Scores:
        """Each clip once: counting one twice would make intervals narrower than they are."""
        _, first = np.unique(numbered(zip(self.dataset, self.clip, self.path, strict=True)), return_index=True)
        if repeated := len(self) - len(first):
            note = f"{repeated} clips were given more than once and counted once."
            return replace(self.take(first), notes=(*self.notes, note))
        return self


_COLUMNS = tuple(each.name for each in fields(Scores) if each.name not in ("offsets", "frames", "notes"))
_KINDS = dict.fromkeys(("label", "people", "shown_frame"), np.int64) | dict.fromkeys(
    ("score", "probability", "shown_time", "shown_box"), np.float64
)


class Collector:
    """Grows the columns one clip at a time; results without a label are counted and left out."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self._lengths: list[int] = []
        self._frames = array("d")
        self._unlabelled = 0

    def add(self, result: ClipResult) -> None:
        """Take what a report needs of ``result``, with the digits that a results file keeps.

        Raises:
            FacefakeError: ``scores_invalid`` for a scored clip whose score is not a finite number.
        """
        self.add_row(result.to_dict() if result.truth else {})

    def add_row(self, row: Mapping[str, Any]) -> None:
        """As :meth:`add`, for a result as it stands in a results file.

        Raises:
            FacefakeError: ``scores_invalid``.
            KeyError, TypeError, ValueError: For what is no result.
        """
        if "label" not in row:
            self._unlabelled += 1
            return
        error = row["error"] or {}
        counting = [person for person in row["people"] if person["probability"] is not None]
        scored = row["status"] == "scored"
        seen = max(counting, key=_score)["frames"] if scored else []
        via = row.get("via", "face")
        both = "other" in row  # paths have no scale in common but that of their probabilities, which frames have not
        self.append(
            dataset=row["dataset"],
            clip=row["clip"],
            path=row["path"],
            method=row["method"],
            split=row["split"],
            compression=row.get("compression"),  # pair, compression and via came later than the first files
            pair=row.get("pair"),
            label=row["label"],
            status="missing" if error.get("code") == "absent" else row["status"],
            reason=error.get("code") or row["reason"],
            via=via,
            score=row["probability" if both else "score"] if scored else np.nan,
            probability=row["probability"] if scored else np.nan,
            people=len(counting) if via == "face" else UNKNOWN_PEOPLE,
            shown=_shown(max(seen, key=_score), via) if seen else NOWHERE,
            frames=[] if both else [_score(frame) for frame in seen],
        )

    def append(self, *, shown: tuple[int, float, Sequence[float]], frames: Iterable[float], **row: Any) -> None:
        """One clip by the names of the columns; ``shown`` is its frame, time and box.

        Raises:
            FacefakeError: ``scores_invalid`` for an unknown status or label, or a scored clip without a finite score.
        """
        status, label, score = row["status"], row["label"], row["score"]
        finite = score is not None and isfinite(score)
        if status not in STATUSES or label not in (0, 1) or finite != (status == "scored"):
            raise FacefakeError(
                "scores_invalid",
                f"{row['clip']} is {status!r} with label {label!r} and score {score!r}.",
                f"A status is one of {', '.join(STATUSES)}, a label 0 or 1, and what is scored has a finite score.",
            )
        row |= zip(("shown_frame", "shown_time", "shown_box"), shown, strict=True)
        for name, value in row.items():
            self._rows[name].append(value)
        before = len(self._frames)
        self._frames.extend(frames)
        self._lengths.append(len(self._frames) - before)

    def done(self) -> Scores:
        """The columns, each clip once."""
        columns = {name: np.array(values, dtype=_KINDS.get(name, object)) for name, values in self._rows.items()}
        columns["shown_box"] = columns["shown_box"].reshape(-1, 4)
        offsets = _offsets(np.array(self._lengths, dtype=np.int64))
        notes = (f"{self._unlabelled} results without a label are left out.",) if self._unlabelled else ()
        return Scores(**columns, offsets=offsets, frames=np.array(self._frames), notes=notes).once()


def numbered(values: Iterable[Hashable]) -> Ints:
    """Each value's number, from 0 in the order of first appearance.

    Example:
        >>> numbered(["b", "a", "b"]).tolist()
        [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _offsets(lengths: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _score(part: Mapping[str, Any]) -> float:
    return float(part["score"])


def _shown(frame: Mapping[str, Any], via: str) -> tuple[int, float, Sequence[float]]:
    # of faces that were released cut out, nobody knows the time; a whole picture is shown whole
    time = np.nan if frame["time"] is None else frame["time"]
    return frame["index"], time, frame["box"] if via == "face" else NOWHERE[2]
