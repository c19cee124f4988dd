"""Published figures to set ours beside, each with its source and what to know of it: configs/published/video-auc.yaml.

All are AUC at video level of detectors trained on FaceForensics++ c23 alone. Figures at frame level are several points
lower for the same detector and are not among them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import yaml

from preprocessing.resources import configs_dir


def anchors(datasets: Collection[str]) -> list[dict[str, Any]]:
    """The published figures on some data sets, as they stand in a report's ``anchors``.

    Returns:
        ``{"method", "dataset", "metric": "auc", "level": "video", "value", "source", "note"}`` each, ``value`` 0..1.

    Example:
        >>> {anchor["level"] for anchor in anchors(["celebdf"])}
        {'video'}
    """
    return [
        {
            "method": entry["method"],
            "dataset": dataset,
            "metric": "auc",
            "level": "video",
            "value": value,
            "source": entry["source"],
            "note": entry.get("note", ""),
        }
        for entry in _published()
        for dataset, value in entry["auc"].items()
        if dataset in datasets
    ]


@cache
def _published() -> list[dict[str, Any]]:
    return list(yaml.safe_load((configs_dir() / "published" / "video-auc.yaml").read_text(encoding="utf-8")))
