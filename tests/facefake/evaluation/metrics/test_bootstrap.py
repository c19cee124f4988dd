from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from facefake.evaluation.metrics import NAMES, accuracy, auc_difference, eer, summarise, tpr_at_fpr
from tests.facefake.evaluation.metrics.samples import clustered, labelled_scores, made


def naive_intervals(labels, scores, groups, metrics, resamples, rng):
    """The bootstrap spelt out: draw groups, collect their rows, measure."""
    rows = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    values = []
    while len(values) < resamples:
        chosen = np.concatenate([rows[group] for group in rng.integers(0, len(rows), len(rows))])
        if 0 < labels[chosen].sum() < len(chosen):
            values.append([metric(labels[chosen], scores[chosen]) for metric in metrics])
    return np.percentile(values, [2.5, 97.5], axis=0).T


def test_intervals_agree_with_a_bootstrap_spelt_out():
    rng = np.random.default_rng(0)
    labels, scores, groups = clustered(60, 2, 1.0, 0.5, rng)
    scores = 1 / (1 + np.exp(-np.round(scores, 1)))
    summary = summarise(labels, scores, probabilities=scores, groups=groups, resamples=4000)
    metrics = {
        "auc": roc_auc_score,
        "ap": average_precision_score,
        "eer": eer,
        "accuracy": accuracy,
        "tpr_at_fpr_5": partial(tpr_at_fpr, limit=0.05),
        "log_loss": log_loss,
        "brier": brier_score_loss,
    }
    bounds = naive_intervals(labels, scores, groups, metrics.values(), 500, np.random.default_rng(1))
    for name, (low, high) in zip(metrics, bounds, strict=True):
        found = summary[name]
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.15 * (high - low)), name


def test_a_group_counts_once_however_many_rows_it_has():
    # ten frames of each video have one score: they are no more evidence than one frame
    labels, scores = made(60)
    videos = np.repeat(np.arange(60), 10)
    alone = summarise(labels, scores, probabilities=scores, resamples=500)
    tenfold = summarise(labels[videos], scores[videos], probabilities=scores[videos], groups=videos, resamples=500)
    for name in NAMES:
        assert tenfold[name].to_dict() == pytest.approx(alone[name].to_dict(), abs=2e-6), name


def test_groups_are_names_not_numbers_to_count_with():
    labels, scores, groups = clustered(40, 2, 1.0, 0.5, np.random.default_rng(0))
    plain = summarise(labels, scores, groups=groups, resamples=50)
    assert summarise(labels, scores, groups=groups * 1_000_000_007 - 5, resamples=50) == plain


def test_rows_may_come_in_any_order():
    labels, scores, groups = clustered(40, 2, 1.0, 0.5, np.random.default_rng(0))
    shuffled = np.random.default_rng(1).permutation(len(labels))
    plain = summarise(labels, scores, groups=groups, resamples=50)
    assert summarise(labels[shuffled], scores[shuffled], groups=groups[shuffled], resamples=50) == plain


def test_intervals_repeat_with_the_seed_and_not_without():
    labels, scores = made(50)
    first, again, other = (summarise(labels, scores, probabilities=scores, resamples=50, seed=s) for s in (3, 3, 4))
    assert first == again
    assert first != other


def test_resamples_of_one_class_are_drawn_again():
    summary = summarise([0, 1], [0.2, 0.8], resamples=200)
    assert (summary["auc"].low, summary["auc"].high) == (1.0, 1.0)


def test_one_group_alone_varies_by_nothing():
    labels, scores = made(50)
    found = summarise(labels, scores, groups=np.zeros(50, dtype=int), resamples=20)["auc"]
    assert (found.low, found.high) == pytest.approx((found.value, found.value))


@settings(max_examples=25, deadline=None)
@given(labelled_scores())
def test_every_interval_is_ordered_and_in_range(data):
    labels, scores = data
    found = summarise(labels, scores, probabilities=scores, resamples=50)
    for name in NAMES:
        assert 0 <= found[name].low <= found[name].high <= (np.inf if name == "log_loss" else 1), name


def test_many_rows_are_worked_through_in_bounded_pieces(monkeypatch):
    labels, scores = made(500)
    monkeypatch.setattr("facefake.evaluation.metrics.bootstrap._CELLS", 1200)
    pieces = summarise(labels, scores, probabilities=scores, resamples=30)
    monkeypatch.setattr("facefake.evaluation.metrics.bootstrap._CELLS", 10**9)
    whole = summarise(labels, scores, probabilities=scores, resamples=30)
    for name in NAMES:
        assert pieces[name].to_dict() == pytest.approx(whole[name].to_dict(), abs=2e-6), name


def test_the_interval_of_a_calibrated_detectors_ece_holds_its_value():
    # percentiles alone would begin above the value for a third of these
    for seed in range(20):
        rng = np.random.default_rng(seed)
        probabilities = rng.random(1000)
        labels = (rng.random(1000) < probabilities).astype(int)
        found = summarise(labels, probabilities, probabilities=probabilities, resamples=200)["ece"]
        assert found.low <= found.value <= found.high


def test_the_auc_of_a_summary_varies_as_its_difference_from_a_coin():
    # so that the simulation below, which measures the difference alone for speed, speaks of the summary
    labels, scores, groups = clustered(50, 4, 1.0, 0.7, np.random.default_rng(0))
    full = summarise(labels, scores, groups=groups, resamples=100)["auc"]
    lean = auc_difference(labels, scores, np.zeros(len(labels)), groups=groups, resamples=100)
    assert (full.low, full.high) == pytest.approx((lean.low + 0.5, lean.high + 0.5))


@pytest.mark.slow
def test_intervals_over_groups_cover_the_truth_and_intervals_over_videos_do_not():
    # worlds of 200 footages with two reals and three fakes each; at 1500 the standard error of a coverage is 0.6 points
    truth = 0.9
    separation = 2**0.5 * NormalDist().inv_cdf(truth)

    def coverage(worlds, by_group):
        hits = 0
        for seed in range(worlds):
            labels, scores, groups = clustered(200, 3, separation, 0.7, np.random.default_rng(seed))
            coin, unit = np.zeros(len(labels)), groups if by_group else None
            found = auc_difference(labels, scores, coin, groups=unit, resamples=400, seed=seed)
            hits += found.low <= truth - 0.5 <= found.high
        return hits / worlds

    assert 0.93 <= coverage(1500, by_group=True) <= 0.97
    assert coverage(300, by_group=False) < 0.88
