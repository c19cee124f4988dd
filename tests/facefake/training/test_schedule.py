from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from facefake.training.config import ScheduleConfig
from facefake.training.schedule import lr_at

RECIPE = ScheduleConfig(warmup_epochs=1, cycle_epochs=10, min_lr=1e-5)


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
    assert lr_at(step, RECIPE, lr=3e-4, steps_per_epoch=100) == pytest.approx(expected, rel=1e-12)


def test_the_end_of_a_cycle_nears_the_lowest_rate():
    assert lr_at(1099, RECIPE, lr=3e-4, steps_per_epoch=100) == pytest.approx(1e-5, abs=1e-8)


def test_equals_torchs_own_schedulers():
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=3e-4)
    warmup = torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=1e-5 / 3e-4, total_iters=10)
    cycles = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, T_0=20, eta_min=1e-5)
    both = torch.optim.lr_scheduler.SequentialLR(optimiser, [warmup, cycles], milestones=[10])
    schedule = ScheduleConfig(warmup_epochs=1, cycle_epochs=2, min_lr=1e-5)
    for step in range(60):
        ours = lr_at(step, schedule, lr=3e-4, steps_per_epoch=10)
        assert optimiser.param_groups[0]["lr"] == pytest.approx(ours, rel=1e-6), step
        optimiser.step()
        both.step()


@given(
    step=st.integers(0, 10**6),
    warmup=st.floats(0, 5),
    cycle=st.none() | st.floats(0.01, 5),
    kind=st.sampled_from(["linear", "constant"]),
    each=st.sampled_from(["step", "epoch"]),
)
def test_stays_between_its_bounds(step: int, warmup: float, cycle: float | None, kind: str, each: str):
    schedule = ScheduleConfig(warmup_epochs=warmup, warmup=kind, cycle_epochs=cycle, min_lr=0.1, each=each)
    rate = lr_at(step, schedule, lr=1.0, steps_per_epoch=100)
    assert 0.1 - 1e-12 <= rate <= 1.0 + 1e-12


def rates(schedule: ScheduleConfig, epochs: int, steps: int = 3) -> list[float]:
    return [lr_at(step, schedule, lr=2e-3, steps_per_epoch=steps) for step in range(epochs * steps)]


@pytest.mark.parametrize("epochs", [2, 3, 5])
def test_a_constant_warm_up_and_a_cosine_by_epochs_as_coop_has_them(epochs: int):
    # Dassl with WARMUP_TYPE constant and WARMUP_RECOUNT: the cosine over all epochs begins when the warm-up is over
    schedule = ScheduleConfig(warmup="constant", warmup_lr=1e-5, cycle_epochs=epochs, min_lr=0, each="epoch")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2e-3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=epochs)
    expected = [1e-5] * 3
    for _ in range(epochs - 1):
        expected += [optimiser.param_groups[0]["lr"]] * 3
        optimiser.step()
        cosine.step()
    assert rates(schedule, epochs) == pytest.approx(expected, rel=1e-9)


def test_a_rate_that_stays():
    assert rates(ScheduleConfig(warmup_epochs=0, cycle_epochs=None), 2) == [2e-3] * 6


def test_a_climb_from_another_rate_than_the_lowest():
    assert rates(ScheduleConfig(warmup_lr=5e-4, cycle_epochs=None), 2) == pytest.approx(
        [5e-4, 1e-3, 1.5e-3, 2e-3, 2e-3, 2e-3]
    )
