"""How far an exported detector's answers lie from those of the detector it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from facefake.models.card import DetectorCard
from facefake.models.detector import Detector
from facefake.models.onnx.runner import OnnxRunner
from facefake.models.preprocess import Preprocess

FP32_DRIFT: Final = 1e-4  # of a score, which float32 in another order of sums stays far below
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Parity:
    """A comparison.

    Attributes:
        pictures: How many.
        score_difference: Largest difference of a score, 0..1; not a number if an answer is none.
        mean_difference: Mean difference of a score.
        verdicts_changed: Pictures on the other side of the threshold.
    """

    pictures: int
    score_difference: float
    mean_difference: float
    verdicts_changed: int

    def within(self, precision: str) -> bool:
        """Whether that may be called the same detector: in fp32 the same scores; in less, scores at all."""
        return self.score_difference <= (FP32_DRIFT if precision == "fp32" else 1.0)


def compare(reference: Detector, exported: OnnxRunner, pictures: Sequence[NDArray[np.uint8]]) -> Parity:
    """Score pictures with both; of the graph, its own score and that of its feature, whichever lies farther off.

    Args:
        reference: The detector as torch runs it in fp32.
        exported: Its export.
        pictures: As the detector looks at them, uint8 RGB.
    """
    preprocess = Preprocess.of(reference.card.backbone)
    found: list[NDArray[np.float64]] = []
    for start in range(0, len(pictures), _BATCH):
        answers = exported.answers(torch.stack([preprocess.resize(each) for each in pictures[start : start + _BATCH]]))
        kept = torch.from_numpy(exported.logits(answers["feature"])).double().softmax(1)[:, 1].numpy()
        found.append(np.stack([answers["score"].astype(np.float64), kept]))
    expected, given = reference.score(pictures, _BATCH), np.concatenate(found, axis=1)
    difference = np.abs(given - expected)
    changed = _called_fake(reference.card, expected) != _called_fake(reference.card, given)
    return Parity(len(pictures), float(difference.max()), float(difference.mean()), int(changed.any(axis=0).sum()))


def _called_fake(card: DetectorCard, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    probabilities = scores if card.calibration is None else card.calibration.apply(scores)
    called: NDArray[np.bool_] = probabilities >= card.threshold
    return called
