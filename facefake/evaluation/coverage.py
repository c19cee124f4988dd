"""How many clips have a score: what every figure must be read beside."""

from __future__ import annotations

from collections import Counter
from typing import Any

from facefake.evaluation.scores import STATUSES, Scores


def coverage(scores: Scores) -> dict[str, Any]:
    """``videos`` = ``scored`` + ``inconclusive`` + ``error`` + ``missing``, and ``share``, 0..1, of those scored.

    Example:
        >>> coverage(Scores.of([]))
        {'videos': 0, 'scored': 0, 'inconclusive': 0, 'error': 0, 'missing': 0, 'share': 0.0}
    """
    counts = Counter(scores.status)
    share = counts["scored"] / len(scores) if len(scores) else 0.0
    return {"videos": len(scores)} | {status: counts[status] for status in STATUSES} | {"share": round(share, 6)}


def below(scores: Scores, minimum: float) -> list[str]:
    """A sentence for each data set of whose clips a smaller share than ``minimum``, 0..1, has a score.

    Each for itself: a small set that fails must not hide behind a large one.
    """
    sentences = []
    for name in sorted(set(scores.dataset)):
        counts = coverage(scores.take(scores.dataset == name))
        if counts["scored"] < minimum * counts["videos"]:
            sentences.append(
                f"{name}: {counts['scored']} of {counts['videos']} clips have a score ({counts['share']:.1%}), "
                f"fewer than the {minimum:.1%} asked for."
            )
    return sentences
