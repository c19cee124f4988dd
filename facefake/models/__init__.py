"""Backbone, what of it is trained, head, and the detector file; names load torch when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefake.models.backbone import Backbone, BackboneSpec, load_backbone
    from facefake.models.detector import Detector, DetectorCard, load_detector, save_detector
    from facefake.models.network import Network
    from facefake.models.strategies import Tuned, tuned_network
    from facefake.models.tuning import Tuning

_HOME = {
    "Backbone": "backbone",
    "BackboneSpec": "backbone",
    "load_backbone": "backbone",
    "Detector": "detector",
    "DetectorCard": "detector",
    "load_detector": "detector",
    "save_detector": "detector",
    "Network": "network",
    "Tuned": "strategies",
    "tuned_network": "strategies",
    "Tuning": "tuning",
}

__all__ = [
    "Backbone",
    "BackboneSpec",
    "Detector",
    "DetectorCard",
    "Network",
    "Tuned",
    "Tuning",
    "load_backbone",
    "load_detector",
    "save_detector",
    "tuned_network",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"facefake.models.{_HOME[name]}"), name)
    raise AttributeError(f"module 'facefake.models' has no attribute {name!r}")
