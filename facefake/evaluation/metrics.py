"""Metrics of a detector from labels and scores, with bootstrap intervals over videos.

Real is 0, fake is 1, a higher score means fake. All metrics come from one pair of step curves: with the distinct
scores in descending order, TP(k) and FP(k) count the fakes and reals at or above the k-th, TP(0) = FP(0) = 0, and
TPR = TP / fakes, FPR = FP / reals. Equal scores are one step, so ties are neither lucky nor unlucky.

* AUC: area under TPR over FPR, by trapezoids (equal to P(fake > real) + P(fake = real) / 2; Mann-Whitney).
* AP: sum over k of (TPR(k) - TPR(k-1)) * TP(k) / (TP(k) + FP(k)), without interpolation.
* EER: the rate at which FPR = 1 - TPR on the line through the curve's points, linear between the two neighbours.
* TPR at x FPR: the highest TPR at a point with FPR <= x; nothing is read off between points.
* Accuracy: share of the verdicts that are right.

AUC and AP equal scikit-learn's ``roc_auc_score`` and ``average_precision_score`` (the tests hold them to that). They
are computed here because an interval takes a thousand resamples: weighting one sorted curve does them all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from preprocessing.errors import FacefakeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAMES = ("auc", "ap", "eer", "accuracy", "tpr_at_fpr_1", "tpr_at_fpr_5")
_CHUNK = 1_000_000  # weights held at a time, for bounded memory


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % bootstrap interval, ``low`` to ``high``."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """``{"value", "low", "high"}``, rounded to six digits."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


