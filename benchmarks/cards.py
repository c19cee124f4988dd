"""The card of a detector file that a benchmark writes: of a network that was never trained."""

from __future__ import annotations

from facefake._version import __version__
from facefake.models import DetectorCard, Network
from facefake.models.detector import describe_backbone
from facefake.models.tuning import Tuning


def card_of(network: Network, tuning: Tuning) -> DetectorCard:
    """Of faces, cut as the default recipe cuts them."""
    return DetectorCard(
        tool_version=__version__,
        backbone=describe_backbone(network.backbone),
        strategy=tuning.strategy,
        head=tuning.head,
        geometry={"template": "gend", "scale": 1.3, "size": None},
        face_detector="mtcnn",
    )
