"""Results without labels as a page like that of a report: each clip's verdict, and who looked how fake when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facefake.reporting import plots
from facefake.reporting.html import Thumbnails, environment, pictures
from facefake.reporting.output import open_output
from facefake.reporting.tables import why
from facefake.scoring.result import ClipResult, PersonResult
from facefake.scoring.verdict import REASONS

MOST_CLIPS = 40  # with a timeline and a picture; the table lists them all


def write_results_html(
    target: str | Path, head: Mapping[str, Any], results: Sequence[ClipResult], thumbnails: Thumbnails | None = None
) -> None:
    """Write a page of results to a file or, for ``-``, stdout.

    Args:
        target: A file, or ``-``.
        head: From :func:`facefake.scoring.result.document_head`.
        results: In the order to show.
        thumbnails: Of :func:`faces`.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        page = environment().get_template("results.html")
        file.write(
            page.render(
                head=head,
                results=results,
                shown=[(result, face(result), timeline(result)) for result in _shown(results)],
                why=why,
                picture=pictures(thumbnails or {}),
            )
        )


def faces(results: Sequence[ClipResult]) -> list[dict[str, Any]]:
    """The faces that the page shows, for :func:`facefake.reporting.thumbnails.thumbnails`."""
    return [found for result in _shown(results) if (found := face(result))]


def face(result: ClipResult) -> dict[str, Any] | None:
    """Where the most suspicious person of a clip, of those who count if any do, looks most suspicious."""
    people = [person for person in result.people if person.frames]
    counting = [person for person in people if person.reason is None] or people
    if not counting:
        return None
    person = max(counting, key=lambda each: each.score)
    frame = max(person.frames, key=lambda each: each.score)
    return {
        "dataset": "",
        "clip": result.path,
        "path": result.path,
        "frame": frame.index,
        "time": frame.time,
        "box": list(frame.box),
        "track": person.track,
    }


def timeline(result: ClipResult) -> plots.Plot | None:
    """The plot of one clip's frame scores."""
    people = {_name(person): person.frames for person in result.people}
    times = {frame.index: frame.time for frames in people.values() for frame in frames if frame.time is not None}
    timed = all(frame.index in times for frames in people.values() for frame in frames)
    places = {
        name: [(times[frame.index] if timed else frame.index, frame.score) for frame in frames]
        for name, frames in people.items()
    }
    return plots.timeline(places, "seconds" if timed else "frame")


def _shown(results: Sequence[ClipResult]) -> list[ClipResult]:
    return [result for result in results if any(person.frames for person in result.people)][:MOST_CLIPS]


def _name(person: PersonResult) -> str:
    aside = "" if person.reason is None else f", set aside: {REASONS[person.reason].words}"
    return f"person {person.track}{aside}"
