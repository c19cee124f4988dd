"""The metrics themselves, each a number of labels and scores; :mod:`facefake.evaluation.metrics` says what they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from facefake.evaluation.metrics.curves import BINS, bin_of
from facefake.evaluation.metrics.inputs import Floats, Ints, chances, classes, labelled, numbers
from facefake.evaluation.metrics.weighted import FALSE_ALARMS, equal_error


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


def macro_f1(labels: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> float:
    """Mean of the F1 of fakes and that of reals at ``threshold``, which itself means fake; as :func:`auc`.

    Example:
        >>> round(macro_f1([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.8]), 4)  # 2/3 of the reals, 4/5 of the fakes
        0.7333
    """
    from sklearn.metrics import f1_score

    y, s = labelled(labels, scores)
    return float(f1_score(y, s >= threshold, average="macro", zero_division=0))


def ece(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Expected calibration error of probabilities in 0..1, as :func:`auc`; see the package for the formula.

    Example:
        >>> ece([0, 1, 1, 1], [0.75] * 4)
        0.0
    """
    y, s = labelled(labels, probabilities)
    p = chances(s, len(y))
    return float(np.abs(np.bincount(bin_of(p), weights=p - y, minlength=BINS)).sum() / len(y))


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


def ranked(y: Ints, s: Floats) -> dict[str, float]:
    """The metrics of the order of scores."""
    from sklearn.metrics import auc as area

    precision = average_precision(y, s)
    fpr, tpr = _roc(y, s)
    rates = {name: _tpr(fpr, tpr, limit) for name, limit in FALSE_ALARMS.items()}
    return {"auc": float(area(fpr, tpr)), "ap": precision, "eer": _eer(fpr, tpr), **rates}


def judged(y: Ints, p: Floats, threshold: float) -> dict[str, float]:
    """The metrics of probabilities."""
    from sklearn.metrics import brier_score_loss, log_loss

    return {
        "accuracy": accuracy(y, p, threshold),
        "log_loss": float(log_loss(y, p)),
        "brier": float(brier_score_loss(y, p)),
        "ece": ece(y, p),
    }


def _roc(y: Ints, s: Floats) -> tuple[Floats, Floats]:
    from sklearn.metrics import roc_curve

    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    return fpr, tpr


def _eer(fpr: Floats, tpr: Floats) -> float:
    return float(equal_error(fpr[:, None], tpr[:, None])[0])


def _tpr(fpr: Floats, tpr: Floats, limit: float) -> float:
    return float(tpr[fpr <= limit].max())
