from __future__ import annotations

import numpy as np
import pytest

from facefake.training.validation import Validation, validate


def test_polarity_perfect_and_reversed():
    labels, clips = np.array([0, 0, 1, 1]), ["r", "r", "f", "f"]
    perfect = validate(np.array([0.1, 0.2, 0.8, 0.9]), labels, clips)
    reversed_ = validate(np.array([0.9, 0.8, 0.2, 0.1]), labels, clips)
    assert (perfect.video_auc, perfect.frame_auc) == (1.0, 1.0)
    assert (reversed_.video_auc, reversed_.frame_auc) == (0.0, 0.0)
    assert perfect.cross_entropy == pytest.approx(-np.log([0.9, 0.8, 0.8, 0.9]).mean())


def test_a_clips_score_is_the_mean_of_its_frames():
    scores, labels = np.array([0.0, 0.9, 0.5, 0.5, 0.5]), np.array([1, 1, 0, 0, 0])
    figures = validate(scores, labels, ["f", "f", "r", "r", "r"])
    assert figures.video_auc == 0.0  # 0.45 against 0.5
    assert figures.frame_auc == 0.5


def test_clips_of_one_name_in_different_folders_stay_apart():
    scores, labels = np.array([0.1, 0.9, 0.6, 0.4]), np.array([0, 1, 1, 0])
    assert validate(scores, labels, ["youtube/0.mp4", "fake/0.mp4", "fake2/0.mp4", "y2/0.mp4"]).video_auc == 1.0


def test_order_does_not_matter():
    rng = np.random.default_rng(0)
    scores, labels = rng.random(30), np.repeat([0, 1, 1], 10)
    clips = [f"{row // 5}" for row in range(30)]
    order = rng.permutation(30)
    shuffled = validate(scores[order], labels[order], [clips[row] for row in order])
    plain = validate(scores, labels, clips)
    assert (shuffled.video_auc, shuffled.frame_auc) == (plain.video_auc, plain.frame_auc)
    assert shuffled.cross_entropy == pytest.approx(plain.cross_entropy)


def test_ties_of_video_auc_go_to_the_lower_cross_entropy():
    assert Validation(1.0, 0.5, 0.2).rank > Validation(1.0, 0.9, 0.3).rank
    assert Validation(0.9, 0.5, 0.2).rank < Validation(1.0, 0.9, 0.3).rank


def test_certain_and_wrong_scores_stay_finite():
    assert np.isfinite(validate(np.array([0.0, 1.0]), np.array([1, 0]), ["f", "r"]).cross_entropy)
