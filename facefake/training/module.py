"""The training loop's part that is ours: what happens in a step and at the end of a validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn

from facefake.models.network import Network
from facefake.training.config import OptimiserConfig, TrainConfig
from facefake.training.data import Batch, Crops
from facefake.training.losses import Loss, combine, slerp_within_class
from facefake.training.schedule import lr_at
from facefake.training.validation import Validation, validate
from preprocessing.errors import FacefakeError

# under this key in a checkpoint
STATE = "facefake"


class DetectorModule(pl.LightningModule):
    """Trains a network.

    Args:
        network: Backbone and head, ``requires_grad`` set by :func:`facefake.models.tuned_network`.
        trained: Names of the trained parameters: only these go into checkpoints.
        config: The run's config.
        steps_per_epoch: Optimiser steps an epoch.
        val: The crops of the validation loader.
        fingerprint: Goes into checkpoints, and must be the same on resume.
        on_best: Called with the epoch and its figures when they are the best so far.
    """

    def __init__(
        self,
        network: Network,
        trained: list[str],
        config: TrainConfig,
        steps_per_epoch: int,
        val: Crops,
        fingerprint: dict[str, str],
        on_best: Callable[[int, Validation], None],
    ) -> None:
        super().__init__()
        self.network = network
        self.best: Validation | None = None
        self.best_epoch = -1
        self._trained, self._config, self._steps_per_epoch = trained, config, steps_per_epoch
        self._val, self._fingerprint, self._on_best = val, fingerprint, on_best
        self._preprocess = network.backbone.preprocess
        self._window: list[Loss] = []
        self._lr = 0.0
        self._steps_logged = 0
        self._scores: list[tuple[Tensor, Tensor]] = []
        self.strict_loading = False  # the base is not in the checkpoint

    def on_train_start(self) -> None:
        """Count from where the run stands."""
        self._steps_logged = self.trainer.global_step

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        pictures, labels, _ = _unwrap(batch)
        features = self.network.features(self._preprocess.normalise(pictures))
        if self._config.loss.slerp:
            features = slerp_within_class(features, labels, self._generator(batch_idx))
        loss = combine(self.network.classify(features), labels, self._config.loss)
        self._window.append(loss)
        return loss.total

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Note the rate of the step about to be taken: the schedule moves on before the step is logged."""
        self._lr = float(optimizer.param_groups[0]["lr"])

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Log a finished optimiser step: means over the batches it took."""
        if self.trainer.global_step == self._steps_logged:
            return  # gradients are still being summed
        self._steps_logged = self.trainer.global_step
        names = ("total", "cross_entropy", "uniformity", "alignment")
        means = {name: torch.stack([getattr(loss, name).detach() for loss in self._window]).mean() for name in names}
        self._window = []
        row = {"loss" if name == "total" else name: float(value) for name, value in means.items()}
        if not np.isfinite(row["loss"]):
            raise FacefakeError(
                "config_invalid",
                f"the loss is {row['loss']} at step {self.trainer.global_step}",
                "Lower optimiser.lr, or set trainer.precision to bf16 or fp32.",
            )
        self._log({**row, "lr": self._lr})

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """P(fake) of a batch."""
        pictures, _, rows = _unwrap(batch)
        logits = self.network(self._preprocess.normalise(pictures)).logits
        self._scores.append((rows.cpu(), logits.float().cpu().double().softmax(1)[:, 1]))

    def on_validation_epoch_end(self) -> None:
        """Measure, and keep the detector if it is the best so far."""
        rows, scores = (torch.cat(parts).numpy() for parts in zip(*self._scores, strict=True))
        self._scores = []
        clips = [self._val.clips[row] for row in rows]
        figures = validate(scores, self._val.labels[rows], clips)
        self._log(
            {
                "val_video_auc": figures.video_auc,
                "val_frame_auc": figures.frame_auc,
                "val_cross_entropy": figures.cross_entropy,
            }
        )
        if self.best is None or figures.rank > self.best.rank:
            self.best, self.best_epoch = figures, self.current_epoch
            self._on_best(self.current_epoch, figures)

    def configure_optimizers(self) -> dict[str, Any]:
        """The optimiser over what is trained, its rate set at every step."""
        settings, schedule, steps = self._config.optimiser, self._config.schedule, self._steps_per_epoch
        parameters = [parameter for parameter in self.network.parameters() if parameter.requires_grad]

        def factor(step: int) -> float:
            return lr_at(step, schedule, lr=settings.lr, steps_per_epoch=steps) / settings.lr

        optimiser = _optimiser(parameters, settings)
        rates = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave the base out; add what selection needs."""
        state = checkpoint["state_dict"]
        checkpoint["state_dict"] = {f"network.{name}": state[f"network.{name}"] for name in self._trained}
        best = self.best
        figures = None if best is None else [best.video_auc, best.frame_auc, best.cross_entropy]
        checkpoint[STATE] = {"best": figures, "best_epoch": self.best_epoch, **self._fingerprint}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the selection where it was."""
        state = checkpoint[STATE]
        self.best = None if state["best"] is None else Validation(*state["best"])
        self.best_epoch = state["best_epoch"]

    def _generator(self, batch_idx: int) -> torch.Generator:
        seed = np.random.SeedSequence([self._config.seed, self.current_epoch, batch_idx]).generate_state(1)[0]
        return torch.Generator().manual_seed(int(seed))

    def _log(self, row: dict[str, float]) -> None:
        for logger in self.trainer.loggers:
            logger.log_metrics({"epoch": self.current_epoch, **row}, step=self.trainer.global_step)


def _optimiser(parameters: list[nn.Parameter], settings: OptimiserConfig) -> torch.optim.Optimizer:
    lr, decay = settings.lr, settings.weight_decay
    if settings.name == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=settings.momentum, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=lr, betas=settings.betas, weight_decay=decay)


def _unwrap(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    if isinstance(batch, FacefakeError):
        raise batch
    return batch
