"""What to say where crops are scored that are not those the detector knows, and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefake.models.card import DetectorCard


def crop_notes(card: DetectorCard, recipe: Mapping[str, Any]) -> list[str]:
    """How the crops that are scored differ from those the detector was trained on, in sentences for a report.

    Args:
        card: The detector's.
        recipe: Of the crops, as :meth:`preprocessing.recipe.Recipe.to_dict` or a face store's ``recipe`` has it.

    Returns:
        One sentence for another geometry, one for another face detector; empty where the crops are alike.
    """
    notes = []
    given, trained = recipe["geometry"], card.geometry
    if differing := [key for key in {**trained, **given} if given.get(key) != trained.get(key)]:
        words = "; ".join(f"{key} {trained.get(key)} trained, {given.get(key)} here" for key in differing)
        notes.append(f"Foreign crops: these faces were cut otherwise than those the detector knows ({words}).")
    if recipe["face_detector"] != card.face_detector:
        notes.append(_other_face_detector(recipe["face_detector"], card.face_detector))
    return notes


def notes_in(settings: Mapping[str, Any]) -> list[str]:
    """What was noted when clips were scored: of files as they were named, and of each data set with its name.

    Args:
        settings: Of a results document.

    Example:
        >>> notes_in({"notes": ["Foreign."], "datasets": {"dfdc": {"notes": ["Without labels."]}}})
        ['Foreign.', 'dfdc: Without labels.']
    """
    datasets = settings.get("datasets", {})
    of_sets = [f"{name}: {note}" for name, facts in datasets.items() for note in facts["notes"]]
    return [*settings.get("notes", ()), *of_sets]


def _other_face_detector(here: str, trained: str) -> str:
    """Names are those of :func:`preprocessing.faces.find_face_detector`: a form, and of a file's weights the digest."""
    (form, _, weights), (trained_form, _, trained_weights) = here.partition("-"), trained.partition("-")
    if form != trained_form:
        return f"The faces here were found by {_name(here)}, those the detector was trained on by {_name(trained)}."
    if weights and trained_weights:
        return f"The faces here were found by {here}, those the detector was trained on by other weights, {trained}."
    return (
        f"The faces here were found by {here}, those the detector was trained on by {trained}: whether the weights are "
        "the same is not known."
    )


def _name(face_detector: str) -> str:
    return "a face detector that the release does not name" if face_detector == "unknown" else face_detector
