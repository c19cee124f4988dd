"""Training: config, losses, augmentation, data, loop; names load torch when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefake.training.config import TrainConfig, load_config
    from facefake.training.fit import train, train_pictures, validation_pictures
    from facefake.training.run import Run, TrainResult

_HOME = {
    "TrainConfig": "config",
    "load_config": "config",
    "Run": "run",
    "TrainResult": "run",
    "train": "fit",
    "train_pictures": "fit",
    "validation_pictures": "fit",
}

__all__ = ["Run", "TrainConfig", "TrainResult", "load_config", "train", "train_pictures", "validation_pictures"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"facefake.training.{_HOME[name]}"), name)
    raise AttributeError(f"module 'facefake.training' has no attribute {name!r}")
