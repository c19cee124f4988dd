"""The progress bar of training, on stderr."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from facefake.training.module import DetectorModule


class TrainProgress(pl.Callback):
    """One bar over all optimiser steps of the run, with the epoch and the validation AUC of the one kept so far.

    Args:
        steps: Optimiser steps of the whole run.
    """

    def __init__(self, steps: int) -> None:
        self._bar = Progress(
            TextColumn("train"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("train", total=steps, facts="")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin where the run stands."""
        self._bar.start()
        self._show(trainer, pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move on."""
        self._show(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop."""
        self._bar.stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def _show(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        kept = module.kept if isinstance(module, DetectorModule) else None
        facts = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        facts += f"  val AUC {kept.video_auc:.4f}" if kept else ""
        self._bar.update(self._task, completed=trainer.global_step, facts=facts)
