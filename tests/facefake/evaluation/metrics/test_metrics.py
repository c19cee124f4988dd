import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from facefake.evaluation.metrics import (
    NAMES,
    accuracy,
    auc,
    auc_difference,
    auc_if_wrong,
    average_precision,
    ece,
    eer,
    macro_f1,
    summarise,
    tpr_at_fpr,
)
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.metrics.samples import labelled_scores, made


def points(labels, scores):
    """(FPR, TPR, precision) at every threshold, strictest first, counted anew for each."""
    called = [scores >= threshold for threshold in sorted(set(scores), reverse=True)]
    return [(np.mean(c[labels == 0]), np.mean(c[labels == 1]), np.mean(labels[c])) for c in called]


@settings(deadline=None)
@given(labelled_scores())
def test_auc_is_the_share_of_pairs_in_the_right_order(data):
    labels, scores = data
    fake, real = scores[labels == 1][:, None], scores[labels == 0][None]
    assert auc(labels, scores) == pytest.approx(np.mean((fake > real) + 0.5 * (fake == real)), abs=1e-12)


@settings(deadline=None)
@given(labelled_scores())
def test_ap_is_precision_summed_over_steps_of_recall(data):
    recall, total = 0.0, 0.0
    for _, tpr, precision in points(*data):
        total += (tpr - recall) * precision
        recall = tpr
    assert average_precision(*data) == pytest.approx(total, abs=1e-12)


@settings(deadline=None)
@given(labelled_scores(), st.sampled_from([0.0, 0.001, 0.01, 0.05, 0.25, 1 / 3, 0.5, 1.0]))
def test_tpr_at_fpr_is_the_best_at_any_threshold_that_keeps_the_limit(data, limit):
    allowed = [tpr for fpr, tpr, _ in points(*data) if fpr <= limit]
    assert tpr_at_fpr(*data, limit) == pytest.approx(max(allowed, default=0.0), abs=1e-12)


@settings(deadline=None)
@given(labelled_scores())
def test_eer_lies_on_the_roc_where_both_errors_are_equal(data):
    fpr, tpr, _ = np.array([(0, 0, 1), *points(*data)]).T
    # brute force over finely subdivided segments of the curve
    share = np.linspace(0, 1, 2001)[:, None]
    x = (fpr[:-1] + share * np.diff(fpr)).ravel()
    y = (tpr[:-1] + share * np.diff(tpr)).ravel()
    nearest = np.argmin(np.abs(1 - y - x))
    assert eer(*data) == pytest.approx(x[nearest], abs=1e-3)


