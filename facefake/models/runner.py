"""What computes a detector's answers: torch here, another runtime in a file of its own."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facefake.models.backbone import Backbone
from facefake.models.network import Network
from facefake.models.precision import Precision, autocast, cast_products, pick_precision


class Encoder(Protocol):
    """Pictures to features, on one device and in one precision.

    Attributes:
        dim: Width of a feature.
        device: Where it runs.
    """

    dim: int
    device: torch.device

    @property
    def precision(self) -> str:
        """Of the matrix products: ``fp32``, ``bf16``, ``fp16`` or ``int8``."""

    def features(self, pictures: Tensor) -> NDArray[np.float32]:
        """Pictures (n, 3, size, size) uint8, on any device, to features (n, dim)."""


class Runner(Encoder, Protocol):
    """An encoder with the head on it."""

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features (n, dim) to logits (n, 2), columns real and fake."""


class TorchEncoder:
    """A backbone that torch runs.

    Args:
        backbone: Where it is and with weights in the precision it runs in (:mod:`facefake.models.precision`).
        device: Where it runs.
        precision: Of the matrix products.
    """

    def __init__(self, backbone: Backbone, device: torch.device, precision: Literal["fp32", "bf16", "fp16"]) -> None:
        self.dim, self.device, self.precision = backbone.dim, device, precision
        self._backbone = backbone

    def features(self, pictures: Tensor) -> NDArray[np.float32]:
        """As :meth:`Encoder.features`."""
        on_device = pictures.to(self.device, non_blocking=True)
        with torch.inference_mode(), autocast(self.device, self.precision):
            features = self._backbone(self._backbone.preprocess.normalise(on_device))
        kept: NDArray[np.float32] = features.float().cpu().numpy()
        return kept


class TorchRunner(TorchEncoder):
    """A network that torch runs.

    Args:
        network: Trained; it is moved to the device and cast to the precision in place.
        device: Where it runs.
        precision: ``auto``: bf16 where it pays.

    Attributes:
        network: As given.
    """

    def __init__(self, network: Network, device: torch.device, precision: Precision) -> None:
        chosen = pick_precision(precision, device, network.backbone.dim)
        network.requires_grad_(False).eval()
        if chosen == "bf16":
            cast_products(network.backbone)
        self.network = network.to(device)
        super().__init__(network.backbone, device, chosen)

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As :meth:`Runner.logits`."""
        with torch.inference_mode():
            logits = self.network.classify(torch.tensor(features, device=self.device)).logits
        found: NDArray[np.float32] = logits.cpu().numpy()
        return found
