"""What a run wrote of its steps and validations."""

from __future__ import annotations

from facefake.training import TrainResult
from facefake.training.log import read_metrics


def column(result: TrainResult, name: str) -> list[float]:
    """The values of one column, without the rows that have none."""
    return [float(row[name]) for row in read_metrics(result.metrics) if row[name]]
