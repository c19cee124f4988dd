"""A small network and a detector file of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from facefake.models import (
    BackboneSpec,
    DetectorCard,
    Network,
    Tuned,
    Tuning,
    load_backbone,
    save_detector,
    tuned_network,
)
from facefake.models.detector import describe_backbone
from facefake.models.strategies import STRATEGIES
from facefake.models.tower import check_name
from tests.facefake.models.custom import register

TINY = BackboneSpec("tiny-vit", "random:0")
# strategy, head and feature: all that go together
COMBINATIONS = [
    (strategy, head, feature)
    for strategy in STRATEGIES
    for head in ("hyperspherical", "linear", "text")
    for feature in ("pooled", "joint")
    if (strategy, head) != ("linear", "text") and (strategy != "prompt" or head == "text")
    if (head, feature) != ("text", "pooled")
]


def moved_network(spec: BackboneSpec = TINY, tuning: Tuning | None = None) -> Tuned:
    """A network whose trained parameters have moved away from the base."""
    tuned = tuned_network(load_backbone(spec), tuning or Tuning(), seed=1)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in tuned.network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return tuned


@pytest.fixture(scope="session", autouse=True)
def _other_makes(tmp_path_factory: pytest.TempPathFactory) -> None:
    check_name("tiny-vit")  # registers the shipped ones
    register(tmp_path_factory.mktemp("configs"))


@pytest.fixture
def network() -> Network:
    """A tuned tiny network."""
    return moved_network().network


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
    save_detector(path, network, card)
    return path
