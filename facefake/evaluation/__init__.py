"""How well scores tell real from fake: metrics with intervals, and the report on labelled clips."""

from facefake.evaluation.metrics import Interval, accuracy, auc, average_precision, eer, summarise, tpr_at_fpr
from facefake.evaluation.report import make_report
from facefake.evaluation.scores import Scores

__all__ = [
    "Interval",
    "Scores",
    "accuracy",
    "auc",
    "average_precision",
    "eer",
    "make_report",
    "summarise",
    "tpr_at_fpr",
]
