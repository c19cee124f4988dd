"""What to know beside any answer or figure: whose detector gave it, and how the crops differ from those it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from facefake.evaluation.paths import detectors_in
from facefake.scoring.crops import notes_in


def notes_on(made: Mapping[str, Any]) -> list[str]:
    """Whose weights answered, if others published them, how coarsely, and what was noted in scoring, in sentences.

    Args:
        made: The head of results, or the ``provenance`` of a report on them.

    Example:
        >>> notes_on({"detector": {"name": "mine", "origin": None}, "settings": {"notes": ["Foreign crops."]}})
        ['Foreign crops.']
    """
    settings = made.get("settings") or {}
    default = settings.get("default_detector")
    of_each = (line for each in detectors_in(made) for line in _on(each, default))
    return [*of_each, *notes_in(settings)]


def _on(detector: Mapping[str, Any], default: str | None) -> Iterator[str]:
    if detector.get("origin"):
        yield from _on_published(detector, default)
    if (export := detector.get("export")) and export["precision"] != "fp32":
        yield (
            f"{detector['name']} is an export in {export['precision']}: on {export['pictures']} pictures its scores "
            f"differed by up to {export['score_difference']:.1e} from those of the detector it was made from."
        )


def _on_published(detector: Mapping[str, Any], default: str | None) -> Iterator[str]:
    origin = detector["origin"]
    name = f"{origin['name']}, the default," if origin["name"] == default else origin["name"]
    yield (
        f"{name} has weights that others published, licence {origin['licence']}: `facefake detectors info "
        f"{origin['name']}` says what is known of it."
    )
    if not detector.get("calibration"):
        yield (
            f"P(fake) of {origin['name']} is not calibrated: a higher one is more suspicious, but it is not the chance "
            "of a forgery."
        )
