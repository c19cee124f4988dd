"""BatchNorms of a tower: their running statistics, which training with the strategy full moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norms(module: nn.Module) -> list[tuple[str, _BatchNorm]]:
    """Every BatchNorm with running statistics, and its name; timm's with an activation are such, frozen ones are not.

    Example:
        >>> [name for name, _ in batch_norms(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)))]
        ['1']
    """
    found = ((name, each) for name, each in module.named_modules() if isinstance(each, _BatchNorm))
    return [(name, each) for name, each in found if each.running_mean is not None]


def statistics(module: nn.Module) -> set[str]:
    """Names of the running statistics in the module's state: means, variances, and how many batches they are of.

    Example:
        >>> sorted(statistics(nn.BatchNorm2d(4)))
        ['num_batches_tracked', 'running_mean', 'running_var']
    """
    return {f"{name}.{own}" if name else own for name, norm in batch_norms(module) for own, _ in norm.named_buffers()}


def update_once(tower: nn.Module) -> None:
    """Let statistics move in the tower's forward pass alone, where its activations are computed again in the backward.

    That pass normalises by the batch as the first did, and would move them a second time.
    """
    forward = False

    def begin(*_: Any) -> None:
        nonlocal forward
        forward = True

    def end(*_: Any) -> None:
        nonlocal forward
        forward = False

    tower.register_forward_pre_hook(begin)
    tower.register_forward_hook(end, always_call=True)
    for _, norm in batch_norms(tower):
        _hold(norm, lambda: not forward)


def _hold(norm: _BatchNorm, still: Callable[[], bool]) -> None:
    """Keep a BatchNorm's statistics as they are in passes that begin while ``still()``."""
    kept: list[tuple[float | None, Tensor | None]] = []

    def before(*_: Any) -> None:
        if still() and norm.training:
            count = norm.num_batches_tracked
            kept.append((norm.momentum, None if count is None else count.clone()))
            norm.momentum = 0.0  # values written back in place would be noticed by the backward pass

    def after(*_: Any) -> None:
        if kept:
            norm.momentum, count = kept.pop()
            if count is not None and norm.num_batches_tracked is not None:
                norm.num_batches_tracked.copy_(count)

    norm.register_forward_pre_hook(before)
    norm.register_forward_hook(after, always_call=True)  # a pass that is cut short when all is there that was wanted
