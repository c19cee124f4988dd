"""``metrics.csv``: one row an optimiser step, one a validation; written at once, cut back on resume."""

from __future__ import annotations

import csv
import io
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger

from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic, writing

COLUMNS = (
    "step",
    "epoch",
    "lr",
    "loss",
    "cross_entropy",
    "uniformity",
    "alignment",
    "val_video_auc",
    "val_frame_auc",
    "val_cross_entropy",
)


class MetricsLog(Logger):
    """A Lightning logger with fixed columns; Lightning's own one deletes the file of the run it resumes.

    Args:
        path: The CSV file.
        steps: Optimiser steps already done: rows of later ones, from a run that was killed, are dropped.
    """

    def __init__(self, path: Path, steps: int = 0) -> None:
        super().__init__()
        self._path = path
        rows = [row for row in read_metrics(path) if int(row["step"]) <= steps] if steps else []
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(path, text.getvalue().encode())

    @property
    def name(self) -> str:
        """Lightning asks for one."""
        return "metrics"

    @property
    def version(self) -> str:
        """Lightning asks for one."""
        return ""

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Nothing: ``config.yaml`` lies beside."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row.

        Raises:
            FacefakeError: ``not_writable``.
        """
        row = {**metrics, "step": step}
        with writing(self._path), self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)


def read_metrics(path: Path) -> list[dict[str, str]]:
    """The rows of a ``metrics.csv``, fields as text, empty where a row has none.

    Raises:
        FacefakeError: ``not_found``.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            # a killed process can leave the last row without its end
            return [row for row in csv.DictReader(file) if (row.get("step") or "").isdecimal() and None not in row]
    except OSError as error:
        raise FacefakeError("not_found", f"there is no {path}", "Name the folder of a training run.") from error
