"""Which frames a rule takes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import FacefakeError
from preprocessing.video.sampling import Sampling, spread, uniform


def spread_by_brute_force(count):
    """The definition: always the index with the greatest distance to those taken, the smaller of equals."""
    taken = [count // 2] if count else []
    while len(taken) < count:
        rest = [index for index in range(count) if index not in taken]
        taken.append(max(rest, key=lambda index: (min(abs(index - other) for other in taken), -index)))
    return taken


@given(st.integers(0, 60))
def test_spread_is_the_greedy_permutation(count):
    assert list(spread(count)) == spread_by_brute_force(count)


def test_spread_of_a_very_long_clip_is_lazy():
    assert list(itertools.islice(spread(10**15), 3)) == [5 * 10**14, 0, 10**15 - 1]


@given(st.integers(0, 500), st.integers(1, 64))
def test_uniform_is_even_unique_and_holds_both_ends(count, n):
    indices = uniform(count, n)
    assert len(indices) == min(count, n)
    assert all(0 <= index < count for index in indices)
    steps = np.diff(indices)
    if len(steps):
        assert steps.min() >= 1
        assert steps.max() - steps.min() <= 1
        assert (indices[0], indices[-1]) == (0, count - 1)


def test_fps_takes_the_first_frame_at_or_after_each_tick():
    times = [0.0, 0.4, 0.6, 1.1, 3.2, 3.3, 4.0]
    assert list(Sampling("fps", rate=1.0).order(times, [])) == [0, 3, 4, 6]
    assert list(Sampling("fps", rate=100.0).order(times, [])) == list(range(7))


@pytest.mark.parametrize("fps", [24, 25, 30, 29.97])
def test_fps_of_a_steady_clip_is_not_moved_by_rounding(fps):
    times = np.arange(300) / fps
    wanted = [int(np.ceil(k / 5 * fps - 1e-6)) for k in range(int(times[-1] * 5 + 1e-6) + 1)]
    assert list(Sampling("fps", rate=5.0).order(times, [])) == wanted
    assert list(Sampling("fps", rate=5.0).order(np.round(times, 6), [])) == wanted


def test_keyframes_are_those_of_the_clip():
    assert list(Sampling("keyframes").order(np.arange(9), np.array([0, 5]))) == [0, 5]


@pytest.mark.parametrize("rule", ["uniform", "spread", "fps", "keyframes"])
def test_no_frames_no_indices(rule):
    assert list(Sampling(rule).order([], [])) == []


@pytest.mark.parametrize("text", ["uniform:32", "spread:8", "fps:2", "fps:0.5", "fps:0.3333333333333333", "keyframes"])
def test_text_and_back(text):
    assert str(Sampling.parse(text)) == text


def test_a_number_left_out_takes_its_default():
    assert Sampling.parse("spread") == Sampling("spread", n=32)
    assert Sampling.parse("spread").target == 32
    assert Sampling.parse("fps").target is None


@pytest.mark.parametrize(
    "text",
    ["", "every:2", "uniform:", "uniform:0", "uniform:2.5", "fps:0", "fps:nan", "fps:inf", "fps:x", "keyframes:3"],
)
def test_what_is_no_rule_is_a_usage_error(text):
    with pytest.raises(FacefakeError) as caught:
        Sampling.parse(text)
    assert caught.value.code == "usage"
