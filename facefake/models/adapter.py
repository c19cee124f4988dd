"""A small network on the feature, mixed with the feature itself (CLIP-Adapter, arXiv:2110.04544)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facefake.models.tuning import AdapterSettings
from preprocessing.errors import FacefakeError


class Adapter(nn.Module):
    """``ratio * relu(up(relu(down(x)))) + (1 - ratio) * x``, computed in the precision of its weights, float32.

    Args:
        dim: Width of the feature.
        settings: How narrow, and how much of it.

    Raises:
        FacefakeError: ``config_invalid`` if nothing is left of the bottleneck.

    Example:
        >>> sum(parameter.numel() for parameter in Adapter(768, AdapterSettings()).parameters())
        589824
    """

    def __init__(self, dim: int, settings: AdapterSettings) -> None:
        super().__init__()
        if settings.reduction > dim:
            raise FacefakeError(
                "config_invalid",
                f"adapter.reduction {settings.reduction} leaves nothing of a feature of {dim}",
                f"Set it to at most {dim}.",
            )
        self.settings = settings
        self.down = nn.Linear(dim, dim // settings.reduction, bias=False)
        self.up = nn.Linear(dim // settings.reduction, dim, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """(n, dim) to (n, dim)."""
        with torch.autocast(feature.device.type, enabled=False):
            feature = feature.to(self.down.weight.dtype)
            adapted = F.relu(self.up(F.relu(self.down(feature))))
            return self.settings.ratio * adapted + (1 - self.settings.ratio) * feature
