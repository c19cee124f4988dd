"""The figures a checkpoint is chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures of one epoch on the validation split.

    Attributes:
        video_auc: Area under the ROC curve over clips, a clip's score being the mean P(fake) of its frames.
        frame_auc: The same over frames.
        cross_entropy: Mean over frames; decides between epochs of the same video AUC.
    """

    video_auc: float
    frame_auc: float
    cross_entropy: float

    @property
    def rank(self) -> tuple[float, float]:
        """Greater is better."""
        return self.video_auc, -self.cross_entropy


def validate(scores: NDArray[np.float64], labels: NDArray[np.int64], clips: Sequence[str]) -> Validation:
    """Measure frame scores.

    Args:
        scores: (n,) P(fake).
        labels: (n,) real 0, fake 1; both must occur.
        clips: Clip of each frame: its full relative path.

    Example:
        >>> validate(np.array([0.1, 0.6, 0.9, 0.4]), np.array([0, 0, 1, 1]), ["a", "a", "b", "b"]).video_auc
        1.0
    """
    index = np.unique(np.asarray(clips), return_inverse=True)[1]
    frames = np.bincount(index)
    video_scores = np.bincount(index, scores) / frames
    video_labels = (np.bincount(index, labels) / frames).round()
    likelihood = np.where(labels == 1, scores, 1 - scores).clip(1e-12, 1)
    return Validation(
        video_auc=float(roc_auc_score(video_labels, video_scores)),
        frame_auc=float(roc_auc_score(labels, scores)),
        cross_entropy=float(-np.log(likelihood).mean()),
    )
