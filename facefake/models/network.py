"""The network: a backbone, what adapts its feature, and a head."""

from __future__ import annotations

from torch import Tensor, nn

from facefake.models.backbone import Backbone
from facefake.models.heads import Output


class Network(nn.Module):
    """A backbone, an adapter and a head.

    Args:
        backbone: Gives a feature of ``backbone.dim`` for each picture.
        head: Gives logits and an embedding for each feature.
        adapter: Changes a feature before the head sees it; ``None``: not at all.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, adapter: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.adapter = nn.Identity() if adapter is None else adapter
        self.head = head

    def forward(self, pictures: Tensor) -> Output:
        """Score normalised pictures.

        Args:
            pictures: (n, 3, size, size) float, normalised as the backbone wants them.

        Returns:
            Logits (n, 2) and L2-normalised embeddings (n, dim).
        """
        return self.classify(self.features(pictures))

    def features(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to the backbone's features (n, dim)."""
        feature: Tensor = self.backbone(pictures)
        return feature

    def classify(self, features: Tensor) -> Output:
        """The backbone's features (n, dim) to logits (n, 2) and L2-normalised embeddings (n, dim)."""
        output: Output = self.head(self.adapter(features))
        return output

    @property
    def trains_tower(self) -> bool:
        """Whether training changes the features; if not, they may be computed once."""
        return any(parameter.requires_grad for parameter in self.backbone.parameters())
