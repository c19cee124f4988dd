"""The report on labelled clips: how well the scores tell real from fake, and how many clips they speak of.

A report is the dictionary

* ``video``: every metric of :data:`facefake.evaluation.metrics.NAMES` over clips, each ``{"value", "low", "high"}``
* ``frame``: the same over single faces, those of the person each clip's score is from
* ``per_method``: for each forgery method the same over its clips and *all* reals, with ``videos`` and ``reals`` counted
* ``coverage``: ``videos`` = ``scored`` + ``inconclusive`` + ``error``. Metrics speak of the scored ones only
* ``counts``: ``real`` and ``fake`` among the scored
* ``threshold``, ``bootstrap`` (``resamples``, ``seed``, ``unit``) and ``notes``, what a reader must know

A clip is one result. Nothing is grouped by a name or a folder, so ``Deepfakes/c23/videos/000_003.mp4`` and
``FaceSwap/c23/videos/000_003.mp4`` are two. Where only one class was scored the metrics are null and a note says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facefake.evaluation.metrics import NAMES, summarise
from facefake.scoring.result import ClipResult, PersonResult
from facefake.scoring.verdict import calibrate
from preprocessing.errors import FacefakeError

MANY_REALS = 100  # below, 1 % of the reals is less than one clip


@dataclass(frozen=True, slots=True)
class _Scored:
    """What a report keeps of a scored clip."""

    label: int
    method: str
    score: float
    correct: bool
    frames: tuple[float, ...]


def make_report(
    results: Iterable[ClipResult], *, threshold: float = 0.5, resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Report on the labelled among ``results``; see the module for its form.

    Args:
        results: Read once and not kept, so a generator does. Those without a label are left out.
        threshold: The one the verdicts were made with; single faces are judged by it too.
        resamples: Bootstrap resamples for the intervals.
        seed: Of the bootstrap.

    Raises:
        FacefakeError: ``labels_missing`` if no result has a label.
    """
    scored, statuses, repeated = _collect(results, threshold)
    notes = _notes(scored, statuses, repeated)
    reals = [clip for clip in scored if clip.label == 0]
    methods = sorted({clip.method for clip in scored if clip.label == 1})
    per_method = {}
    for method in methods:
        fakes = [clip for clip in scored if clip.label == 1 and clip.method == method]
        counts = {"videos": len(fakes), "reals": len(reals)}
        per_method[method] = counts | _video_metrics([*reals, *fakes], resamples, seed)
    return {
        "video": _video_metrics(scored, resamples, seed),
        "frame": _frame_metrics(scored, threshold, resamples, seed),
        "per_method": per_method,
        "coverage": {"videos": statuses.total()}
        | {name: statuses[name] for name in ("scored", "inconclusive", "error")},
        "counts": {"real": len(reals), "fake": len(scored) - len(reals)},
        "threshold": threshold,
        "bootstrap": {"resamples": resamples, "seed": seed, "unit": "video"},
        "notes": notes,
    }


def _collect(results: Iterable[ClipResult], threshold: float) -> tuple[list[_Scored], Counter[str], int]:
    scored: list[_Scored] = []
    statuses: Counter[str] = Counter()
    known: set[tuple[str, str, str]] = set()
    repeated = 0
    for result in results:
        if result.truth is None:
            continue
        identity = (result.truth.dataset, result.truth.clip, result.path)
        if identity in known:
            # counting a clip twice would make the intervals narrower than they are
            repeated += 1
            continue
        known.add(identity)
        statuses[result.status] += 1
        if result.status == "scored" and result.score is not None:
            correct = result.verdict == ("fake" if result.truth.label else "real")
            frames = tuple(frame.score for frame in _most_suspicious(result.people).frames)
            scored.append(_Scored(result.truth.label, result.truth.method, result.score, correct, frames))
    if not statuses:
        raise FacefakeError(
            "labels_missing",
            "None of the clips has a label, so there is nothing to compare the scores with.",
            "Give --dataset for a known release, or --labels with a CSV of path,label.",
        )
    return scored, statuses, repeated


def _most_suspicious(people: Sequence[PersonResult]) -> PersonResult:
    return max((person for person in people if person.probability is not None), key=lambda person: person.score)


def _notes(scored: Sequence[_Scored], statuses: Counter[str], repeated: int) -> list[str]:
    notes = []
    reals = sum(clip.label == 0 for clip in scored)
    if not scored:
        notes.append("No clip was scored, so there are no metrics.")
    elif reals in (0, len(scored)):
        which = "real" if reals else "fake"
        notes.append(f"Only {which} clips were scored: the metrics compare real with fake and need both.")
    elif reals < MANY_REALS:
        rates = "TPR at 1 % FPR allows" if 0.05 * reals >= 1 else "TPR at 1 % and at 5 % FPR allow"
        notes.append(f"With {reals} real clips, {rates} no false alarm at all.")
    if left_out := statuses.total() - len(scored):
        notes.append(f"{left_out} of {statuses.total()} clips have no score and are not in the metrics.")
    if repeated:
        notes.append(f"{repeated} clips were given more than once and counted once.")
    return notes


def _video_metrics(clips: Sequence[_Scored], resamples: int, seed: int) -> dict[str, Any]:
    return _metrics(
        [clip.label for clip in clips],
        [clip.score for clip in clips],
        [clip.correct for clip in clips],
        list(range(len(clips))),
        resamples,
        seed,
    )


def _frame_metrics(clips: Sequence[_Scored], threshold: float, resamples: int, seed: int) -> dict[str, Any]:
    frames = [(clip.label, score, number) for number, clip in enumerate(clips) for score in clip.frames]
    return _metrics(
        [label for label, _, _ in frames],
        [score for _, score, _ in frames],
        [(calibrate(score) >= threshold) == bool(label) for label, score, _ in frames],
        [number for _, _, number in frames],
        resamples,
        seed,
    )


def _metrics(
    labels: Sequence[int],
    scores: Sequence[float],
    correct: Sequence[bool],
    videos: Sequence[int],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    if len(set(labels)) < 2:
        return dict.fromkeys(NAMES)
    intervals = summarise(labels, np.asarray(scores), correct, videos=videos, resamples=resamples, seed=seed)
    return {name: intervals[name].to_dict() for name in NAMES}