@dataclass(frozen=True, slots=True)
class Curves:
    """TP and FP at each threshold, (resamples, thresholds + 1) float64, from 0 to the number of fakes and reals."""

    tp: Floats
    fp: Floats

    def auc(self) -> Floats:
        """Area under the ROC curve, 0..1, (resamples,)."""
        area = np.diff(self.fp) * (self.tp[:, 1:] + self.tp[:, :-1]) / 2
        return np.asarray(area.sum(axis=1) / (self.tp[:, -1] * self.fp[:, -1]))

    def ap(self) -> Floats:
        """Average precision, 0..1, (resamples,)."""
        called = self.tp[:, 1:] + self.fp[:, 1:]
        # a resample may leave out the highest scores: nothing is called fake there and the recall step is zero
        precision = self.tp[:, 1:] / np.maximum(called, 1)
        return np.asarray((np.diff(self.tp) * precision).sum(axis=1) / self.tp[:, -1])

    def eer(self) -> Floats:
        """Equal error rate, 0..1, (resamples,)."""
        fpr = self.fp / self.fp[:, -1:]
        gap = 1 - self.tp / self.tp[:, -1:] - fpr  # falls from 1 to -1
        row = np.arange(len(gap))
        right = np.argmax(gap <= 0, axis=1)
        share = gap[row, right - 1] / (gap[row, right - 1] - gap[row, right])
        return np.asarray(fpr[row, right - 1] + share * (fpr[row, right] - fpr[row, right - 1]))

    def tpr_at_fpr(self, limit: float) -> Floats:
        """Highest TPR with FPR <= ``limit``, 0..1, (resamples,)."""
        allowed = self.fp <= limit * self.fp[:, -1:] + 1e-9  # 0.01 * 700 is a hair more than 7
        last = allowed.sum(axis=1) - 1
        return np.asarray(self.tp[np.arange(len(last)), last] / self.tp[:, -1])


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Any finite numbers, higher means fake, (n,).

    Raises:
        FacefakeError: ``one_class`` if all labels are equal; ``scores_invalid`` for anything that is not two lists of
            finite numbers of one length. The same for every function here.

    Example:
        >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    return float(_curves(labels, scores).auc()[0])


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision (AP), as :func:`auc`.

    Example:
        >>> average_precision([0, 1, 1], [0.1, 0.4, 0.8])
        1.0
    """
    return float(_curves(labels, scores).ap()[0])


def eer(labels: ArrayLike, scores: ArrayLike) -> float:
    """Equal error rate, as :func:`auc`.

    Example:
        >>> eer([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.5
    """
    return float(_curves(labels, scores).eer()[0])


def tpr_at_fpr(labels: ArrayLike, scores: ArrayLike, limit: float) -> float:
    """Highest TPR at a threshold whose FPR is at most ``limit`` (0..1), as :func:`auc`.

    Example:
        >>> tpr_at_fpr([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.01)
        0.5
    """
    return float(_curves(labels, scores).tpr_at_fpr(limit)[0])


def accuracy(labels: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> float:
    """Share of scores on the right side of ``threshold``, which itself means fake; as :func:`auc`.

    Example:
        >>> accuracy([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.8])
        0.75
    """
    y, s = _checked(labels, scores)
    return float(np.mean((s >= threshold) == (y == 1)))


def summarise(
    labels: ArrayLike,
    scores: ArrayLike,
    correct: ArrayLike,
    *,
    videos: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Every metric of :data:`NAMES` with its 95 % interval.

    The interval is the percentile bootstrap (Efron 1979) over videos: as many videos as there are, drawn with
    replacement, real and fake alike; a draw without both classes is drawn again. Frames of one video are not
    independent, so frame-level metrics too must resample videos.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Higher means fake, (n,).
        correct: Whether the verdict on each is right, (n,) bool.
        videos: Number of the video of each, 0..v-1, (n,) int; each its own if not given.
        resamples: Bootstrap resamples, >= 1.
        seed: Of the resampling; equal seeds give equal intervals.

    Raises:
        FacefakeError: As :func:`auc`.

    Example:
        >>> summarise([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [True] * 4, resamples=10)["auc"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    y, s = _checked(labels, scores)
    right = np.asarray(correct, dtype=np.float64)
    units = np.arange(len(y)) if videos is None else np.asarray(videos, dtype=np.int64)
    if right.shape != y.shape or units.shape != y.shape:
        raise ValueError("labels, scores, correct and videos must be as long as each other")
    order, steps = _steps(s)
    y, right, units = y[order], right[order], units[order]
    value = _statistics(y, right, steps, np.ones((1, len(y)), dtype=np.int64))
    drawn = [_statistics(y, right, steps, weights) for weights in _resampled(y, units, resamples, seed)]
    spread = {name: np.concatenate([part[name] for part in drawn]) for name in NAMES}
    bounds = {name: np.percentile(spread[name], [2.5, 97.5]) for name in NAMES}
    return {name: Interval(float(value[name][0]), float(bounds[name][0]), float(bounds[name][1])) for name in NAMES}


def _resampled(y: Ints, units: Ints, resamples: int, seed: int) -> Iterator[Ints]:
    """Weights of each row in ``resamples`` resamples, in chunks (chunk, n): how often its video was drawn."""
    rng = np.random.default_rng(seed)
    count = int(units.max()) + 1
    rows = max(1, _CHUNK // len(y))
    while resamples:
        take = min(rows, resamples)
        drawn = rng.integers(0, count, size=(take, count)) + count * np.arange(take)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=take * count).reshape(take, count)[:, units]
        fakes = weights @ y
        weights = weights[(fakes > 0) & (fakes < weights.sum(axis=1))]
        resamples -= len(weights)
        if len(weights):
            yield weights


def _statistics(y: Ints, right: Floats, steps: Ints, weights: Ints) -> dict[str, Floats]:
    curves = _weighted(y, steps, weights)
    return {
        "auc": curves.auc(),
        "ap": curves.ap(),
        "eer": curves.eer(),
        "accuracy": np.asarray(weights @ right / weights.sum(axis=1)),
        "tpr_at_fpr_1": curves.tpr_at_fpr(0.01),
        "tpr_at_fpr_5": curves.tpr_at_fpr(0.05),
    }


def _steps(scores: Floats) -> tuple[Ints, Ints]:
    """The descending order of scores, and the places in it where a run of equal scores ends."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    return order, np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))


def _weighted(y: Ints, steps: Ints, weights: Ints) -> Curves:
    """Curves of rows in descending order of score, each counted ``weights`` (resamples, n) times."""
    fakes = np.cumsum(weights * y, axis=1)[:, steps]
    everything = np.cumsum(weights, axis=1)[:, steps]
    start = ((0, 0), (1, 0))
    return Curves(np.pad(fakes, start).astype(np.float64), np.pad(everything - fakes, start).astype(np.float64))


def _curves(labels: ArrayLike, scores: ArrayLike) -> Curves:
    y, s = _checked(labels, scores)
    order, steps = _steps(s)
    return _weighted(y[order], steps, np.ones((1, len(y)), dtype=np.int64))


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[Ints, Floats]:
    y, s = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if y.ndim != 1 or y.shape != s.shape or not y.size:
        raise FacefakeError(
            "scores_invalid",
            f"There are {y.size} labels and {s.size} scores.",
            "A metric needs one score for each label, and at least one of each class.",
        )
    if not np.isfinite(s).all():
        raise FacefakeError(
            "scores_invalid",
            f"{int((~np.isfinite(s)).sum())} of {s.size} scores are not finite.",
            "The detector may be damaged, or half precision overflowed: try float32.",
        )
    if not np.isin(y, (0, 1)).all():
        raise FacefakeError("labels_invalid", "There are labels other than 0 and 1.", "Real is 0 and fake is 1.")
    if y.min() == y.max():
        raise FacefakeError(
            "one_class",
            f"All {y.size} are {'fake' if y.max() else 'real'}.",
            "AUC and the like compare the two: score clips of the other class as well.",
        )
    return y.astype(np.int64), s
