"""What a report says of some clips, of all of them or of those of one data set: a *part*, plain values for JSON.

* ``video``: every metric of :data:`facefake.evaluation.metrics.NAMES` over clips, each ``{"value", "low", "high"}`` or
  null, the bounds null where there are too few source groups for any; ``frame``: the same over single faces, those of
  the person each clip's score is from, with the clips' calibration, which was fitted on clips
* ``per_method``, ``per_compression``, ``per_people``: subsets, each with the video metrics, ``videos`` (fakes scored),
  ``reals`` (reals scored) and ``coverage``. A method's are its fakes and the reals of their data sets that these call
  comparable (all, but where each method has its own), with the coverage of its fakes. People are those who count
  towards the verdict: only scored clips have any
* ``mean_of_methods``: plain mean of each video metric over ``per_method``, if there are several: what studies of
  generated pictures quote as mAP and mAcc, the latter at the threshold of this report; null where one of them has none
* ``coverage``: see :mod:`facefake.evaluation.coverage`. Metrics speak of the scored ones only; ``reasons`` counts why
  the others have no score
* ``auc_if_abstentions_wrong``: the AUC if every clip without a score were ranked wrong
* ``counts``: ``real``, ``fake`` and source ``groups`` among the scored
* ``curves``: see :mod:`facefake.evaluation.metrics.curves`
* ``worst``: reals judged fake and fakes judged real, farthest off first, with the frame to look at
* ``notes``: what a reader of these figures must know

A clip is one result. Nothing is grouped by a name or a folder, so ``Deepfakes/000_003.mp4`` and
``FaceSwap/000_003.mp4`` are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facefake.evaluation.coverage import coverage
from facefake.evaluation.metrics import NAMES, auc_if_wrong, summarise
from facefake.evaluation.metrics.bootstrap import MANY_GROUPS
from facefake.evaluation.metrics.curves import curves
from facefake.evaluation.reals import reals_against
from facefake.evaluation.scores import Flags, Floats, Ints, Scores

EXAMPLES = 6  # of the worst false alarms, and of the worst misses

_RATES = {"0.1 %": 0.001, "1 %": 0.01, "5 %": 0.05}  # false alarm rates at which a TPR is given
_APART, _CHANCE = 0.05, 0.01  # coverage of reals and fakes farther apart, and less likely by chance, is noted


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms clips are judged and metrics computed.

    Attributes:
        threshold: Probability from which on a clip counts as fake.
        calibration: How probabilities come from scores, as in a results file's settings; ``None``: they are the scores.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """

    threshold: float = 0.5
    calibration: Mapping[str, Any] | None = None
    resamples: int = 1000
    seed: int = 0


def make_part(scores: Scores, terms: Terms) -> dict[str, Any]:
    """What there is to say of ``scores``; see the module for its form."""
    scored = scores.take(scores.scored)
    video = _video_metrics(scored, terms)
    # a subset that holds every clip has the metrics of them all
    subsets = _Subsets(scores, terms, video)
    methods = subsets.per_method()
    return {
        "video": video,
        "frame": _frame_metrics(scored, terms),
        "per_method": methods,
        "mean_of_methods": mean_of(list(methods.values())) if len(methods) > 1 else None,
        "per_compression": subsets.per_compression(),
        "per_people": subsets.per_people(),
        "coverage": coverage(scores),
        "reasons": dict(sorted(Counter(reason for reason in scores.reason if reason).items())),
        "counts": {
            "real": int((scored.label == 0).sum()),
            "fake": int((scored.label == 1).sum()),
            "groups": len(np.unique(scored.groups)),
        },
        "auc_if_abstentions_wrong": _if_wrong(scores),
        "curves": curves(scored.label, scored.score, _probabilities(scored)) if _both(scored.label) else None,
        "worst": {"false_alarms": _worst(scored, 0, terms), "misses": _worst(scored, 1, terms)},
        "notes": list(_notes(scores, scored)),
    }


