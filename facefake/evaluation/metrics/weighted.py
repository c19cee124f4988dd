"""Every metric on many resamples at once: rows are sorted and summed by group once, then weighed.

:class:`Ranking` holds what depends on the order of scores alone, :class:`Judgement` what depends on probabilities. Both
give, for weights of the groups (groups, resamples), each metric (resamples,); with weights of one they give the values
that :mod:`facefake.evaluation.metrics` has from scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from facefake.evaluation.metrics.curves import BINS, bin_of
from facefake.evaluation.metrics.inputs import Floats, Ints

FALSE_ALARMS = {"tpr_at_fpr_0_1": 0.001, "tpr_at_fpr_1": 0.01, "tpr_at_fpr_5": 0.05}
MAX_STEPS = 8192  # distinct scores up to which every one is a step


@dataclass(frozen=True, slots=True)
class Curves:
    """Fakes (``tp``) and reals (``fp``) called fake after each step, (steps + 1, resamples), from 0 to all."""

    tp: Floats
    fp: Floats

    def auc(self) -> Floats:
        """Area under the ROC curve by trapezoids, 0..1, (resamples,)."""
        area = (np.diff(self.fp, axis=0) * (self.tp[1:] + self.tp[:-1])).sum(axis=0) / 2
        return np.asarray(area / (self.tp[-1] * self.fp[-1]))

    def ap(self) -> Floats:
        """Average precision, 0..1, (resamples,)."""
        # a resample may leave out the highest scores: nothing is called fake there and the recall step is zero
        precision = self.tp[1:] / np.maximum(self.tp[1:] + self.fp[1:], 1)
        return np.asarray((np.diff(self.tp, axis=0) * precision).sum(axis=0) / self.tp[-1])

    def eer(self) -> Floats:
        """Equal error rate, 0..1, (resamples,)."""
        return equal_error(self.fp / self.fp[-1], self.tp / self.tp[-1])

    def within(self, limit: float) -> Ints:
        """The last point with a false alarm rate <= ``limit``, (resamples,)."""
        return np.asarray((self.fp / self.fp[-1] <= limit).sum(axis=0) - 1)


class Ranking:
    """Rows in descending order of score, cut into steps.

    Each distinct score is a step, so that ties are neither lucky nor unlucky. Where there are more than
    :data:`MAX_STEPS`, a step takes in neighbours: none among the first 1024 rows, further down at most 0.3 % of the
    rows above it and 1/4096 of all. Precision then hardly moves within a step, and the AUC is off by less than 1/4096.
    TPR at a false alarm rate is looked up row by row within the step where the rate is passed, so it stays exact.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Higher means fake, (n,).
        groups: The source group of each row, 0..g-1, (n,).
    """

    def __init__(self, labels: Ints, scores: Floats, groups: Ints) -> None:
        order = np.argsort(-scores)
        ordered = scores[order]
        self._fake = labels[order].astype(bool)
        self._group = groups[order].astype(np.int32)
        self._last = np.append(ordered[1:] != ordered[:-1], True)  # of a run of equal scores
        distinct = np.flatnonzero(self._last) + 1
        self._coarse = len(distinct) > MAX_STEPS
        self._ends = _coarser(distinct) if self._coarse else distinct
        self.steps = len(self._ends)
        shape = self.steps, int(groups.max()) + 1
        step = np.repeat(np.arange(self.steps, dtype=np.int32), np.diff(self._ends, prepend=0))
        self._fakes, self._reals = (
            sparse.csc_array((np.ones(chosen.sum()), (step[chosen], self._group[chosen])), shape=shape)
            for chosen in (self._fake, ~self._fake)
        )

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """``auc``, ``ap``, ``eer`` and the TPRs of :data:`FALSE_ALARMS`."""
        curves = self.curves(weights)
        rates = {name: self.tpr_at_fpr(curves, weights, limit) for name, limit in FALSE_ALARMS.items()}
        return {"auc": curves.auc(), "ap": curves.ap(), "eer": curves.eer(), **rates}

    def curves(self, weights: Floats) -> Curves:
        """The step curves under each column of weights."""
        tp, fp = np.zeros((2, self.steps + 1, weights.shape[1]))
        np.cumsum(self._fakes @ weights, axis=0, out=tp[1:])
        np.cumsum(self._reals @ weights, axis=0, out=fp[1:])
        return Curves(tp, fp)

    def tpr_at_fpr(self, curves: Curves, weights: Floats, limit: float) -> Floats:
        """Highest TPR with a false alarm rate <= ``limit``, 0..1, (resamples,)."""
        point = curves.within(limit)
        found = curves.tp[point, np.arange(len(point))]
        if self._coarse:
            for step in np.unique(point[point < self.steps]):
                at = np.flatnonzero(point == step)
                found[at] += self._further(step, weights[:, at], curves.fp[step, at], curves.fp[-1, at], limit)
        return np.asarray(found / curves.tp[-1])

    def _further(self, step: int, weights: Floats, fp: Floats, reals: Floats, limit: float) -> Floats:
        """Fakes that can be called within a step before the rate is passed, (resamples,)."""
        rows = slice(self._ends[step - 1] if step else 0, self._ends[step])
        fake, last = self._fake[rows, None], self._last[rows]
        weight = weights[self._group[rows]]
        allowed = (fp + np.cumsum(weight * ~fake, axis=0)[last]) / reals <= limit
        return np.asarray((np.cumsum(weight * fake, axis=0)[last] * allowed).max(axis=0))


class Judgement:
    """What probabilities are worth: accuracy at a threshold, log-loss, Brier score and ECE.

    Args:
        labels: Real 0, fake 1, (n,).
        probabilities: Of being fake, 0..1, (n,).
        threshold: From here on a row is called fake.
        groups: The source group of each row, 0..g-1, (n,).
    """

    def __init__(self, labels: Ints, probabilities: Floats, threshold: float, groups: Ints) -> None:
        excess = probabilities - labels
        right = (probabilities >= threshold) == labels
        means = [np.bincount(groups, weights=values) for values in (right, row_log_loss(excess), excess**2)]
        size = np.bincount(groups)
        cells = groups * BINS + bin_of(probabilities)
        by_bin = np.bincount(cells, weights=excess, minlength=len(size) * BINS).reshape(-1, BINS).T
        # a sparse product: equal bits on every machine, and no BLAS threads that wait for each other
        self._sums = sparse.csr_array(np.vstack((size, *means, by_bin)))

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """``accuracy``, ``log_loss``, ``brier`` and ``ece``."""
        rows, right, log_loss, brier, *by_bin = self._sums @ weights
        excess = np.abs(by_bin).sum(axis=0)
        return {"accuracy": right / rows, "log_loss": log_loss / rows, "brier": brier / rows, "ece": excess / rows}


def equal_error(fpr: Floats, tpr: Floats) -> Floats:
    """The rate at which FPR = 1 - TPR, linear between the two points around it; points by curves -> (curves,)."""
    gap = 1 - tpr - fpr  # falls from 1 to -1
    column = np.arange(gap.shape[1])
    right = np.argmax(gap <= 0, axis=0)
    before, after = gap[right - 1, column], gap[right, column]
    left = fpr[right - 1, column]
    return np.asarray(left + before / (before - after) * (fpr[right, column] - left))


def row_log_loss(excess: Floats) -> Floats:
    """-log of the probability given to what a row is; certainty in the wrong is clipped as in scikit-learn."""
    return np.asarray(-np.log(np.maximum(1 - np.abs(excess), np.finfo(np.float64).eps)))


def _coarser(distinct: Ints) -> Ints:
    """The ends of some of the runs of equal scores, the last included; see :class:`Ranking`."""
    rows = int(distinct[-1])
    places = np.concatenate((np.arange(1, 1025), np.geomspace(1024, rows, 4096), np.linspace(1, rows, 4096)))
    return np.asarray(np.unique(distinct[np.searchsorted(distinct, np.floor(places))]))
