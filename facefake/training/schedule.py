"""The learning rate at every optimiser step."""

from __future__ import annotations

import math

from facefake.training.config import ScheduleConfig


def lr_at(step: int, schedule: ScheduleConfig, *, lr: float, steps_per_epoch: int) -> float:
    """A warm-up, then cosine cycles with warm restarts (SGDR, arXiv:1608.03983), or a rate that stays.

    Args:
        step: Optimiser steps done, from 0.
        schedule: Lengths in epochs, and rates.
        lr: Highest rate: at the end of the warm-up and at the start of each cycle.
        steps_per_epoch: Optimiser steps an epoch.

    Returns:
        A rate in [0, lr].

    Example:
        >>> linear = ScheduleConfig(warmup_epochs=2, cycle_epochs=4, min_lr=0)
        >>> [round(lr_at(step, linear, lr=1.0, steps_per_epoch=1), 3) for step in range(8)]
        [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0, 0.854]
        >>> steady = ScheduleConfig(warmup="constant", warmup_lr=0.1, cycle_epochs=None)
        >>> [lr_at(step, steady, lr=1.0, steps_per_epoch=2) for step in range(4)]
        [0.1, 0.1, 1.0, 1.0]
    """
    if schedule.each == "epoch":
        step -= step % steps_per_epoch
    warmup_steps = round(schedule.warmup_epochs * steps_per_epoch)
    if step < warmup_steps:
        start = schedule.min_lr if schedule.warmup_lr is None else schedule.warmup_lr
        return start if schedule.warmup == "constant" else start + (lr - start) * step / warmup_steps
    if schedule.cycle_epochs is None:
        return lr
    cycle_steps = max(1, round(schedule.cycle_epochs * steps_per_epoch))
    phase = (step - warmup_steps) % cycle_steps / cycle_steps
    return schedule.min_lr + (lr - schedule.min_lr) * (1 + math.cos(math.pi * phase)) / 2
