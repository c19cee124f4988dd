"""``last.ckpt``: what a killed run goes on from."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import CheckpointIO

from facefake.training.module import STATE
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic


class SafeCheckpointIO(CheckpointIO):
    """Writes in one step; reads with ``weights_only=True`` whatever Lightning's default is."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Replace the file at ``path``."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_atomic(Path(path), buffer.getvalue())

    def load_checkpoint(self, path: str | Path, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Read a checkpoint, on the CPU."""
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint."""
        Path(path).unlink(missing_ok=True)


class KeepLast(Checkpoint):
    """Saves after each epoch, when its validation is done.

    Args:
        path: The checkpoint.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save."""
        trainer.save_checkpoint(self._path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of ours.

    Raises:
        FacefakeError: ``usage`` if it is damaged, or not of a run of facefake's.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise FacefakeError(
            "usage", f"the checkpoint {path} is damaged", "Delete it, or choose another --out, and train anew."
        ) from error
    if not isinstance(checkpoint, dict) or STATE not in checkpoint:
        raise FacefakeError("usage", f"{path} is no checkpoint of facefake's", "Choose another --out.")
    return checkpoint
