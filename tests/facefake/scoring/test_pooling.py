import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefake.scoring.pooling import check_rule, pool, pool_people
from preprocessing.errors import FacefakeError

RULES = ["mean", "median", "max", "top-k", "top-1", "top-3", "top-1000"]
score_lists = st.lists(st.floats(0, 1), min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("mean", 0.36),
        ("median", 0.3),
        ("max", 0.9),
        ("top-k", 0.7),
        ("top-1", 0.9),
        ("top-3", 1.7 / 3),
        ("top-99", 0.36),
    ],
)
def test_rules_on_five_frames(rule, expected):
    # a quarter of five frames, rounded up, is two: top-k is (0.9 + 0.5) / 2
    assert pool([0.0, 0.1, 0.5, 0.3, 0.9], rule) == pytest.approx(expected)


def test_top_k_of_32_frames_is_the_mean_of_the_highest_8():
    scores = np.linspace(0, 1, 32)
    assert pool(scores, "top-k") == pytest.approx(scores[-8:].mean())


@settings(deadline=None)
@given(score_lists, st.sampled_from(RULES), st.randoms())
def test_pooled_lies_within_the_scores_and_ignores_their_order(scores, rule, random):
    pooled = pool(scores, rule)
    assert min(scores) <= pooled <= max(scores)
    shuffled = list(scores)
    random.shuffle(shuffled)
    assert pool(shuffled, rule) == pooled


@settings(deadline=None)
@given(score_lists, st.sampled_from(RULES), st.data())
def test_a_more_suspicious_frame_never_lowers_the_score(scores, rule, data):
    index = data.draw(st.integers(0, len(scores) - 1))
    raised = list(scores)
    raised[index] = data.draw(st.floats(scores[index], 1))
    assert pool(raised, rule) >= pool(scores, rule) - 1e-12


@settings(deadline=None)
@given(score_lists)
def test_rules_are_ordered_from_lenient_to_strict(scores):
    mean, top_k, top = (pool(scores, rule) for rule in ("mean", "top-k", "max"))
    assert mean <= top_k + 1e-12
    assert top_k <= top


def test_half_precision_scores_are_averaged_in_double():
    assert pool(np.full(3000, 0.1, dtype=np.float16)) == float(np.float16(0.1))


@pytest.mark.parametrize("scores", [[], [np.nan], [0.5, np.inf], [-0.1], [1.1], 0.5, [[0.5]]])
def test_what_is_not_a_list_of_scores_is_refused(scores):
    with pytest.raises(FacefakeError) as error:
        pool(scores)
    assert error.value.code == "scores_invalid"


@pytest.mark.parametrize("rule", ["Mean", "top-0", "top--1", "top-", "top-3.5", "top-k ", "", "average"])
def test_unknown_rules_are_refused(rule):
    with pytest.raises(FacefakeError) as error:
        check_rule(rule)
    assert error.value.code == "config_invalid"


def test_clip_score_is_the_most_suspicious_person():
    assert pool_people([0.2, 0.9, 0.4]) == 0.9
    with pytest.raises(FacefakeError):
        pool_people([])
