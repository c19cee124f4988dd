"""How frame scores become a verdict, as one value that is checked when made and written into every result file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from facefake.scoring.calibration import Calibration
from facefake.scoring.pooling import check_rule
from facefake.scoring.verdict import Abstention
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from preprocessing.recipe import Recipe

LAST_EPOCH = "last_epoch"
"""Stands in a detector's card for the figure a checkpoint was chosen by, where none was chosen."""

UNCHOSEN = "default: the more probable of the two classes"


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """How frame scores become a verdict.

    Attributes:
        pooling: Rule over one person's frames, see :mod:`facefake.scoring.pooling`.
        threshold: Probability, 0..1, from which on the verdict is ``fake``.
        threshold_source: How the threshold was chosen, in words.
        calibration: How a score becomes a probability; ``None``: the score is taken for one. It holds for one pooling.
        limits: When to abstain.

    Raises:
        FacefakeError: ``config_invalid`` for an unknown pooling rule or a threshold out of range.

    Example:
        >>> ScoringRules().replaced(pooling="median").to_dict()["pooling"]
        'median'
    """

    pooling: str = "mean"
    threshold: float = 0.5
    limits: Abstention = field(default_factory=Abstention)
    calibration: Calibration | None = None
    threshold_source: str = UNCHOSEN

    def __post_init__(self) -> None:
        check_rule(self.pooling)
        if not 0 <= self.threshold <= 1:
            raise FacefakeError("config_invalid", f"the threshold is {self.threshold}", "It must lie between 0 and 1.")

    def replaced(
        self, *, pooling: str | None = None, threshold: float | None = None, judge_all: bool = False
    ) -> ScoringRules:
        """These rules with what is given changed.

        A calibration, and the threshold that was chosen with it, hold for the pooling they were fitted with: with
        another, the score is the probability again, and the threshold 0.5 unless one is given.

        Args:
            pooling: Another rule.
            threshold: Another threshold.
            judge_all: Whether to judge every clip that shows a face, however poor.

        Raises:
            FacefakeError: ``config_invalid``.
        """
        rules = replace(self, limits=replace(self.limits, abstain=self.limits.abstain and not judge_all))
        if pooling is not None and pooling != self.pooling:
            rules = ScoringRules(pooling, limits=rules.limits) if self.calibration else replace(rules, pooling=pooling)
        if threshold is not None:
            rules = replace(rules, threshold=threshold, threshold_source="given by the user")
        return rules

    def of_pictures(self) -> ScoringRules:
        """These rules for whole pictures, of which nothing is asked that is asked of faces."""
        return replace(self, limits=self.limits.of_pictures())

    def of_faces_by(self, face_detector: str) -> ScoringRules:
        """These rules for faces found by the face detector of this name."""
        return replace(self, limits=self.limits.of_faces_by(face_detector))

    def for_recipe(self, recipe: Recipe) -> ScoringRules:
        """These rules for what the recipe yields: whole pictures, or the faces that its face detector finds."""
        return self.of_pictures() if recipe.whole else self.of_faces_by(recipe.face_detector)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the ``settings`` of results."""
        return {
            "pooling": self.pooling,
            "threshold": self.threshold,
            "threshold_source": self.threshold_source,
            "calibration": self.calibration.to_dict() if self.calibration else None,
            "abstention": asdict(self.limits),
        }
