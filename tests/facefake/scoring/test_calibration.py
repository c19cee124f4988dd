import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta
from sklearn.isotonic import IsotonicRegression

from facefake.scoring.calibration import METHODS, Calibration, ErrorRates, FittedOn, Rate, fit
from preprocessing.errors import FacefakeError

SHARPEN = Calibration("temperature", {"temperature": 0.5})
SHIFT = Calibration("sigmoid", {"slope": 0.7, "intercept": -1.5})
STEPS = Calibration("isotonic", {"scores": [0.2, 0.4, 0.8], "probabilities": [0.1, 0.1, 0.9]})


def videos(n, distort, seed=0, fakes=0.5):
    """Labels, and scores that would be honest probabilities (for equally many of both) but for ``distort``."""
    rng = np.random.default_rng(seed)
    labels = rng.uniform(size=n) < fakes
    # log-odds normal with variance 2m around ±m are their own likelihood ratio
    odds = np.where(labels, 1.0, -1.0) * 1.5 + rng.normal(size=n) * np.sqrt(3.0)
    return labels.astype(int), expit(distort(odds))


def ece(labels, probabilities, bins=10):
    """Expected calibration error of two classes of equal weight, from its definition."""
    weights = np.where(labels, 0.5 / labels.sum(), 0.5 / (1 - labels).sum())
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    return sum(abs((weights * (labels - probabilities))[which == each].sum()) for each in range(bins))


def refused(*arguments):
    with pytest.raises(FacefakeError) as caught:
        fit(*arguments)
    assert caught.value.code == "calibration_invalid"
    return caught.value


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_finds_what_it_was_distorted_with(temperature):
    labels, scores = videos(40_000, lambda odds: odds * temperature)
    assert fit("temperature", labels, scores).parameters["temperature"] == pytest.approx(temperature, rel=0.03)


def test_sigmoid_finds_slope_and_intercept():
    labels, scores = videos(40_000, lambda odds: (odds - 0.8) / 0.5)
    parameters = fit("sigmoid", labels, scores).parameters
    assert parameters["slope"] == pytest.approx(0.5, rel=0.03)
    assert parameters["intercept"] == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("method", ["temperature", "sigmoid"])
def test_five_fakes_for_each_real_give_the_map_of_equally_many(method):
    labels, scores = videos(60_000, lambda odds: odds * 2, fakes=5 / 6)
    few, even = fit(method, labels, scores), fit(method, *videos(60_000, lambda odds: odds * 2, seed=1))
    assert few.apply([0.1, 0.5, 0.9]) == pytest.approx(even.apply([0.1, 0.5, 0.9]), abs=0.01)


def test_isotonic_is_scikit_learns_with_equal_classes():
    labels, scores = videos(900, lambda odds: odds**3, fakes=0.8)
    weights = np.where(labels, 1 / labels.sum(), 1 / (1 - labels).sum())
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels, sample_weight=weights)
    everywhere = np.concatenate([scores, np.linspace(0, 1, 5001)])
    np.testing.assert_allclose(fit("isotonic", labels, scores).apply(everywhere), theirs.predict(everywhere), atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_unseen_videos_are_better_calibrated(method):
    def overconfident(odds):
        return odds * 4 + 2

    calibration = fit(method, *videos(2000, overconfident))
    labels, scores = videos(20_000, overconfident, seed=1)
    left = 0.1 if method == "temperature" else 0.03  # temperature cannot move the middle
    assert ece(labels, scores) > 0.14
    assert ece(labels, calibration.apply(scores)) < left


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_no_two_clips_change_places(method, data):
    seed = data.draw(st.integers(0, 1000))
    stretch, shift = data.draw(st.floats(0.1, 5)), data.draw(st.floats(-3, 3))
    calibration = fit(method, *videos(600, lambda odds: odds * stretch + shift, seed))
    values = np.sort(data.draw(st.lists(st.floats(0, 1), min_size=2, max_size=40)))
    probabilities = calibration.apply(values)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities) >= -1e-15).all()


