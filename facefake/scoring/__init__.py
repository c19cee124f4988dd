"""A clip in, a verdict out.

What only speaks of results imports light; what decodes and scores is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from facefake.scoring.both import of_paths
from facefake.scoring.calibration import Calibration
from facefake.scoring.crops import crop_notes
from facefake.scoring.examiner import Examiner, examined_by
from facefake.scoring.result import ClipResult, document_head
from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import REASONS, Abstention

if TYPE_CHECKING:
    from facefake.scoring.score import failed, score_clips
    from facefake.scoring.stored import score_store

_LAZY = {"failed": "score", "score_clips": "score", "score_store": "stored"}

__all__ = [
    "REASONS",
    "Abstention",
    "Calibration",
    "ClipResult",
    "Examiner",
    "ScoringRules",
    "crop_notes",
    "document_head",
    "examined_by",
    "failed",
    "of_paths",
    "score_clips",
    "score_store",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