@settings(deadline=None)
@given(labelled_scores())
def test_ece_is_the_gap_between_probability_and_share_of_fakes_bin_by_bin(data):
    labels, scores = data
    total = 0.0
    for i in range(15):
        inside = (scores > i / 15) & (scores <= (i + 1) / 15) | (scores == 0) & (i == 0)
        if inside.any():
            total += inside.mean() * abs(scores[inside].mean() - labels[inside].mean())
    assert ece(labels, scores) == pytest.approx(total, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(labelled_scores())
def test_log_loss_and_brier_are_their_formulas(data):
    labels, scores = data
    summary = summarise(labels, scores, probabilities=scores, resamples=1)
    given_to_truth = np.clip(np.where(labels == 1, scores, 1 - scores), np.finfo(float).eps, 1)
    assert summary["log_loss"].value == pytest.approx(np.mean(-np.log(given_to_truth)), rel=1e-9, abs=1e-12)
    assert summary["brier"].value == pytest.approx(np.mean((scores - labels) ** 2), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(labelled_scores())
def test_only_the_order_of_scores_matters_to_the_ranking_metrics(data):
    labels, scores = data
    plain, bent = (summarise(labels, s, resamples=20) for s in (scores, np.exp(5 * scores) - 100))
    assert plain == bent


def test_tpr_at_exactly_the_allowed_number_of_false_alarms():
    # 700 reals: 1 % are 7, though 0.01 * 700 is not exactly 7 in floating point
    labels = np.r_[np.zeros(700), np.ones(8)].astype(int)
    scores = np.r_[np.arange(700) / 1000, [0.6925] * 6, 0.001, 0.001]
    assert tpr_at_fpr(labels, scores, 0.01) == 6 / 8
    assert tpr_at_fpr(labels, scores, 0.009) == 0


def test_perfect_reversed_and_constant_scores():
    labels = np.array([0, 0, 0, 1, 1])
    perfect = np.array([0.1, 0.2, 0.3, 0.7, 0.9])
    assert (auc(labels, perfect), auc(labels, 1 - perfect), auc(labels, np.full(5, 0.5))) == (1.0, 0.0, 0.5)
    assert (eer(labels, perfect), eer(labels, 1 - perfect), eer(labels, np.full(5, 0.5))) == (0.0, 1.0, 0.5)
    assert average_precision(labels, perfect) == 1.0
    assert average_precision(labels, np.full(5, 0.5)) == pytest.approx(2 / 5)
    assert (tpr_at_fpr(labels, perfect, 0.01), tpr_at_fpr(labels, 1 - perfect, 0.05)) == (1.0, 0.0)
    assert (accuracy(labels, perfect), accuracy(labels, 1 - perfect)) == (1.0, 0.0)
    assert (ece(labels, labels), ece(labels, 1 - labels)) == (0.0, 1.0)


def test_fake_is_one():
    assert auc([0, 1], [0.2, 0.8]) == 1.0
    assert accuracy([0, 1], [0.2, 0.5]) == 1.0


METRICS = [
    auc,
    average_precision,
    eer,
    macro_f1,
    accuracy,
    ece,
    lambda y, s: tpr_at_fpr(y, s, 0.05),
    lambda y, s: summarise(y, s, resamples=2),
    lambda y, s: auc_difference(y, s, s, resamples=2),
    lambda y, s: auc_if_wrong(y, s, []),
]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("labels", "scores", "code"),
    [
        ([1, 1], [0.1, 0.2], "one_class"),
        ([0, 0, 0], [0.1, 0.2, 0.3], "one_class"),
        ([0], [0.1], "one_class"),
        ([], [], "scores_invalid"),
        ([0, 1], [0.1], "scores_invalid"),
        ([0, 1], [], "scores_invalid"),
        ([0, 1], [0.1, np.nan], "scores_invalid"),
        ([0, 1], [0.1, None], "scores_invalid"),
        ([0, 1], [0.1, np.inf], "scores_invalid"),
        ([0, 1], [[0.1, 0.9], [0.8, 0.2]], "scores_invalid"),
        ([0, 1], ["low", "high"], "scores_invalid"),
        ([0, 2], [0.1, 0.2], "labels_invalid"),
        ([0, np.nan], [0.1, 0.2], "labels_invalid"),
        ([[0], [1]], [0.1, 0.2], "labels_invalid"),
        (["real", "fake"], [0.1, 0.2], "labels_invalid"),
    ],
)
def test_what_cannot_be_measured_is_refused(metric, labels, scores, code):
    with pytest.raises(FacefakeError) as error:
        metric(labels, scores)
    assert error.value.code == code


@pytest.mark.parametrize(
    "options",
    [
        {"probabilities": [0.1, 1.1]},
        {"probabilities": [-0.1, 0.5]},
        {"probabilities": [0.1, np.nan]},
        {"probabilities": [0.5]},
        {"groups": [0]},
        {"groups": [0.0, np.nan]},
    ],
)
def test_probabilities_and_groups_that_do_not_fit_are_refused(options):
    with pytest.raises(FacefakeError) as error:
        summarise([0, 1], [3.0, 4.0], resamples=2, **options)
    assert error.value.code == "scores_invalid"


def test_the_summary_agrees_with_the_single_metrics():
    labels, scores = made(300, distinct=20)
    summary = summarise(labels, scores, probabilities=scores, threshold=0.6, resamples=20)
    assert list(summary) == list(NAMES)
    assert summary["auc"].value == pytest.approx(auc(labels, scores), abs=1e-12)
    assert summary["ap"].value == average_precision(labels, scores)
    assert summary["eer"].value == eer(labels, scores)
    assert summary["accuracy"].value == accuracy(labels, scores, 0.6)
    assert summary["tpr_at_fpr_0_1"].value == tpr_at_fpr(labels, scores, 0.001)
    assert summary["tpr_at_fpr_1"].value == tpr_at_fpr(labels, scores, 0.01)
    assert summary["tpr_at_fpr_5"].value == tpr_at_fpr(labels, scores, 0.05)
    assert summary["ece"].value == ece(labels, scores)


def test_scores_that_are_no_probabilities_have_no_accuracy_and_no_calibration():
    labels, scores = made(50)
    summary = summarise(labels, 100 * scores - 7, resamples=20)
    assert [name for name in NAMES if summary[name] is None] == ["accuracy", "log_loss", "brier", "ece"]


def test_the_threshold_is_held_against_the_probability_not_the_score():
    summary = summarise([0, 1], [30.0, 40.0], probabilities=[0.2, 0.3], threshold=0.25, resamples=5)
    assert summary["accuracy"].value == 1.0


def test_the_difference_of_two_aucs():
    labels, good = made(200, separation=2.0)
    poor = good + np.random.default_rng(1).normal(size=200)
    difference = auc_difference(labels, good, poor, resamples=400)
    assert difference.value == pytest.approx(auc(labels, good) - auc(labels, poor))
    assert difference.low > 0
    opposite = auc_difference(labels, poor, good, resamples=400)
    assert (opposite.low, opposite.high) == pytest.approx((-difference.high, -difference.low))


def test_detectors_alike_on_every_clip_differ_by_nothing_however_uncertain_each_is():
    labels, scores = made(30)
    same = auc_difference(labels, scores, 10 * scores - 3, resamples=100)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_both_detectors_are_measured_on_the_same_resamples():
    labels, scores = made(100)
    nearly = scores + 1e-3 * np.random.default_rng(1).normal(size=100)
    paired = auc_difference(labels, scores, nearly)
    alone = summarise(labels, scores)["auc"]
    assert paired.high - paired.low < 0.1 * (alone.high - alone.low)


@settings(deadline=None)
@given(labelled_scores(), st.lists(st.integers(0, 1), max_size=10))
def test_clips_without_a_score_count_as_ranked_wrong(data, missing):
    labels, scores = data
    missing = np.array(missing, dtype=int)
    fake = np.r_[scores[labels == 1], np.full((missing == 1).sum(), -1.0)]
    real = np.r_[scores[labels == 0], np.full((missing == 0).sum(), 2.0)]
    pairs = (fake[:, None] > real) + 0.5 * (fake[:, None] == real)
    assert auc_if_wrong(labels, scores, missing) == pytest.approx(pairs.mean(), abs=1e-12)


def test_if_every_clip_is_without_a_score_all_pairs_are_wrong():
    assert auc_if_wrong([], [], [0, 1]) == 0.0
    assert auc_if_wrong([1, 1], [0.8, 0.9], [0]) == 0.0


def test_no_score_is_so_high_that_a_missing_real_is_not_above_it():
    largest = np.finfo(float).max
    assert auc_if_wrong([0, 1], [0.0, largest], [0]) == 0.5


def test_macro_f1_is_scikit_learns():
    labels, scores = [0, 0, 0, 1, 1], [0.1, 0.5, 0.7, 0.5, 0.2]
    called = [score >= 0.5 for score in scores]
    assert macro_f1(labels, scores) == pytest.approx(f1_score(labels, called, average="macro"))
    assert macro_f1([0, 1], [0.9, 0.9]) == pytest.approx(1 / 3)  # all called fake: no F1 of reals
