"""Features of pictures, made once by a frozen tower and kept on disk; names load torch when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefake.features.encode import Encoded, encode_pictures
    from facefake.features.identity import Identity
    from facefake.features.store import FeatureStore
    from facefake.features.tower import Tower

_HOME = {
    "Encoded": "encode",
    "encode_pictures": "encode",
    "FeatureStore": "store",
    "Identity": "identity",
    "Tower": "tower",
}

__all__ = ["Encoded", "FeatureStore", "Identity", "Tower", "encode_pictures"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"facefake.features.{_HOME[name]}"), name)
    raise AttributeError(f"module 'facefake.features' has no attribute {name!r}")
