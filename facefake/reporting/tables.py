"""What the terminal and the Markdown report show alike: names of metrics and cells with intervals."""

from __future__ import annotations

from collections.abc import Mapping

TITLES = {
    "auc": "AUC",
    "ap": "AP",
    "eer": "EER",
    "accuracy": "accuracy",
    "tpr_at_fpr_1": "TPR at 1 % FPR",
    "tpr_at_fpr_5": "TPR at 5 % FPR",
}


def cell(interval: Mapping[str, float] | None) -> str:
    """A metric with its interval, to three digits.

    Example:
        >>> cell({"value": 0.91234, "low": 0.88, "high": 0.94}), cell(None)
        ('0.912 [0.880, 0.940]', '-')
    """
    if interval is None:
        return "-"
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def coverage_line(coverage: Mapping[str, int]) -> str:
    """How many clips the metrics speak of.

    Example:
        >>> coverage_line({"videos": 4, "scored": 3, "inconclusive": 1, "error": 0})
        '3 of 4 clips scored (75.0 %), 1 inconclusive, 0 failed'
    """
    share = 100 * coverage["scored"] / coverage["videos"]
    return (
        f"{coverage['scored']} of {coverage['videos']} clips scored ({share:.1f} %), "
        f"{coverage['inconclusive']} inconclusive, {coverage['error']} failed"
    )
