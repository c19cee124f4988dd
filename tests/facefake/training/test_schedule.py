from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from facefake.training.schedule import lr_at

RECIPE = {"lr": 3e-4, "min_lr": 1e-5, "warmup_steps": 100, "cycle_steps": 1000}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 1e-5),
        (50, (3e-4 + 1e-5) / 2),
        (100, 3e-4),
        (100 + 250, 1e-5 + (3e-4 - 1e-5) * (1 + math.cos(math.pi / 4)) / 2),
        (100 + 500, (3e-4 + 1e-5) / 2),
        (1100, 3e-4),  # warm restart
        (1600, (3e-4 + 1e-5) / 2),
    ],
)
def test_the_recipe_at_known_steps(step: int, expected: float):
    assert lr_at(step, **RECIPE) == pytest.approx(expected, rel=1e-12)


def test_the_end_of_a_cycle_nears_the_lowest_rate():
    assert lr_at(1099, **RECIPE) == pytest.approx(1e-5, abs=1e-8)


def test_equals_torchs_own_schedulers():
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=3e-4)
    warmup = torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=1e-5 / 3e-4, total_iters=10)
    cycles = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, T_0=20, eta_min=1e-5)
    both = torch.optim.lr_scheduler.SequentialLR(optimiser, [warmup, cycles], milestones=[10])
    for step in range(60):
        ours = lr_at(step, lr=3e-4, min_lr=1e-5, warmup_steps=10, cycle_steps=20)
        assert optimiser.param_groups[0]["lr"] == pytest.approx(ours, rel=1e-6), step
        optimiser.step()
        both.step()


@given(step=st.integers(0, 10**6), warmup=st.integers(0, 500), cycle=st.integers(1, 500))
def test_stays_between_its_bounds(step: int, warmup: int, cycle: int):
    rate = lr_at(step, lr=1.0, min_lr=0.1, warmup_steps=warmup, cycle_steps=cycle)
    assert 0.1 - 1e-12 <= rate <= 1.0 + 1e-12
