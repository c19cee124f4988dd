"""The loss: cross-entropy, uniformity and alignment on the unit sphere, and slerp between features of a class.

Pure functions; all compute in float32 at least, also under autocast.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from facefake.models.heads import Output
from facefake.training.config import LossConfig


@dataclass(frozen=True, slots=True)
class Loss:
    """The parts of a loss and their weighted sum; scalars.

    Attributes:
        total: What is minimised.
        cross_entropy: Unweighted.
        uniformity: Unweighted; ``None`` if it has no weight: over all pairs of a large batch it would take far longer
            than a step on features that are there already.
        alignment: As uniformity.
    """

    total: Tensor
    cross_entropy: Tensor
    uniformity: Tensor | None
    alignment: Tensor | None


def squared_distances(embedding: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Squared Euclidean distances of all pairs i < j of a batch.

    Differences are squared and summed: 2 - 2<a, b> would lose half of float32's digits for near neighbours, and the
    gradient of a distance (``torch.pdist``) is not finite where two embeddings coincide.

    Args:
        embedding: (n, dim).

    Returns:
        Distances (n(n-1)/2,), and the indices i and j of each pair.
    """
    first, second = torch.triu_indices(len(embedding), len(embedding), offset=1, device=embedding.device)
    return (embedding[first] - embedding[second]).square().sum(dim=1), first, second


def uniformity(embedding: Tensor, t: float = 2.0, floor: float = 1e-6) -> Tensor:
    """``log mean exp(-t |zi - zj|^2)`` over all pairs of the batch, whatever their labels.

    Wang and Isola, arXiv:2005.10242; as in GenD the mean is kept above ``floor``.

    Args:
        embedding: (n, dim) unit vectors.
        t: Temperature.
        floor: Lower bound of the mean.

    Returns:
        A scalar in [log floor, 0]; 0 for fewer than two embeddings.

    Example:
        >>> uniformity(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        tensor(-4.)
    """
    with torch.autocast(embedding.device.type, enabled=False):
        distances, _, _ = squared_distances(_at_least_float(embedding))
        if distances.numel() == 0:
            return _zero(embedding)
        return distances.mul(-t).exp().mean().clamp(min=floor).log()


def alignment(embedding: Tensor, labels: Tensor) -> Tensor:
    """Mean of ``|zi - zj|^2`` over the pairs of the batch that share a label (arXiv:2005.10242, alpha = 2).

    Args:
        embedding: (n, dim) unit vectors.
        labels: (n,) integers.

    Returns:
        A scalar in [0, 4]; 0, with a gradient of zero, if no two labels are the same.

    Example:
        >>> alignment(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([1, 1]))
        tensor(2.)
    """
    with torch.autocast(embedding.device.type, enabled=False):
        distances, first, second = squared_distances(_at_least_float(embedding))
        same = labels[first] == labels[second]
        # a masked sum, not a selection: no wait for the device to say how many pairs there are
        return (distances * same).sum() / same.sum().clamp(min=1)


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points on the great arcs from ``start`` to ``end``.

    Args:
        start: (n, dim), of any length above 0.
        end: (n, dim).
        t: (n, 1) in 0..1: 0 gives ``start``, 1 ``end``.

    Returns:
        (n, dim) unit vectors. Where the arc is shorter than about 1e-3 rad, the normalised chord; between opposite
        vectors, where the arc is not determined, one that passes near the chord.
    """
    start, end = F.normalize(start, dim=-1), F.normalize(end, dim=-1)
    cosine = (start * end).sum(dim=-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = torch.acos(cosine)
    arc = (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)
    chord = (1 - t) * start + t * end
    return F.normalize(torch.where(cosine < 1 - 1e-6, arc, chord), dim=-1)


def slerp_within_class(features: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Replace each feature by a random point on the arc to another of its class (arXiv:2503.19683).

    Args:
        features: (n, dim).
        labels: (n,) integers; a class with one member keeps it, normalised.
        generator: A CPU generator; what it draws does not depend on the device.

    Returns:
        (n, dim) float32 unit vectors, in the features' order.
    """
    with torch.autocast(features.device.type, enabled=False):
        features = _at_least_float(features)
        partner = torch.arange(len(labels))
        on_cpu = labels.cpu()
        for label in on_cpu.unique():
            members = (on_cpu == label).nonzero().flatten()
            partner[members] = members[torch.randperm(len(members), generator=generator)]
        t = torch.rand((len(labels), 1), generator=generator)
        return slerp(features, features[partner.to(features.device)], t.to(features.device, features.dtype))


def combine(output: Output, labels: Tensor, config: LossConfig) -> Loss:
    """The whole loss of a batch.

    Args:
        output: Of the network, for n faces.
        labels: (n,) int64, real 0, fake 1.
        config: Weights of the parts.
    """
    with torch.autocast(output.logits.device.type, enabled=False):
        entropy = F.cross_entropy(_at_least_float(output.logits), labels, label_smoothing=config.label_smoothing)
        uniform = uniformity(output.embedding) if config.uniformity else None
        aligned = alignment(output.embedding, labels) if config.alignment else None
        total = config.cross_entropy * entropy
        if uniform is not None:
            total = total + config.uniformity * uniform
        if aligned is not None:
            total = total + config.alignment * aligned
    return Loss(total, entropy, uniform, aligned)


def _at_least_float(value: Tensor) -> Tensor:
    return value if value.dtype == torch.float64 else value.float()


def _zero(like: Tensor) -> Tensor:
    return like.sum() * 0
