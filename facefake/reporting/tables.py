"""What the terminal and the Markdown report show alike: names of metrics, cells with intervals, reasons."""

from __future__ import annotations

from collections.abc import Mapping

from facefake.reporting.text import visible
from facefake.scoring.result import ClipResult
from facefake.scoring.verdict import REASONS

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


def why(result: ClipResult) -> str:
    """In plain words why there is no verdict; empty for a scored clip."""
    if result.error:
        return visible(f"{result.error.message} ({result.error.code})")
    if result.reason == "decode_shortfall" and result.frames.decoded < result.frames.requested:
        return f"{REASONS[result.reason].words}: {result.frames.decoded} of {result.frames.requested} frames came"
    return REASONS[result.reason].words if result.reason else ""
