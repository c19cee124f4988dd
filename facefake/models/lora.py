"""Low-rank updates of a tower's weights (LoRA, arXiv:2106.09685).

A weight W is used as W + alpha / rank * up @ down wherever it is read. open_clip's attention reads its weights without
calling the layers that own them, so an update beside a layer's output would never be seen. Query, key and value are one
weight there, and so share one update. The sum is computed in float32 and only then cast to the products' precision.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import cast

import torch
from open_clip.transformer import Attention
from torch import Tensor, nn
from torch.nn.utils import parametrize

from facefake.models.backbone import Backbone
from facefake.models.tuning import LoraSettings
from preprocessing.errors import FacefakeError

_COMPONENT = {"attn": "attention", "mlp": "mlp"}


class LowRank(nn.Module):
    """The update of one weight; up starts at zero, so that the tower starts as it was.

    Args:
        weight: (out, in) the weight.
        settings: Rank and alpha.
    """

    def __init__(self, weight: Tensor, settings: LoraSettings) -> None:
        super().__init__()
        out, width = weight.shape
        self.down = nn.Parameter(torch.empty(settings.rank, width, device=weight.device))
        self.up = nn.Parameter(torch.zeros(out, settings.rank, device=weight.device))
        self.scale = settings.alpha / settings.rank
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """The updated weight."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + self.scale * (self.up @ self.down)


def add_lora(backbone: Backbone, settings: LoraSettings) -> None:
    """Put updates on a backbone's weights, in place.

    Raises:
        FacefakeError: ``config_invalid`` if the tower has no such weights.
    """
    found = list(_targets(backbone.visual, settings))
    if not found:
        raise FacefakeError(
            "config_invalid",
            f"the strategy lora finds no weights of {' or '.join(settings.targets)} in {backbone.spec.name}",
            "Use a vision transformer, or another strategy.",
        )
    for module, name in found:
        parametrize.register_parametrization(module, name, LowRank(getattr(module, name), settings), unsafe=True)
    backbone.lora = settings


def merge_lora(backbone: Backbone) -> None:
    """Make the updates part of the weights, in place."""
    for module in [each for each in backbone.modules() if parametrize.is_parametrized(each)]:
        for name in list(cast(nn.ModuleDict, module.parametrizations)):
            parametrize.remove_parametrizations(module, name)
    backbone.lora = None


def is_update(name: str) -> bool:
    """Whether a parameter's name is that of an update's part."""
    return stored_name(name) != name


def stored_name(name: str) -> str:
    """A parameter's name in a detector file, which does not tell how updates are put on.

    Example:
        >>> stored_name("attn.parametrizations.in_proj_weight.0.down")
        'attn.in_proj_weight.lora_down'
    """
    return re.sub(r"parametrizations\.(\w+)\.0\.(down|up)$", r"\1.lora_\2", name)


def _targets(visual: nn.Module, settings: LoraSettings) -> Iterator[tuple[nn.Module, str]]:
    """Weights of products inside ``attn`` and ``mlp``, as open_clip and timm call them; not the projection's."""
    for path, module in visual.named_modules():
        parts = path.split(".")
        inside = {_COMPONENT[part] for part in parts if part in _COMPONENT}
        if parts[0] == "head" or len(inside) != 1 or not inside <= set(settings.targets):
            continue  # both: a small network that makes an attention's bias
        if isinstance(module, nn.Linear):
            yield module, "weight"
        elif isinstance(module, nn.MultiheadAttention | Attention) and module.in_proj_weight is not None:
            yield module, "in_proj_weight"
