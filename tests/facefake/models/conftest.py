"""A small network and a detector file of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from facefake.models import BackboneSpec, DetectorCard, Network, build_network, load_backbone, save_detector, select
from facefake.models.detector import describe_backbone

TINY = BackboneSpec("tiny-vit", "random:0")


def tuned_network(spec: BackboneSpec = TINY, strategy: str = "ln") -> tuple[Network, list[str]]:
    """A network whose trained parameters have moved away from the base."""
    network = build_network(load_backbone(spec), "hyperspherical", seed=1)
    names = select(network, strategy)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return network, names


@pytest.fixture
def network() -> Network:
    """A tuned tiny network."""
    return tuned_network()[0]


@pytest.fixture
def card(network: Network) -> DetectorCard:
    """Its card."""
    return DetectorCard(
        tool_version="0",
        backbone=describe_backbone(network.backbone),
        strategy="ln",
        head="hyperspherical",
        geometry={"template": "gend", "scale": 1.3, "size": None},
        face_detector="mtcnn",
    )


@pytest.fixture
def detector_file(tmp_path: Path, network: Network, card: DetectorCard) -> Path:
    """Its detector file."""
    path = tmp_path / "detector.safetensors"
    save_detector(path, network, card, select(network, "ln"))
    return path
