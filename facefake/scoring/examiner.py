"""A detector and how it is put to use: one path to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facefake.scoring.crops import crop_notes
from facefake.scoring.result import Via, document_head
from facefake.scoring.rules import ScoringRules
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.models import Detector
    from preprocessing.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Examiner:
    """One path.

    Attributes:
        detector: The forgery detector.
        recipe: What frames, and what is cut out of them: faces, or the whole picture.
        rules: How its scores become a verdict.
    """

    detector: Detector
    recipe: Recipe
    rules: ScoringRules

    @property
    def via(self) -> Via:
        """The path."""
        return via_of(whole=self.recipe.whole)

    def settings(self) -> dict[str, Any]:
        """Everything that could change a result, plain values."""
        return {"recipe": self.recipe.to_dict(), **self.rules.for_recipe(self.recipe).to_dict()}

    def notes(self) -> list[str]:
        """How what is cut by its recipe differs from what the detector knows, as :func:`crop_notes` says it."""
        return crop_notes(self.detector.card, self.recipe.to_dict())


def via_of(*, whole: bool) -> Via:
    """The path of what judges whole pictures, or does not."""
    return "image" if whole else "face"


def check_paths(paths: Sequence[Via]) -> None:
    """Refuse two detectors of one path: each path has one answer.

    Raises:
        FacefakeError: ``usage``.
    """
    for via, what in (("face", "faces"), ("image", "whole pictures")):
        if (count := sum(path == via for path in paths)) > 1:
            raise FacefakeError(
                "usage",
                f"{count} of the detectors judge {what}; only one of them can give the answer.",
                "Give one, or one of faces and one of whole pictures. To compare several, score with each and give "
                "the results to `facefake report`.",
            )


def examined_by(examiners: Sequence[Examiner], **settings: Any) -> dict[str, Any]:
    """The head of the document of what these examiners find, with further settings.

    ``detector`` and ``settings`` are of the first. If there are two, ``settings.paths`` has the settings of each by its
    path, with its ``detector``.
    """
    first = examiners[0]
    paths = {each.via: {"detector": each.detector.facts(), **each.settings()} for each in examiners}
    both = {"paths": paths} if len(examiners) > 1 else {}
    return document_head(first.detector.facts(), {**first.settings(), **both, **settings})
