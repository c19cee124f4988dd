from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefake.training.sampler import PairSampler, pair_groups


@st.composite
def crops(draw: st.DrawFn) -> tuple[list[str | None], np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 40))
    pairs = draw(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=n, max_size=n))
    frames = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    return pairs, np.array(frames), np.array(labels)


@given(crops())
def test_every_crop_is_in_exactly_one_group(sample):
    assert sorted(row for group in pair_groups(*sample) for row in group) == list(range(len(sample[0])))


@given(crops())
def test_a_group_is_a_single_crop_or_reals_and_fakes_of_one_pair(sample):
    pairs, _, labels = sample
    for group in pair_groups(*sample):
        assert len({pairs[row] for row in group}) == 1
        assert len(group) == 1 or {int(labels[row]) for row in group} == {0, 1}


@given(crops())
def test_no_group_could_be_cut_at_a_change_of_frame(sample):
    _, frames, labels = sample
    for group in pair_groups(*sample):
        for cut in range(1, len(group)):
            if frames[group[cut]] != frames[group[cut - 1]]:
                sides = [{int(labels[row]) for row in side} for side in (group[:cut], group[cut:])]
                assert {0, 1} not in sides or sides[0] != sides[1]


def test_a_real_and_its_fakes_of_one_frame_are_one_group():
    # frames 0 and 10 of a real and two fakes
    frames, labels = np.array([0, 10, 0, 10, 0, 10]), np.array([0, 0, 1, 1, 1, 1])
    assert pair_groups(["a"] * 6, frames, labels) == [[0, 2, 4], [1, 3, 5]]


def test_epochs_differ_and_repeat():
    sampler = PairSampler([[row] for row in range(50)], seed=0)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        assert {each for each, _ in sampler} == {epoch}
        orders.append([row for _, row in sampler])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[1]) == list(range(50))


def test_seeds_differ():
    first, second = ([row for _, row in PairSampler([[r] for r in range(50)], seed)] for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("size", [4, 7])
def test_a_batch_cuts_at_most_the_group_at_each_of_its_ends(size: int):
    groups = [[3 * number, 3 * number + 1, 3 * number + 2] for number in range(20)]
    rows = [row for _, row in PairSampler(groups, seed=3)]
    for start in range(0, len(rows) - size + 1, size):
        batch = rows[start : start + size]
        whole = sum(set(group) <= set(batch) for group in groups)
        touched = sum(bool(set(group) & set(batch)) for group in groups)
        assert touched - whole <= 2
