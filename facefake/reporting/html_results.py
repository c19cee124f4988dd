"""Results without labels as a page like that of a report: each clip's verdict, and who looked how fake when.

What is said of people holds for the whole picture too, which is a clip's only "person" by the image path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facefake.evaluation.notes import notes_on
from facefake.evaluation.paths import detectors_in
from facefake.reporting import plots
from facefake.reporting.answers import looked_at, other_path, subject
from facefake.reporting.canvas import Plot
from facefake.reporting.html import Thumbnails, environment, pictures
from facefake.reporting.output import open_output
from facefake.reporting.tables import why
from facefake.scoring.result import ClipResult, PersonResult
from facefake.scoring.verdict import REASONS
from preprocessing.text import name_text

MOST_CLIPS = 40  # with a timeline and pictures; the table lists them all
MOST_PEOPLE = 6  # of a clip, with a picture


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
                notes=notes_on(head),
                detectors=detectors_in(head),
                two=any(result.other for result in results),
                results=results,
                shown=[(result, _cards(result), timeline(result)) for result in _shown(results)],
                why=why,
                looked_at=looked_at,
                name_text=name_text,
                other_path=other_path,
                subject=subject,
                picture=pictures(thumbnails or {}),
            )
        )


def faces(results: Sequence[ClipResult]) -> list[dict[str, Any]]:
    """The faces that the page shows, for :func:`facefake.reporting.thumbnails.thumbnails`."""
    return [face(result, person) for result in _shown(results) for person in people(result)]


def people(result: ClipResult) -> list[PersonResult]:
    """The people of a clip whose faces are shown: those who count first, the most suspicious of them first."""
    seen = [person for person in result.people if person.frames]
    return sorted(seen, key=lambda person: (person.reason is not None, -person.score))[:MOST_PEOPLE]


def face(result: ClipResult, person: PersonResult) -> dict[str, Any]:
    """Where a person of a clip looks most suspicious; no box where the whole picture is to be shown."""
    frame = max(person.frames, key=lambda each: each.score)
    return {
        "dataset": str(person.track),  # with the clip, what a picture is known by
        "clip": name_text(result.path),
        "path": name_text(result.path),
        "frame": frame.index,
        "time": frame.time,
        "box": list(frame.box) if result.via == "face" else None,
    }


def timeline(result: ClipResult) -> Plot | None:
    """The plot of one clip's frame scores, if there are frames to see them change over."""
    times = {frame.index: frame.time for person in result.people for frame in person.frames}
    if len(times) < 2:
        return None
    timed = None not in times.values()
    places = {
        _name(result, person): [
            ((frame.time or 0.0) if timed else float(frame.index), frame.score) for frame in person.frames
        ]
        for person in result.people
    }
    return plots.timeline(places, "seconds" if timed else "frame")


def _cards(result: ClipResult) -> list[tuple[PersonResult, dict[str, Any], str]]:
    """Of each person shown: the result, where the face is, and why they do not count."""
    return [
        (person, face(result, person), REASONS[person.reason].words if person.reason else "")
        for person in people(result)
    ]


def _shown(results: Sequence[ClipResult]) -> list[ClipResult]:
    return [result for result in results if any(person.frames for person in result.people)][:MOST_CLIPS]


def _name(result: ClipResult, person: PersonResult) -> str:
    aside = "" if person.reason is None else f", set aside: {REASONS[person.reason].words}"
    return f"{subject(result, person)}{aside}"
