"""What of the backbone is trained: each strategy is a pure selection of parameters.

A strategy is a function from the visual tower to the names of the tower's parameters it trains; the head is always
trained. Strategies that add parameters of their own (lora, adapter, prompt) will also have to build them: they get
files of their own beside this one and an entry in :data:`STRATEGIES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from facefake.models.backbone import Backbone
from facefake.models.network import Network, build_network
from facefake.models.tuning import Tuning, check_feature
from preprocessing.errors import FacefakeError


@dataclass(frozen=True, slots=True)
class Tuned:
    """A network ready for training.

    Attributes:
        network: ``requires_grad`` is set on what is trained, and on nothing else.
        names: The trained parameters' names in the network, sorted.
    """

    network: Network
    names: list[str]


def tuned_network(backbone: Backbone, tuning: Tuning, seed: int = 0) -> Tuned:
    """Build on a backbone what a strategy and a head need, and mark what is trained.

    Args:
        backbone: A loaded backbone; it becomes part of the network.
        tuning: What to train.
        seed: Of the first weights of all that is new; torch's global generator is left as it was.

    Raises:
        FacefakeError: ``config_invalid`` if backbone, strategy and head cannot go together.

    Example:
        >>> from facefake.models.backbone import BackboneSpec, load_backbone
        >>> backbone = load_backbone(BackboneSpec("tiny-vit", "random:0"))
        >>> tuned_network(backbone, Tuning(strategy="linear")).names
        ['head.linear.bias', 'head.linear.weight']
    """
    try:
        check_feature(tuning.head, backbone.spec.feature)
    except ValueError as error:
        raise FacefakeError("config_invalid", str(error), "Correct it in the config or with --set.") from error
    network = build_network(backbone, tuning.head, seed)
    return Tuned(network, select(network, tuning.strategy))


def linear(visual: nn.Module) -> set[str]:
    """Nothing of the tower: a linear probe."""
    return set()


def ln(visual: nn.Module) -> set[str]:
    """Weight and bias of every LayerNorm, found by the module's type (arXiv:2503.19683, LN-tuning)."""
    norms = [(name, module) for name, module in visual.named_modules() if isinstance(module, nn.LayerNorm)]
    return {_join(name, own) for name, module in norms for own, _ in module.named_parameters(recurse=False)}


def bitfit(visual: nn.Module) -> set[str]:
    """Every bias of the tower, those of LayerNorms and attention projections included (BitFit, arXiv:2106.10199)."""
    return {name for name, _ in visual.named_parameters() if name.rpartition(".")[2].endswith("bias")}


def full(visual: nn.Module) -> set[str]:
    """The whole tower."""
    return {name for name, _ in visual.named_parameters()}


STRATEGIES: dict[str, Callable[[nn.Module], set[str]]] = {"linear": linear, "ln": ln, "bitfit": bitfit, "full": full}


def select(network: Network, strategy: str) -> list[str]:
    """Mark what a strategy trains: sets ``requires_grad`` on every parameter of the network.

    Args:
        network: Backbone and head.
        strategy: A name in :data:`STRATEGIES`.

    Returns:
        Names of the trained parameters, relative to the network, sorted.

    Raises:
        FacefakeError: ``config_invalid`` if there is no such strategy, or the tower has nothing of what it trains.
    """
    if strategy not in STRATEGIES:
        known = ", ".join(sorted(STRATEGIES))
        raise FacefakeError("config_invalid", f"there is no strategy {strategy!r}", f"Use one of: {known}.")
    chosen = {_join("backbone.visual", name) for name in STRATEGIES[strategy](network.backbone.visual)}
    if not chosen and strategy != "linear":
        raise FacefakeError(
            "config_invalid",
            f"the backbone {network.backbone.spec.name} has no parameter that the strategy {strategy!r} trains",
            "Use another strategy or backbone.",
        )
    chosen |= {_join("head", name) for name, _ in network.head.named_parameters()}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in chosen)
    return sorted(chosen)


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
