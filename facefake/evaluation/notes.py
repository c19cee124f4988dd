"""What to know beside any answer or figure: whose detector gave it, and how the crops differ from those it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from facefake.evaluation.paths import detectors_in
from facefake.scoring.crops import notes_in


def notes_on(made: Mapping[str, Any]) -> list[str]:
    """Whose weights answered, if others published them, and what was noted when clips were scored, in sentences.

    Args:
        made: The head of results, or the ``provenance`` of a report on them.

    Example:
        >>> notes_on({"detector": {"name": "mine", "origin": None}, "settings": {"notes": ["Foreign crops."]}})
        ['Foreign crops.']
    """
    settings = made.get("settings") or {}
    published = [each for each in detectors_in(made) if each.get("origin")]
    default = settings.get("default_detector")
    return [*(line for each in published for line in _on_published(each, default)), *notes_in(settings)]


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
