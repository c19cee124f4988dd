import json

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import auc as area

from facefake.evaluation.metrics import auc, ece
from facefake.evaluation.metrics.curves import curves
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.metrics.samples import labelled_scores, made


def corners(labels, scores):
    """Every (FPR, TPR) there is, counted anew for each threshold."""
    called = [scores >= threshold for threshold in sorted(set(scores), reverse=True)]
    return [(0.0, 0.0), *((np.mean(c[labels == 0]), np.mean(c[labels == 1])) for c in called)]


@settings(deadline=None)
@given(labelled_scores())
def test_a_short_curve_is_the_exact_one(data):
    roc = curves(*data)["roc"]
    exact = corners(*data)
    for point in zip(roc["fpr"], roc["tpr"], strict=True):
        assert min(np.abs(np.subtract(exact, point)).max(axis=1)) < 1e-6
    assert area(roc["fpr"], roc["tpr"]) == pytest.approx(auc(*data), abs=1e-5)


def test_a_long_curve_is_thinned_to_points_of_it_that_draw_the_same_line():
    labels, scores = made(5000, separation=1.5)
    roc = curves(labels, scores)["roc"]
    assert 200 <= len(roc["fpr"]) == len(roc["tpr"]) <= 256
    assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
    x, y = np.array(corners(labels, scores)).T
    # both rates rise along the curve, their sum with every step of it
    assert np.abs(np.interp(x + y, np.add(roc["fpr"], roc["tpr"]), roc["tpr"]) - y).max() < 0.005
    exact = set(zip(np.round(x, 6), np.round(y, 6), strict=True))
    assert all(point in exact for point in zip(roc["fpr"], roc["tpr"], strict=True))


def test_the_det_keeps_points_where_its_axes_are_wide():
    # a thousandth of the reals is a fifth of the way along an axis of normal deviates, and a thousandth of the ROC's
    labels, scores = made(100_000)
    made_of_both = curves(labels, scores)
    low = {name: sum(0 < fpr < 0.001 for fpr in made_of_both[name]["fpr"]) for name in ("roc", "det")}
    assert low["det"] > 20 > 10 > low["roc"]


def test_the_det_is_the_roc_upside_down():
    labels, scores = made(100)
    found = curves(labels, scores)
    assert found["det"]["fpr"] == found["roc"]["fpr"]
    assert found["det"]["fnr"] == pytest.approx([1 - tpr for tpr in found["roc"]["tpr"]], abs=1e-6)


@settings(deadline=None)
@given(labelled_scores())
def test_the_bins_of_the_diagram_add_up_to_the_ece(data):
    labels, scores = data
    bins = curves(labels, scores, scores)["reliability"]["bins"]
    assert sum(b["count"] for b in bins) == len(labels)
    assert all(b["low"] - 1e-6 <= b["mean"] <= b["high"] + 1e-6 for b in bins)
    gaps = sum(b["count"] / len(labels) * abs(b["mean"] - b["fakes"]) for b in bins)
    assert gaps == pytest.approx(ece(labels, scores), abs=2e-6)


def test_scores_that_are_no_probabilities_have_no_diagram():
    assert curves([0, 1], [-3.0, 12.0])["reliability"] is None


@pytest.mark.parametrize(("scores", "ends"), [([0.2, 0.8], (0, 1)), ([-3.0, 12.0], (-3, 12)), ([5.0, 5.0], (4.5, 5.5))])
def test_the_histogram_spans_the_scores_and_counts_each_once(scores, ends):
    histogram = curves([0, 1], scores)["histogram"]
    assert (histogram["edges"][0], histogram["edges"][-1]) == ends
    assert len(histogram["edges"]) == len(histogram["real"]) + 1 == len(histogram["fake"]) + 1
    assert (sum(histogram["real"]), sum(histogram["fake"])) == (1, 1)


def test_the_histogram_is_of_probabilities_where_there_are_any():
    histogram = curves([0, 1], [-3.0, 12.0], [0.01, 0.99])["histogram"]
    assert (histogram["real"][0], histogram["fake"][-1]) == (1, 1)
    assert histogram["edges"][-1] == 1


def test_curves_are_plain_enough_for_json():
    labels, scores = made(5000)
    found = curves(labels, scores, scores)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("labels", "scores", "code"),
    [([1, 1], [0.1, 0.2], "one_class"), ([0, 1], [0.1, np.nan], "scores_invalid"), ([], [], "scores_invalid")],
)
def test_what_has_no_curve_is_refused(labels, scores, code):
    with pytest.raises(FacefakeError) as error:
        curves(labels, scores)
    assert error.value.code == code


@pytest.mark.parametrize("scores", [[5.0, np.nextafter(5.0, 6.0)], [1e17, 1e17], [-3.0, -3.0], [1e100, -1e100]])
def test_scores_that_are_nearly_all_the_same_have_a_histogram_too(scores):
    histogram = curves([0, 1], scores)["histogram"]
    assert (sum(histogram["real"]), sum(histogram["fake"])) == (1, 1)
    assert np.all(np.diff(histogram["edges"]) > 0)
