"""What is trained: a strategy names the tower's parameters it trains, and builds those the tower does not have.

Each strategy is one entry in :data:`STRATEGIES`: a function from the visual tower to the names of the tower's tensors
that change in training: parameters, and with the strategy full the running statistics of BatchNorms. Beside the tower
an adapter is trained if there is one, and of the head everything, but of the head ``text`` only a learned prompt, or
with the strategy full the text tower with the logit scale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from facefake.models.adapter import Adapter
from facefake.models.backbone import Backbone
from facefake.models.heads import HEADS
from facefake.models.lora import add_lora, is_update
from facefake.models.network import Network
from facefake.models.norms import statistics
from facefake.models.prompt import folded, prompt_head, template_head
from facefake.models.text import load_text
from facefake.models.tuning import FROZEN, AdapterSettings, LoraSettings, Strategy, Tuning, check_feature
from preprocessing.errors import FacefakeError


@dataclass(frozen=True, slots=True)
class Tuned:
    """A network ready for training.

    Attributes:
        network: ``requires_grad`` is set on what is trained, and on nothing else.
        names: Names in the network of all tensors that training changes, sorted: the trained parameters, and running
            statistics that move.
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
        FacefakeError: ``config_invalid`` if backbone, strategy and head cannot go together; with the head text what
            :func:`facefake.models.text.load_text` raises.

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
    with _seeded(seed):
        head = _text_head(backbone, tuning) if tuning.head == "text" else HEADS[tuning.head](backbone.dim)
        network = _assemble(backbone, tuning.strategy, head, tuning.adapter, tuning.lora)
    names = trained_of_tower(network, tuning.strategy)
    names |= _within("adapter", network.adapter)
    if tuning.head != "text" or tuning.strategy == "full":
        names |= _within("head", head)
    elif tuning.strategy == "prompt":
        names |= _within("head.prompt", head.get_submodule("prompt"))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in names)
    return Tuned(network, sorted(names))


def bare_network(
    backbone: Backbone, strategy: Strategy, head: str, adapter: AdapterSettings, lora: LoraSettings
) -> Network:
    """A network as a detector file fills it: built as for training, its head one of :data:`HEADS`."""
    with _seeded(0):
        return _assemble(backbone, strategy, HEADS[head](backbone.dim), adapter, lora)


def trained_of_tower(network: Network, strategy: Strategy) -> set[str]:
    """Names, in the network, of the visual tower's tensors that training with a strategy changes.

    Raises:
        FacefakeError: ``config_invalid`` if the tower has nothing of what it trains.
    """
    chosen = STRATEGIES[strategy](network.backbone.visual)
    if not chosen and strategy not in FROZEN:
        raise FacefakeError(
            "config_invalid",
            f"the backbone {network.backbone.spec.name} has no parameter that the strategy {strategy!r} trains",
            "Use another strategy or backbone.",
        )
    return _prefixed("backbone.visual", chosen)


def nothing(visual: nn.Module) -> set[str]:
    """Nothing of the tower: a linear probe, an adapter or a prompt (:data:`facefake.models.tuning.FROZEN`)."""
    return set()


def ln(visual: nn.Module) -> set[str]:
    """Weight and bias of every LayerNorm, found by the module's type (arXiv:2503.19683, LN-tuning)."""
    norms = [(name, module) for name, module in visual.named_modules() if isinstance(module, nn.LayerNorm)]
    return {each for name, module in norms for each in _prefixed(name, (own for own, _ in module.named_parameters()))}


def bitfit(visual: nn.Module) -> set[str]:
    """Every bias of the tower, those of LayerNorms and attention projections included (BitFit, arXiv:2106.10199)."""
    return {name for name, _ in visual.named_parameters() if name.rpartition(".")[2].endswith("bias")}


def lora(visual: nn.Module) -> set[str]:
    """The low-rank updates that :func:`facefake.models.lora.add_lora` has put on the tower."""
    return {name for name, _ in visual.named_parameters() if is_update(name)}


def full(visual: nn.Module) -> set[str]:
    """The whole tower, with the running statistics of its BatchNorms: frozen ones would not fit weights that move."""
    return {name for name, _ in visual.named_parameters()} | statistics(visual)


STRATEGIES: dict[Strategy, Callable[[nn.Module], set[str]]] = {
    **dict.fromkeys(FROZEN, nothing),
    "ln": ln,
    "bitfit": bitfit,
    "lora": lora,
    "full": full,
}


def _text_head(backbone: Backbone, tuning: Tuning) -> nn.Module:
    """With the text tower only where something is learned behind it; fixed words are a fixed linear map."""
    tower = load_text(backbone.spec)
    if tower.dim != backbone.dim:
        raise FacefakeError(
            "config_invalid",
            f"the head text compares pictures with words, and {backbone.spec.name} makes {backbone.dim} numbers of a "
            f"picture and {tower.dim} of a sentence",
            "Correct embed_dim or timm_proj in the model's config, or use another head.",
        )
    if tuning.strategy == "prompt":
        return prompt_head(tower, tuning.prompt, tuning.text)
    head = template_head(tower, tuning.text)
    return head if tuning.strategy == "full" else folded(head)


def _assemble(
    backbone: Backbone, strategy: Strategy, head: nn.Module, adapter: AdapterSettings, lora: LoraSettings
) -> Network:
    if strategy == "lora":
        add_lora(backbone, lora)
    backbone.trains_statistics = strategy == "full"
    return Network(backbone, head, Adapter(backbone.dim, adapter) if strategy == "adapter" else None)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _within(prefix: str, module: nn.Module) -> set[str]:
    return _prefixed(prefix, (name for name, _ in module.named_parameters()))


def _prefixed(prefix: str, names: Iterable[str]) -> set[str]:
    return {f"{prefix}.{name}" if prefix else name for name in names}
