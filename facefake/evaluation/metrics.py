"""Metrics of a detector from labels and scores, with bootstrap intervals over source groups.

Real is 0, fake is 1, a higher score means fake. Equal scores are called alike, so ties are neither lucky nor unlucky.
Values are scikit-learn's where it has them:

* ``auc``: area under the ROC curve, P(fake > real) + P(fake = real) / 2 (``roc_curve`` and ``auc``)
* ``ap``: average precision, without interpolation (``average_precision_score``)
* ``eer``: the rate at which FPR = 1 - TPR on the ROC curve, linear between the two points around it
* ``tpr_at_fpr_0_1``, ``_1``, ``_5``: the highest TPR at a threshold whose FPR is at most 0.1, 1 and 5 %; nothing is
  read off between points
* ``accuracy``: share of the rows on the right side of the threshold
* ``log_loss`` (``log_loss``) and ``brier``: mean of (p - y)^2 (``brier_score_loss``)
* ``ece``: expected calibration error, the sum over 15 bins (i/15, (i+1)/15] of count / n * |mean of p - share of
  fakes| (Guo et al. 2017, "On calibration of modern neural networks", eq. 3, with p the probability of fake)

The last four speak of probabilities, the others of the order of scores alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from facefake.evaluation.bootstrap import Interval, bootstrap
from facefake.evaluation.curves import BINS, bin_of
from facefake.evaluation.inputs import Floats, Ints, chances, classes, labelled, numbered, numbers
from facefake.evaluation.weighted import FALSE_ALARMS, Judgement, Ranking, equal_error

NAMES = (
    "auc",
    "ap",
    "eer",
    "accuracy",
    "tpr_at_fpr_0_1",
    "tpr_at_fpr_1",
    "tpr_at_fpr_5",
    "log_loss",
    "brier",
    "ece",
)


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Any finite numbers, higher means fake, (n,).

    Raises:
        FacefakeError: ``one_class`` if all labels are equal; ``labels_invalid`` for others than 0 and 1;
            ``scores_invalid`` for anything that is not two lists of one length, the scores finite numbers. The same
            for every function here.

    Example:
        >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(*labelled(labels, scores)))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision (AP), as :func:`auc`.

    Example:
        >>> average_precision([0, 1, 1], [0.1, 0.4, 0.8])
        1.0
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(*labelled(labels, scores)))


def eer(labels: ArrayLike, scores: ArrayLike) -> float:
    """Equal error rate, as :func:`auc`.

    Example:
        >>> eer([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.5
    """
    return _eer(*_roc(*labelled(labels, scores)))


def tpr_at_fpr(labels: ArrayLike, scores: ArrayLike, limit: float) -> float:
    """Highest TPR at a threshold whose FPR is at most ``limit`` (0..1), as :func:`auc`.

    Example:
        >>> tpr_at_fpr([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.01)
        0.5
    """
    return _tpr(*_roc(*labelled(labels, scores)), limit)


def accuracy(labels: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> float:
    """Share of scores on the right side of ``threshold``, which itself means fake; as :func:`auc`.

    Example:
        >>> accuracy([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.8])
        0.75
    """
    y, s = labelled(labels, scores)
    return float(np.mean((s >= threshold) == (y == 1)))


def ece(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Expected calibration error of probabilities in 0..1, as :func:`auc`; see the module for the formula.

    Example:
        >>> ece([0, 1, 1, 1], [0.75] * 4)
        0.0
    """
    y, s = labelled(labels, probabilities)
    p = chances(s, len(y))
    return float(np.abs(np.bincount(bin_of(p), weights=p - y, minlength=BINS)).sum() / len(y))


def summarise(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    probabilities: ArrayLike | None = None,
    threshold: float = 0.5,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Every metric of :data:`NAMES` with its 95 % interval; see :mod:`facefake.evaluation.bootstrap`.

    Log-loss, Brier score, ECE and accuracy of scores that are no probabilities are ``None``.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Any finite numbers, higher means fake, (n,).
        probabilities: Of being fake, 0..1, (n,), if there are any.
        threshold: The probability from which on a row is called fake.
        groups: The source group of each row, (n,) int; each row its own if not given. The frames of one video share
            a group, and so do the videos made from one footage.
        resamples: Bootstrap resamples, >= 1.
        seed: Of the resampling; equal seeds give equal intervals.

    Raises:
        FacefakeError: As :func:`auc`.

    Example:
        >>> summarise([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], resamples=10)["auc"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    y, s = labelled(labels, scores)
    p = None if probabilities is None else chances(probabilities, len(y))
    unit = numbered(groups, len(y))
    values = _ranked(y, s) | ({} if p is None else _judged(y, p, threshold))
    ranking = Ranking(y, s, unit)
    measures = [ranking.measure]
    if p is not None:
        measures.append(Judgement(y, p, threshold, unit).measure)
    bounds = bootstrap(measures, y, unit, steps=ranking.steps, resamples=resamples, seed=seed)
    if p is not None:
        bounds["ece"] = _reflected(values["ece"], *bounds["ece"])
    return {name: Interval(values[name], *bounds[name]) if name in values else None for name in NAMES}


def auc_difference(
    labels: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """AUC of detector ``a`` less that of ``b`` on the same rows, both measured on the same resamples.

    Args:
        labels: Real 0, fake 1, (n,).
        a: Scores of one detector, higher means fake, (n,).
        b: Scores of the other, (n,).
        groups: As :func:`summarise`, like ``resamples`` and ``seed``.
        resamples: Bootstrap resamples.
        seed: Of the resampling.

    Raises:
        FacefakeError: As :func:`auc`.

    Example:
        >>> auc_difference([0, 0, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4])
        Interval(value=0.0, low=0.0, high=0.0)
    """
    (y, first), (_, second) = labelled(labels, a), labelled(labels, b)
    unit = numbered(groups, len(y))
    one, other = Ranking(y, first, unit), Ranking(y, second, unit)

    def difference(weights: Floats) -> dict[str, Floats]:
        return {"auc": one.curves(weights).auc() - other.curves(weights).auc()}

    steps = max(one.steps, other.steps)
    low, high = bootstrap([difference], y, unit, steps=steps, resamples=resamples, seed=seed)["auc"]
    return Interval(auc(y, first) - auc(y, second), low, high)


def auc_if_wrong(labels: ArrayLike, scores: ArrayLike, unscored_labels: ArrayLike) -> float:
    """The AUC if every clip without a score were ranked wrong: reals above all others, fakes below.

    Args:
        labels: Of the scored, real 0, fake 1, (n,); may be of one class, or empty.
        scores: Any finite numbers, higher means fake, (n,).
        unscored_labels: Of those without a score, (m,).

    Raises:
        FacefakeError: As :func:`auc`, on scored and unscored together.

    Example:
        >>> auc_if_wrong([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [1])
        0.6666666666666666
    """
    missing = classes(unscored_labels)
    # ranks, not scores: the largest float has none above it
    ranks = np.unique(numbers(scores), return_inverse=True)[1]
    wrong = np.where(missing == 1, -1, len(ranks))
    return auc(np.concatenate((classes(labels), missing)), np.concatenate((ranks, wrong)))


def _ranked(y: Ints, s: Floats) -> dict[str, float]:
    """The metrics of the order of scores."""
    from sklearn.metrics import auc as area

    precision = average_precision(y, s)
    fpr, tpr = _roc(y, s)
    rates = {name: _tpr(fpr, tpr, limit) for name, limit in FALSE_ALARMS.items()}
    return {"auc": float(area(fpr, tpr)), "ap": precision, "eer": _eer(fpr, tpr), **rates}


def _judged(y: Ints, p: Floats, threshold: float) -> dict[str, float]:
    """The metrics of probabilities."""
    from sklearn.metrics import brier_score_loss, log_loss

    return {
        "accuracy": accuracy(y, p, threshold),
        "log_loss": float(log_loss(y, p)),
        "brier": float(brier_score_loss(y, p)),
        "ece": ece(y, p),
    }


def _reflected(value: float, low: float, high: float) -> tuple[float, float]:
    """The basic bootstrap interval (Davison & Hinkley 1997, eq. 5.6) from the percentiles, within 0..1.

    Chance alone makes an ECE too high, and that of its resamples once more: the percentiles of a calibrated detector
    lie above its value, let alone the truth. Reflected at the value they take the excess out instead of doubling it.
    """
    return max(0.0, 2 * value - high), min(1.0, max(value, 2 * value - low))


def _roc(y: Ints, s: Floats) -> tuple[Floats, Floats]:
    from sklearn.metrics import roc_curve

    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    return fpr, tpr


def _eer(fpr: Floats, tpr: Floats) -> float:
    return float(equal_error(fpr[:, None], tpr[:, None])[0])


def _tpr(fpr: Floats, tpr: Floats, limit: float) -> float:
    return float(tpr[fpr <= limit].max())