def test_separated_videos_do_not_make_it_certain():
    labels = np.repeat([0, 1], 20)
    scores = np.where(labels, 0.9, 0.1)
    for method in ("temperature", "sigmoid"):
        # Platt's targets for 20 videos: 21/22
        assert fit(method, labels, scores).apply([0.9])[0] == pytest.approx(21 / 22, abs=1e-4)


def test_apply_keeps_shape_and_ends_and_what_has_no_score():
    for calibration in (SHARPEN, SHIFT, STEPS):
        assert calibration.apply([[0.0, 0.5], [0.7, 1.0]]).shape == (2, 2)
        assert np.isfinite(calibration.apply([0.0, 1.0])).all()
        assert calibration.apply([]).shape == (0,)
        assert np.isnan(calibration.apply([np.nan, 0.5])).tolist() == [True, False]
    assert SHARPEN.apply(0.5) == 0.5
    assert SHIFT.apply(0.3) == pytest.approx(expit(0.7 * logit(0.3) - 1.5))
    assert STEPS.apply([0.0, 0.3, 0.6, 1.0]) == pytest.approx([0.1, 0.1, 0.5, 0.9])


FITTED_ON = FittedOn(("ffpp",), "val", 140, 700, 70, "a" * 64, "b" * 64)
ERRORS = ErrorRates(0.5, Rate.of(3, 140), Rate.of(0, 700), 5)


@pytest.mark.parametrize("calibration", [SHARPEN, SHIFT, STEPS])
def test_round_trip_through_json(calibration):
    whole = Calibration(calibration.method, calibration.parameters, FITTED_ON, ERRORS)
    for each in (calibration, whole):
        assert Calibration.from_dict(json.loads(json.dumps(each.to_dict(), allow_nan=False))) == each


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("temperature", {"temperature": 0.0}),
        ("temperature", {"temperature": float("nan")}),
        ("temperature", {}),
        ("sigmoid", {"slope": -1.0, "intercept": 0.0}),
        ("sigmoid", {"slope": 1.0}),
        ("isotonic", {"scores": [0.2, 0.1], "probabilities": [0.1, 0.2]}),
        ("isotonic", {"scores": [0.1, 0.2], "probabilities": [0.2, 0.1]}),
        ("isotonic", {"scores": [0.1, 0.2], "probabilities": [0.1, 1.2]}),
        ("isotonic", {"scores": [0.1, 0.2], "probabilities": [0.1]}),
        ("isotonic", {"scores": [], "probabilities": []}),
        ("beta", {"a": 1.0}),
    ],
)
def test_what_is_no_calibration_is_refused(method, parameters):
    with pytest.raises(ValueError, match="no parameters of"):
        Calibration(method, parameters)
    with pytest.raises(FacefakeError) as caught:
        Calibration.from_dict({"method": method, "parameters": parameters})
    assert caught.value.code == "calibration_invalid"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("labels", [[], [0] * 100, [1] * 100])
def test_both_classes_are_needed(method, labels):
    refused(method, labels, np.linspace(0, 1, len(labels)))


@pytest.mark.parametrize("method", METHODS)
def test_a_detector_that_is_upside_down_is_not_calibrated_away(method):
    labels, scores = videos(1000, lambda odds: -odds)
    assert "above the fake" in refused(method, labels, scores).message


def test_unknown_method():
    assert "sigmoid" in refused("beta", [0, 1], [0.1, 0.9]).hint


@pytest.mark.parametrize(("errors", "of"), [(0, 140), (3, 140), (140, 140)])
def test_rates_have_the_interval_of_clopper_and_pearson(errors, of):
    rate = Rate.of(errors, of)
    low = beta.ppf(0.025, errors, of - errors + 1) if errors else 0.0
    high = beta.ppf(0.975, errors + 1, of - errors) if errors < of else 1.0
    assert (rate.value, rate.low, rate.high) == pytest.approx((errors / of, low, high))
