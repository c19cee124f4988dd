"""How frame scores become a verdict, as one value that is checked when made and written into every result file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from facefake.scoring.pooling import check_rule
from facefake.scoring.verdict import Abstention
from preprocessing.errors import FacefakeError


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """How frame scores become a verdict.

    Attributes:
        pooling: Rule over one person's frames, see :mod:`facefake.scoring.pooling`.
        threshold: Probability, 0..1, from which on the verdict is ``fake``.
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

    def __post_init__(self) -> None:
        check_rule(self.pooling)
        if not 0 <= self.threshold <= 1:
            raise FacefakeError("config_invalid", f"the threshold is {self.threshold}", "It must lie between 0 and 1.")

    def replaced(
        self, *, pooling: str | None = None, threshold: float | None = None, judge_all: bool = False
    ) -> ScoringRules:
        """These rules with what is given changed.

        Args:
            pooling: Another rule.
            threshold: Another threshold.
            judge_all: Whether to judge every clip that shows a face, however poor.

        Raises:
            FacefakeError: ``config_invalid``.
        """
        return replace(
            self,
            pooling=self.pooling if pooling is None else pooling,
            threshold=self.threshold if threshold is None else threshold,
            limits=replace(self.limits, abstain=self.limits.abstain and not judge_all),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the ``settings`` of results."""
        return {
            "pooling": self.pooling,
            "threshold": self.threshold,
            "calibration": None,
            "abstention": asdict(self.limits),
        }
