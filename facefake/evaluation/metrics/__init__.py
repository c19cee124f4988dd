"""Metrics of a detector: arrays of labels and scores in, numbers out.

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

The last four speak of probabilities, the others of the order of scores alone. Studies of generated pictures also use

* ``macro_f1``: mean of the F1 of fakes and that of reals at the threshold (``f1_score``, ``average="macro"``)
"""

from facefake.evaluation.metrics.bootstrap import Interval
from facefake.evaluation.metrics.summary import NAMES, auc_difference, summarise
from facefake.evaluation.metrics.values import (
    accuracy,
    auc,
    auc_if_wrong,
    average_precision,
    ece,
    eer,
    macro_f1,
    tpr_at_fpr,
)

__all__ = [
    "NAMES",
    "Interval",
    "accuracy",
    "auc",
    "auc_difference",
    "auc_if_wrong",
    "average_precision",
    "ece",
    "eer",
    "macro_f1",
    "summarise",
    "tpr_at_fpr",
]
