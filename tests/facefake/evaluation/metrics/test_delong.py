from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from facefake.evaluation.metrics import auc
from facefake.evaluation.metrics.delong import delong
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.metrics.samples import labelled_scores


def spelt_out(labels, a, b):
    """z and p by DeLong's structural components, pair by pair, and the 2 x 2 covariance of both AUCs."""
    components = []
    for scores in (a, b):
        fake, real = scores[labels == 1][:, None], scores[labels == 0][None]
        wins = (fake > real) + 0.5 * (fake == real)
        components.append((wins.mean(axis=1), wins.mean(axis=0)))
    (v10_a, v01_a), (v10_b, v01_b) = components
    s10, s01 = np.cov(v10_a, v10_b), np.cov(v01_a, v01_b)
    covariance = s10 / len(v10_a) + s01 / len(v01_a)
    contrast = np.array([1, -1])
    z = (v10_a.mean() - v10_b.mean()) / sqrt(contrast @ covariance @ contrast)
    return z, 2 * norm.sf(abs(z))


def spelt_out_by_group(labels, a, b, groups):
    """z by Obuchowski 1997: components summed over each group, and the covariance of its fakes and its reals."""
    names = np.unique(groups)
    sums, means = [], []
    for scores in (a, b):
        fake, real = scores[labels == 1][:, None], scores[labels == 0][None]
        wins = (fake > real) + 0.5 * (fake == real)
        means.append(wins.mean())
        v10, v01 = wins.mean(axis=1) - wins.mean(), wins.mean(axis=0) - wins.mean()
        of_fakes = [v10[groups[labels == 1] == name].sum() for name in names]
        of_reals = [v01[groups[labels == 0] == name].sum() for name in names]
        sums.append((np.array(of_fakes), np.array(of_reals)))
    m, n = (labels == 1).sum(), (labels == 0).sum()
    i, i10, i01 = len(names), len(set(groups[labels == 1])), len(set(groups[labels == 0]))
    covariance = np.empty((2, 2))
    for j, (fakes_j, reals_j) in enumerate(sums):
        for k, (fakes_k, reals_k) in enumerate(sums):
            s10 = i10 / ((i10 - 1) * m) * fakes_j @ fakes_k
            s01 = i01 / ((i01 - 1) * n) * reals_j @ reals_k
            s11 = i / (i - 1) * (fakes_j @ reals_k + reals_j @ fakes_k) / 2
            covariance[j, k] = s10 / m + s01 / n + 2 * s11 / (m * n)
    contrast = np.array([1, -1])
    return (means[0] - means[1]) / sqrt(contrast @ covariance @ contrast)


def two_detectors(n, rng, ties=False):
    """Of equal AUC, and right and wrong on much the same clips."""
    labels = rng.integers(0, 2, n)
    hardness = rng.normal(size=n)
    a, b = (hardness + rng.normal(size=n) + labels for _ in range(2))
    return labels, np.round(a) if ties else a, b


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [10, 60, 300])
def test_midranks_give_what_counting_every_pair_gives(n, ties):
    labels, a, b = two_detectors(n, np.random.default_rng(n), ties)
    found = delong(labels, a, b)
    assert (found.z, found.p) == pytest.approx(spelt_out(labels, a, b), rel=1e-9)
    assert (found.auc_a, found.auc_b) == pytest.approx((auc(labels, a), auc(labels, b)))
    assert found.difference == found.auc_a - found.auc_b


@settings(deadline=None)
@given(labelled_scores(), st.randoms(use_true_random=False))
def test_the_aucs_are_those_of_the_metrics_also_with_ties(data, random):
    labels, a = data
    b = np.array([random.randrange(5) for _ in labels])
    found = delong(labels, a, b)
    assert (found.auc_a, found.auc_b) == pytest.approx((auc(labels, a), auc(labels, b)), abs=1e-12)
    assert isnan(found.p) or 0 <= found.p <= 1


def test_swapping_the_detectors_turns_the_sign_and_nothing_else():
    labels, a, b = two_detectors(80, np.random.default_rng(0))
    one, other = delong(labels, a, b), delong(labels, b, a)
    assert (one.difference, one.z, one.p) == pytest.approx((-other.difference, -other.z, other.p))


