"""What a result says of what was looked at, in words: people's faces, or the whole picture."""

from __future__ import annotations

from collections.abc import Sequence

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


def footage_notes(results: Sequence[ClipResult]) -> list[str]:
    """What to know of the footage itself: files whose clock restarts.

    Example:
        >>> from facefake.scoring.result import VideoFacts
        >>> facts = VideoFacts("h264", 640, 360, 25.0, 4.0, 0, clock_restarts=1)
        >>> footage_notes([ClipResult("a.ts", None, "video", "scored", video=facts)])[0][:40]
        'The clock of a.ts restarts or stands sti'
    """
    files = list(dict.fromkeys(each.path for each in results if each.video and each.video.clock_restarts))
    if not files:
        return []
    named = files[0] if len(files) == 1 else f"{len(files)} files ({files[0]}, ...)"
    return [
        f"The clock of {named} restarts or stands still, as where recordings were joined or a stream was interrupted. "
        "All frames were counted; the times given run on from part to part and are not those of the file."
    ]


def subject(result: ClipResult, person: PersonResult) -> str:
    """Whose frames these are: a person's, or those of the whole picture."""
    return _whole(result) if result.via == "image" else f"person {person.track}"


def _whole(result: ClipResult) -> str:
    return "whole picture" if result.kind == "image" else "whole frames"
