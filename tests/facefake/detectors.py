"""Detector files nobody trained, for what only needs one that gives numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from facefake.models import BackboneSpec, DetectorCard, Tuning, load_backbone, save_detector, tuned_network
from facefake.models.detector import describe_backbone
from preprocessing.faces import CropGeometry
from preprocessing.recipe import NO_FACES

FACES = CropGeometry()
PICTURES = CropGeometry("resize-crop", 1, 32)


def random_detector(path: Path, geometry: CropGeometry = FACES, seed: int = 1, **facts: Any) -> Path:
    """A detector file of a tiny network with random weights; ``facts`` go into its card."""
    network = tuned_network(load_backbone(BackboneSpec("tiny-vit", f"random:{seed}")), Tuning(), seed=seed).network
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.head.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
    card = DetectorCard(
        tool_version="0",
        backbone=describe_backbone(network.backbone),
        strategy="ln",
        head="hyperspherical",
        geometry=geometry.to_dict(),
        face_detector=NO_FACES if geometry.whole else "mtcnn",
        **facts,
    )
    save_detector(path, network, card)
    return path
