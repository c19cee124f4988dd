import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from facefake.evaluation.metrics import (
    NAMES,
    accuracy,
    auc,
    average_precision,
    eer,
    summarise,
    tpr_at_fpr,
)
from preprocessing.errors import FacefakeError


@st.composite
def labelled_scores(draw):
    """Both classes present; few distinct scores, so that ties abound."""
    n = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda y: 0 < sum(y) < len(y)))
    scores = draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    return np.array(labels), np.array(scores) / 8


def made(n, seed=0, separation=1.0, distinct=None):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-(rng.normal(size=n) + separation * labels)))
    return labels, np.round(scores * distinct) / distinct if distinct else scores


@settings(deadline=None)
@given(labelled_scores())
def test_auc_is_the_share_of_pairs_in_the_right_order(data):
    labels, scores = data
    fake, real = scores[labels == 1][:, None], scores[labels == 0][None]
    assert auc(labels, scores) == pytest.approx(np.mean((fake > real) + 0.5 * (fake == real)), abs=1e-12)


@settings(deadline=None)
@given(labelled_scores())
def test_auc_and_ap_equal_scikit_learn(data):
    labels, scores = data
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores), abs=1e-12)


@settings(deadline=None)
@given(labelled_scores(), st.sampled_from([0.0, 0.01, 0.05, 0.25, 0.5, 1.0]))
def test_tpr_at_fpr_is_the_best_point_of_scikit_learns_curve(data, limit):
    labels, scores = data
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert tpr_at_fpr(labels, scores, limit) == pytest.approx(tpr[fpr <= limit].max(), abs=1e-12)


@settings(deadline=None)
@given(labelled_scores())
def test_eer_lies_on_the_roc_where_both_errors_are_equal(data):
    labels, scores = data
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    rate = eer(labels, scores)
    # brute force over finely subdivided segments of scikit-learn's curve
    share = np.linspace(0, 1, 2001)[:, None]
    x = (fpr[:-1] + share * np.diff(fpr)).ravel()
    y = (tpr[:-1] + share * np.diff(tpr)).ravel()
    nearest = np.argmin(np.abs(1 - y - x))
    assert rate == pytest.approx(x[nearest], abs=1e-3)


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


def test_fake_is_one():
    assert auc([0, 1], [0.2, 0.8]) == 1.0
    assert accuracy([0, 1], [0.2, 0.5]) == 1.0


METRICS = [auc, average_precision, eer, accuracy, lambda y, s: tpr_at_fpr(y, s, 0.05)]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("labels", "scores", "code"),
    [
        ([1, 1], [0.1, 0.2], "one_class"),
        ([0], [0.1], "one_class"),
        ([], [], "scores_invalid"),
        ([0, 1], [0.1], "scores_invalid"),
        ([0, 1], [0.1, np.nan], "scores_invalid"),
        ([0, 1], [0.1, np.inf], "scores_invalid"),
        ([0, 2], [0.1, 0.2], "labels_invalid"),
    ],
)
def test_what_cannot_be_measured_is_refused(metric, labels, scores, code):
    with pytest.raises(FacefakeError) as error:
        metric(labels, scores)
    assert error.value.code == code


def test_the_summary_agrees_with_the_single_metrics():
    labels, scores = made(300, distinct=20)
    summary = summarise(labels, scores, (scores >= 0.5) == labels, resamples=20)
    single = (auc, average_precision, eer, accuracy)
    assert [summary[name].value for name in NAMES[:4]] == pytest.approx([m(labels, scores) for m in single])
    assert summary["tpr_at_fpr_1"].value == tpr_at_fpr(labels, scores, 0.01)
    assert summary["tpr_at_fpr_5"].value == tpr_at_fpr(labels, scores, 0.05)


def naive_interval(labels, scores, videos, metric, resamples, rng):
    """The bootstrap spelt out: draw videos, collect their rows, measure."""
    rows = [np.flatnonzero(videos == video) for video in range(videos.max() + 1)]
    values = []
    while len(values) < resamples:
        chosen = np.concatenate([rows[video] for video in rng.integers(0, len(rows), len(rows))])
        if 0 < labels[chosen].sum() < len(chosen):
            values.append(metric(labels[chosen], scores[chosen]))
    return np.percentile(values, [2.5, 97.5])


def test_intervals_agree_with_a_bootstrap_spelt_out():
    labels, scores = made(120)
    videos = np.arange(120)
    summary = summarise(labels, scores, (scores >= 0.5) == labels, resamples=4000)
    for name, metric in (("auc", roc_auc_score), ("ap", average_precision_score)):
        low, high = naive_interval(labels, scores, videos, metric, 1500, np.random.default_rng(1))
        assert (summary[name].low, summary[name].high) == pytest.approx((low, high), abs=0.015)


def test_frame_intervals_resample_videos_not_frames():
    # ten frames of each video have one score: they are no more evidence than one frame
    labels, scores = made(60)
    videos = np.repeat(np.arange(60), 10)
    alone = summarise(labels, scores, labels == 1, resamples=2000)["auc"]
    tenfold = summarise(labels[videos], scores[videos], labels[videos] == 1, videos=videos, resamples=2000)["auc"]
    assert tenfold.value == pytest.approx(alone.value)
    assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high), abs=1e-9)


def test_intervals_repeat_with_the_seed_and_not_without():
    labels, scores = made(50)
    first, again, other = (summarise(labels, scores, labels == 1, resamples=50, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_resamples_of_one_class_are_drawn_again():
    summary = summarise([0, 1], [0.2, 0.8], [True, True], resamples=200)
    assert all(0 <= summary[name].low <= summary[name].high <= 1 for name in NAMES)
    assert summary["auc"].low == 1.0


@settings(max_examples=25, deadline=None)
@given(labelled_scores())
def test_every_interval_is_ordered_and_in_range(data):
    labels, scores = data
    for interval in summarise(labels, scores, (scores >= 0.5) == labels, resamples=50).values():
        assert 0 <= interval.low <= interval.high <= 1


def test_ninety_five_percent_intervals_cover_the_truth_about_that_often():
    # 200 worlds of 80 videos; the true AUC of normals one apart is Phi(1 / sqrt 2)
    truth, hits = 0.7602499, 0
    for seed in range(200):
        labels, scores = made(80, seed=seed)
        interval = summarise(labels, scores, labels == 1, resamples=300, seed=seed)["auc"]
        hits += interval.low <= truth <= interval.high
    assert 0.89 <= hits / 200 <= 0.99


def test_many_rows_are_worked_through_in_bounded_pieces(monkeypatch):
    labels, scores = made(500)
    monkeypatch.setattr("facefake.evaluation.metrics._CHUNK", 1200)
    summary = summarise(labels, scores, labels == 1, resamples=30)
    monkeypatch.setattr("facefake.evaluation.metrics._CHUNK", 10**9)
    assert summary == summarise(labels, scores, labels == 1, resamples=30)
