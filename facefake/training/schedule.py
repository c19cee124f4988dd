"""The learning rate at every optimiser step."""

from __future__ import annotations

import math


def lr_at(step: int, *, lr: float, min_lr: float, warmup_steps: int, cycle_steps: int) -> float:
    """Linear warm-up from ``min_lr``, then cosine cycles with warm restarts (SGDR, arXiv:1608.03983).

    Args:
        step: Optimiser steps done, from 0.
        lr: Highest rate: at the end of the warm-up and at the start of each cycle.
        min_lr: Rate at step 0 of a warm-up, and what each cycle falls towards.
        warmup_steps: Steps of the warm-up, may be 0.
        cycle_steps: Steps of a cycle.

    Returns:
        A rate in [min_lr, lr].

    Example:
        >>> [round(lr_at(step, lr=1.0, min_lr=0.0, warmup_steps=2, cycle_steps=4), 3) for step in range(8)]
        [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0, 0.854]
    """
    if step < warmup_steps:
        return min_lr + (lr - min_lr) * step / warmup_steps
    phase = (step - warmup_steps) % cycle_steps / cycle_steps
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * phase)) / 2
