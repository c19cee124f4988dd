"""Heads: from a feature to two logits, class order real = 0, fake = 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Output:
    """What a network answers for a batch of n faces.

    Attributes:
        logits: (n, 2) float32, columns real and fake.
        embedding: (n, dim) float32, L2-normalised feature.
    """

    logits: Tensor
    embedding: Tensor


class HypersphericalHead(nn.Module):
    """``Linear(dim, 2)`` on the L2-normalised feature: no temperature, bias kept, weights not normalised.

    The head of arXiv:2503.19683 and arXiv:2508.06248. Computed in the precision of its weights, float32,
    also under autocast.

    Args:
        dim: Width of the feature.
        classes: Number of classes.

    Example:
        >>> head = HypersphericalHead(8)
        >>> head(torch.ones(3, 8)).logits.shape
        torch.Size([3, 2])
    """

    def __init__(self, dim: int, classes: int = 2) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, classes)

    def forward(self, feature: Tensor) -> Output:
        """(n, dim) features to logits and embeddings."""
        with torch.autocast(feature.device.type, enabled=False):
            embedding = F.normalize(feature.to(self.linear.weight.dtype), dim=-1)
            return Output(self.linear(embedding), embedding)


class LinearHead(nn.Module):
    """``Linear(dim, 2)`` on the raw feature, as in a linear probe. Computed in the precision of its weights.

    Its first weights are normally distributed with deviation 0.01, its first bias is 0 (arXiv:2402.12927).

    Args:
        dim: Width of the feature.
        classes: Number of classes.
    """

    def __init__(self, dim: int, classes: int = 2) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, classes)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, feature: Tensor) -> Output:
        """(n, dim) features to logits and embeddings."""
        with torch.autocast(feature.device.type, enabled=False):
            feature = feature.to(self.linear.weight.dtype)
            return Output(self.linear(feature), F.normalize(feature, dim=-1))


HEADS: dict[str, Callable[[int], nn.Module]] = {"hyperspherical": HypersphericalHead, "linear": LinearHead}
