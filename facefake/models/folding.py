"""What is left of a network when its training is over: no text tower."""

from __future__ import annotations

from facefake.models.network import Network
from facefake.models.norms import statistics
from facefake.models.prompt import TextHead, folded


def fold(network: Network) -> tuple[Network, list[str]]:
    """A network that gives the same answers without a text tower, and what of it a detector file must hold.

    Sentences, learned or not, end as one point each, with which the feature's cosine is taken: a linear map of the
    normalised feature, bias 0. Other heads are left as they are.

    Args:
        network: Its parameters marked as :func:`facefake.models.strategies.tuned_network` does.

    Returns:
        A network that shares backbone and adapter with the given one, and the sorted names, in its state, of the
        parameters that are trained or belong to its head, and of the running statistics that move.
    """
    if isinstance(network.head, TextHead):
        network = Network(network.backbone, folded(network.head), network.adapter)
    names = [name for name, each in network.named_parameters() if each.requires_grad or name.startswith("head.")]
    if network.backbone.trains_statistics:
        names += [f"backbone.{name}" for name in statistics(network.backbone)]
    return network, sorted(names)
