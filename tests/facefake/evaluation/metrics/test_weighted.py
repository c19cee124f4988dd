import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from facefake.evaluation.metrics import accuracy, ece, eer, summarise, tpr_at_fpr
from facefake.evaluation.metrics.weighted import Judgement, Ranking
from tests.facefake.evaluation.metrics.samples import clustered, labelled_scores

ALL = {
    "auc": roc_auc_score,
    "ap": average_precision_score,
    "eer": eer,
    "accuracy": accuracy,
    "tpr_at_fpr_0_1": lambda y, s: tpr_at_fpr(y, s, 0.001),
    "tpr_at_fpr_1": lambda y, s: tpr_at_fpr(y, s, 0.01),
    "tpr_at_fpr_5": lambda y, s: tpr_at_fpr(y, s, 0.05),
    "log_loss": lambda y, s: log_loss(y, s, labels=[0, 1]),
    "brier": brier_score_loss,
    "ece": ece,
}


@settings(max_examples=60, deadline=None)
@given(labelled_scores(), st.randoms(use_true_random=False))
def test_a_row_of_weight_three_counts_as_three_rows(data, random):
    labels, scores = data
    groups = np.array([random.randrange(4) for _ in labels])
    groups = np.unique(groups, return_inverse=True)[1]
    weights = np.array([[random.randrange(4)] for _ in range(groups.max() + 1)], dtype=float)
    repeated = np.repeat(np.arange(len(labels)), weights[groups, 0].astype(int))
    if len(set(labels[repeated])) < 2:
        return
    ranking, judgement = Ranking(labels, scores, groups), Judgement(labels, scores, 0.5, groups)
    found = ranking.measure(weights) | judgement.measure(weights)
    assert set(found) == set(ALL)
    for name, metric in ALL.items():
        assert found[name][0] == pytest.approx(metric(labels[repeated], scores[repeated]), abs=1e-9), name


RATES = ("tpr_at_fpr_0_1", "tpr_at_fpr_1", "tpr_at_fpr_5")


@pytest.mark.parametrize("fakes", [1, 3, 40], ids=["few fakes", "more fakes", "nearly all fakes"])
@pytest.mark.parametrize("ties", [None, 3], ids=["distinct", "tied"])
def test_the_grid_changes_no_interval_that_a_reader_could_see(monkeypatch, fakes, ties):
    labels, scores, groups = clustered(30_000 // (fakes + 2), fakes, 1.5, 0.5, np.random.default_rng(fakes))
    scores = scores if ties is None else np.where(scores > 1, scores, np.round(scores, ties))
    coarse = summarise(labels, scores, groups=groups, resamples=60)
    monkeypatch.setattr("facefake.evaluation.metrics.weighted.MAX_STEPS", len(labels))
    exact = summarise(labels, scores, groups=groups, resamples=60)
    assert coarse["auc"] != exact["auc"]  # the grid was in use
    for name in ("auc", "ap", "eer"):
        assert coarse[name].value == exact[name].value
        assert coarse[name].to_dict() == pytest.approx(exact[name].to_dict(), abs=2e-4), name
    assert [coarse[name] for name in RATES] == [exact[name] for name in RATES]


def test_a_handful_of_fakes_at_the_very_top_is_not_lost_in_a_step():
    # 40 fakes among 50,000: a step of equal shares would give them all the precision at its end
    rng = np.random.default_rng(0)
    labels = np.r_[np.zeros(50_000), np.ones(40)].astype(int)
    scores = np.r_[rng.normal(size=50_000), 5 + rng.normal(size=40) / 10]
    found = summarise(labels, scores, groups=np.arange(50_040) % 500, resamples=50)
    for name in ("auc", "ap", *RATES):
        assert (found[name].low, found[name].high) == pytest.approx((1, 1), abs=1e-9), name


def test_perfect_detectors_of_many_clips_have_no_interval_to_speak_of():
    labels = np.arange(20_000) % 2
    found = summarise(labels, labels + np.random.default_rng(0).random(20_000) / 2, resamples=20)
    assert found["auc"].to_dict() == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert found["eer"].high < 1e-3