def test_only_the_order_of_scores_matters():
    labels, a, b = two_detectors(80, np.random.default_rng(0))
    assert delong(labels, np.exp(a), 7 * b - 3) == delong(labels, a, b)


def test_a_better_detector_is_seen_with_enough_clips_and_not_with_few():
    rng = np.random.default_rng(0)
    labels = np.arange(2000) % 2
    good, poor = 2 * labels + rng.normal(size=2000), labels + rng.normal(size=2000)
    assert delong(labels, good, poor).p < 1e-6
    assert delong(labels[:12], good[:12], poor[:12]).p > 0.05


def test_equal_detectors_do_not_differ():
    labels, a, _ = two_detectors(40, np.random.default_rng(0))
    found = delong(labels, a, 2 * a)
    assert (found.difference, found.z, found.p) == (0.0, 0.0, 1.0)


def test_without_a_standard_error_there_is_no_p_value():
    lone_real = delong([0, 1, 1], [0.1, 0.5, 0.9], [0.5, 0.1, 0.9])
    assert lone_real.difference == 0.5
    assert isnan(lone_real.z)
    assert isnan(lone_real.p)
    never_varying = delong([0, 0, 1, 1], [1, 2, 3, 4], [4, 3, 2, 1])
    assert never_varying.difference == 1.0
    assert isnan(never_varying.p)
    one_group = delong([0, 0, 1, 1], [1, 2, 3, 4], [1, 3, 2, 4], [5, 5, 5, 5])
    assert isnan(one_group.p)


def test_groups_of_one_clip_are_no_groups():
    labels, a, b = two_detectors(80, np.random.default_rng(0))
    assert delong(labels, a, b, groups=np.arange(80)) == delong(labels, a, b)


@pytest.mark.parametrize("seed", range(5))
def test_groups_of_reals_and_fakes_give_what_the_published_formula_gives(seed):
    rng = np.random.default_rng(seed)
    labels, a, b = two_detectors(90, rng, ties=True)
    groups = rng.integers(0, 25, 90)  # some of one class only
    common = rng.normal(size=25)[groups]
    assert delong(labels, a + common, b, groups).z == pytest.approx(
        spelt_out_by_group(labels, a + common, b, groups), rel=1e-9
    )


def test_clips_counted_ten_times_are_no_more_evidence_when_they_are_grouped():
    labels, a, b = two_detectors(80, np.random.default_rng(0))
    tenfold = np.repeat(np.arange(80), 10)
    once, grouped, plain = (
        delong(labels, a, b),
        delong(labels[tenfold], a[tenfold], b[tenfold], groups=tenfold),
        delong(labels[tenfold], a[tenfold], b[tenfold]),
    )
    assert grouped.z == pytest.approx(once.z)
    assert abs(plain.z) > 3 * abs(once.z)


@pytest.mark.parametrize(
    ("labels", "a", "b", "code"),
    [
        ([1, 1], [0.1, 0.2], [0.1, 0.2], "one_class"),
        ([0, 1], [0.1, 0.2], [0.1, np.nan], "scores_invalid"),
        ([0, 1], [0.1, 0.2], [0.1], "scores_invalid"),
        ([], [], [], "scores_invalid"),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, a, b, code):
    with pytest.raises(FacefakeError) as error:
        delong(labels, a, b)
    assert error.value.code == code


def test_p_values_of_equal_detectors_on_independent_clips_are_uniform():
    rng = np.random.default_rng(0)
    p = [delong(*two_detectors(200, rng)).p for _ in range(1000)]
    assert kstest(p, "uniform").pvalue > 0.01


def test_on_clips_of_one_footage_the_plain_test_rejects_too_often_and_the_grouped_one_does_not():
    # two reals and four fakes of each of 150 footages; what a detector makes of a footage it makes of all its clips
    rng = np.random.default_rng(0)
    labels, groups = np.tile([0, 0, 1, 1, 1, 1], 150), np.repeat(np.arange(150), 6)
    rejected = np.zeros(2)
    for _ in range(1000):
        a, b = (
            1.2 * labels + rng.normal(size=(150, 2))[groups, labels] + rng.normal(size=len(labels)) for _ in range(2)
        )
        rejected += [delong(labels, a, b).p < 0.05, delong(labels, a, b, groups=groups).p < 0.05]
    plain, grouped = rejected / 1000
    assert plain > 0.10
    assert 0.03 <= grouped <= 0.07
