"""What to say where crops are scored that are not those the detector knows."""

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
        notes.append(
            f"The faces here were found by {_name(recipe['face_detector'])}, those the detector was trained on by "
            f"{_name(card.face_detector)}."
        )
    return notes


def _name(face_detector: str) -> str:
    return "a face detector that the release does not name" if face_detector == "unknown" else face_detector
