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
from facefake.training.damage import Damage
from facefake.training.data import Crops
from facefake.training.dataset import Batch
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
        trained: Names of the tensors that training changes: only these go into checkpoints.
        config: The run's config.
        steps_per_epoch: Optimiser steps an epoch.
        val: The crops of the validation loader.
        damage: Takes note of what cannot be read.
        fingerprint: Goes into checkpoints, and must be the same on resume.
        on_kept: Called with an epoch and its figures if that is the one to keep so far.
    """

    def __init__(
        self,
        network: Network,
        trained: list[str],
        config: TrainConfig,
        steps_per_epoch: int,
        val: Crops,
        damage: Damage,
        fingerprint: dict[str, str],
        on_kept: Callable[[int, Validation], None],
    ) -> None:
        super().__init__()
        self.network = network
        self.kept: Validation | None = None
        self.kept_epoch = -1
        self._trained, self._config, self._steps_per_epoch = trained, config, steps_per_epoch
        self._val, self._damage, self._fingerprint, self._on_kept = val, damage, fingerprint, on_kept
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
        self._damage.note(self._config.data.train_split, batch)
        # one picture, where the others of its batch were damaged, has no statistics a BatchNorm could use
        self.network.train(len(batch.rows) > 1)
        features = self._features(batch.inputs)
        if self._config.loss.slerp:
            features = slerp_within_class(features, batch.labels, self._generator(batch_idx))
        loss = combine(self.network.classify(features), batch.labels, self._config.loss)
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
        parts = {name: [part for loss in self._window if (part := getattr(loss, name)) is not None] for name in names}
        means = {name: torch.stack(values).detach().mean() for name, values in parts.items() if values}
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
        self._damage.note(self._config.data.val_split, batch)
        logits = self.network.classify(self._features(batch.inputs)).logits
        self._scores.append((batch.rows.cpu(), logits.float().cpu().double().softmax(1)[:, 1]))

    def on_validation_epoch_end(self) -> None:
        """Measure, and keep the detector: every time if the last is wanted, else if it is the best so far."""
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
        if self._config.selection == "last" or self.kept is None or figures.rank > self.kept.rank:
            self.kept, self.kept_epoch = figures, self.current_epoch
            self._on_kept(self.current_epoch, figures)

    def configure_optimizers(self) -> dict[str, Any]:
        """The optimiser over what is trained, its rate set at every step."""
        settings, schedule, steps = self._config.optimiser, self._config.schedule, self._steps_per_epoch
        parameters = [parameter for parameter in self.network.parameters() if parameter.requires_grad]

        def factor(step: int) -> float:
            return lr_at(step, schedule, lr=settings.lr, steps_per_epoch=steps) / settings.lr

        optimiser = make_optimiser(parameters, settings)
        rates = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave the base out; add what selection needs."""
        state = checkpoint["state_dict"]
        checkpoint["state_dict"] = {f"network.{name}": state[f"network.{name}"] for name in self._trained}
        kept = self.kept
        figures = None if kept is None else [kept.video_auc, kept.frame_auc, kept.cross_entropy]
        checkpoint[STATE] = {
            "kept": figures,
            "kept_epoch": self.kept_epoch,
            "damage": self._damage.state(),
            **self._fingerprint,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the selection where it was."""
        state = checkpoint[STATE]
        self.kept = None if state["kept"] is None else Validation(*state["kept"])
        self.kept_epoch = state["kept_epoch"]
        self._damage.restore(state["damage"])

    def _features(self, inputs: Tensor) -> Tensor:
        """Of uint8 pictures, or as given if they were encoded before."""
        if inputs.is_floating_point():
            return inputs
        return self.network.features(self._preprocess.normalise(inputs))

    def _generator(self, batch_idx: int) -> torch.Generator:
        seed = np.random.SeedSequence([self._config.seed, self.current_epoch, batch_idx]).generate_state(1)[0]
        return torch.Generator().manual_seed(int(seed))

    def _log(self, row: dict[str, float]) -> None:
        for logger in self.trainer.loggers:
            logger.log_metrics({"epoch": self.current_epoch, **row}, step=self.trainer.global_step)


def make_optimiser(parameters: list[nn.Parameter], settings: OptimiserConfig) -> torch.optim.Optimizer:
    """The optimiser a config asks for."""
    lr, decay = settings.lr, settings.weight_decay
    if settings.name == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=settings.momentum, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=lr, betas=settings.betas, weight_decay=decay)