def mean_of(metrics: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Plain mean of each metric over all of ``metrics`` or not at all: one over some would look like one over all.

    Example:
        >>> parts = [dict.fromkeys(NAMES) | {"auc": {"value": value}} for value in (0.5, 1.0)]
        >>> mean_of(parts)["auc"]
        0.75
    """
    found: dict[str, float | None] = {}
    for name in NAMES:
        values = [each[name]["value"] for each in metrics if each[name]]
        found[name] = round(sum(values) / len(values), 6) if len(values) == len(metrics) else None
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Subsets:
    """Parts of a part. ``whole`` are the video metrics of all ``scores``."""

    scores: Scores
    terms: Terms
    whole: Mapping[str, Any]

    def per_method(self) -> dict[str, Any]:
        scores = self.scores
        fake = scores.label == 1
        found = {}
        for method in sorted(set(scores.method[fake])):
            fakes = fake & (scores.method == method)
            reals = reals_against(fakes, scores.dataset, scores.method, scores.label)
            found[method] = self._subset(fakes | reals, of=fakes)
        return found

    def per_compression(self) -> dict[str, Any]:
        levels = sorted(set(self.scores.compression) - {None})
        return {level: self._subset(self.scores.compression == level) for level in levels}

    def per_people(self) -> dict[str, Any]:
        people = self.scores.people
        rows = {"1": people == 1, "2": people == 2, "3+": people >= 3}
        return {name: self._subset(rows[name]) for name in rows if rows[name].any()}

    def _subset(self, rows: Flags, of: Flags | None = None) -> dict[str, Any]:
        scores = self.scores
        scored = scores.scored & rows
        labels = scores.label[scored]
        return {
            "videos": int((labels == 1).sum()),
            "reals": int((labels == 0).sum()),
            "coverage": coverage(scores.take(rows if of is None else of)),
            **(self.whole if scored.sum() == scores.scored.sum() else _video_metrics(scores.take(scored), self.terms)),
        }


def _video_metrics(scored: Scores, terms: Terms) -> dict[str, Any]:
    return _metrics(scored.label, scored.score, _probabilities(scored), scored.groups, terms)


def _frame_metrics(scored: Scores, terms: Terms) -> dict[str, Any]:
    counts = scored.frame_counts
    labels, groups = np.repeat(scored.label, counts), np.repeat(scored.groups, counts)
    probabilities = None if _probabilities(scored) is None else _calibrated(scored.frames, terms.calibration)
    return _metrics(labels, scored.frames, probabilities, groups, terms)


def _metrics(labels: Ints, scores: Floats, probabilities: Floats | None, groups: Ints, terms: Terms) -> dict[str, Any]:
    if not _both(labels):
        return dict.fromkeys(NAMES)
    found = summarise(
        labels,
        scores,
        probabilities=probabilities,
        threshold=terms.threshold,
        groups=groups,
        resamples=terms.resamples,
        seed=terms.seed,
    )
    return {name: interval.stated(groups) if interval else None for name, interval in found.items()}


def _both(labels: Ints) -> bool:
    return len(labels) > 0 and labels.min() != labels.max()


def _probabilities(scored: Scores) -> Floats | None:
    return scored.probability if np.isfinite(scored.probability).all() else None


def _calibrated(scores: Floats, calibration: Mapping[str, Any] | None) -> Floats:
    if calibration is None:
        return scores
    from facefake.scoring.calibration import Calibration

    return Calibration.from_dict(calibration).apply(scores)


def _if_wrong(scores: Scores) -> float | None:
    scored = scores.scored
    if not _both(scores.label):
        return None
    return round(auc_if_wrong(scores.label[scored], scores.score[scored], scores.label[~scored]), 6)


def _worst(scored: Scores, label: int, terms: Terms) -> list[dict[str, Any]]:
    """Clips of ``label`` on the wrong side of the threshold, farthest first; of mere rankings, the most extreme."""
    called_fake = scored.probability >= terms.threshold
    ranked_only = np.isnan(scored.probability)
    rows = np.flatnonzero((scored.label == label) & (ranked_only | (called_fake != bool(label))))
    farthest = np.argsort(scored.score[rows] if label else -scored.score[rows], kind="stable")
    return [_example(scored, int(row)) for row in rows[farthest[:EXAMPLES]]]


def _example(scored: Scores, row: int) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    box = scored.shown_box[row]
    return {
        "dataset": scored.dataset[row],
        "clip": scored.clip[row],
        "path": scored.path[row],
        "method": scored.method[row],
        "label": int(scored.label[row]),
        "score": float(scored.score[row]),
        "probability": known(scored.probability[row]),
        "frame": int(scored.shown_frame[row]) if scored.shown_frame[row] >= 0 else None,
        "time": known(scored.shown_time[row]),
        "box": None if np.isnan(box).any() else box.tolist(),
    }


def _notes(scores: Scores, scored: Scores) -> Iterator[str]:
    reals, fakes = int((scored.label == 0).sum()), int((scored.label == 1).sum())
    if not len(scored):
        yield "No clip was scored, so there are no metrics."
    elif not reals or not fakes:
        which = "real" if reals else "fake"
        yield f"Only {which} clips were scored: the metrics compare real with fake and need both."
    elif strict := [name for name, rate in _RATES.items() if rate * reals < 1]:
        verb = "allow" if len(strict) > 1 else "allows"
        yield f"With {reals} real clips, TPR at {' and at '.join(strict)} FPR {verb} no false alarm at all."
    groups = len(np.unique(scored.groups))
    if reals and fakes and groups < MANY_GROUPS:
        yield f"With {groups} source groups intervals are too narrow, where they are given at all."
    if left_out := len(scores) - len(scored):
        yield f"{left_out} of {len(scores)} clips have no score and are not in the metrics."
    if len(scored) and _probabilities(scored) is None:
        yield "Not all scores are probabilities: accuracy, log-loss, Brier score and ECE have no meaning for them."
    spoke = Counter(scored.via)
    if spoke["face"] and spoke["image"]:
        yield f"Faces gave the answer for {spoke['face']} clips, the whole picture for {spoke['image']}."
    yield from _uneven(scores)
    yield from _mixed(scores)


def _uneven(scores: Scores) -> Iterator[str]:
    """A note if fakes get a score more often than reals, or less: then even who abstains gives the label away."""
    counts = [[int((scores.label == label)[scores.scored == got].sum()) for got in (True, False)] for label in (0, 1)]
    totals = [sum(row) for row in counts]
    if not all(totals):
        return
    shares = [row[0] / total for row, total in zip(counts, totals, strict=True)]
    if abs(shares[0] - shares[1]) <= _APART:
        return
    from scipy.stats import fisher_exact

    if fisher_exact(counts).pvalue < _CHANCE:
        yield (
            f"{shares[0]:.1%} of the real and {shares[1]:.1%} of the fake clips have a score: the metrics may speak of "
            "an easier selection of one of them. See the AUC if abstentions were wrong."
        )


def _mixed(scores: Scores) -> Iterator[str]:
    for dataset in sorted(set(scores.dataset)):
        splits = Counter(split or "of no split" for split in scores.split[scores.dataset == dataset])
        if len(splits) > 1:
            named = ", ".join(f"{count} {split}" for split, count in sorted(splits.items()))
            yield f"{dataset}: clips of several splits are taken together ({named})."
