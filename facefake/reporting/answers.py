"""What a result says of what was looked at, in words: people's faces, or the whole picture."""

from __future__ import annotations

from facefake.scoring.result import ClipResult, PersonResult
from facefake.scoring.verdict import REASONS


def looked_at(result: ClipResult) -> str:
    """What the answer is from; of people how many count, and of how many seen if those are more.

    Example:
        >>> looked_at(ClipResult("a.jpg", None, "image", "scored", via="image"))
        'whole picture'
    """
    if result.status == "error":
        return ""
    if result.via == "image":
        return _whole(result)
    seen = len(result.people)
    counting = sum(person.reason is None for person in result.people)
    if not seen:
        return "nobody"
    number = str(seen) if counting == seen else f"{counting} of {seen}"
    return f"{number} {'person' if seen == 1 else 'people'}"


def other_path(result: ClipResult) -> str:
    """What the path that did not speak said; empty if only one was asked.

    Example:
        >>> from facefake.scoring.result import Opinion
        >>> silent = Opinion("face", "inconclusive", "inconclusive", None, None, "no_face")
        >>> other_path(ClipResult("a.jpg", None, "image", "scored", via="image", other=silent))
        'faces: no face was found for certain'
    """
    other = result.other
    if other is None:
        return ""
    what = "faces" if other.via == "face" else _whole(result)
    if other.probability is not None:
        return f"{what}: {other.verdict}, {other.probability:.3f}"
    reason = other.reason or other.status
    return f"{what}: {REASONS[reason].words if reason in REASONS else f'error ({reason})'}"


def subject(result: ClipResult, person: PersonResult) -> str:
    """Whose frames these are: a person's, or those of the whole picture."""
    return _whole(result) if result.via == "image" else f"person {person.track}"


def _whole(result: ClipResult) -> str:
    return "whole picture" if result.kind == "image" else "whole frames"
