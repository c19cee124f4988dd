"""Lightning's trainer as runs here use it: what it does, and what it is kept from doing."""

from __future__ import annotations

import contextlib
import logging
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import Logger

from facefake.training.checkpoint import SafeCheckpointIO
from facefake.training.config import TrainConfig
from facefake.training.log import MetricsLog
from preprocessing.errors import FacefakeError

_PRECISION = {"bf16": "bf16-mixed", "fp16": "16-mixed", "fp32": "32-true"}


def make_trainer(
    config: TrainConfig,
    out: Path,
    device: torch.device,
    precision: str,
    callbacks: list[pl.Callback],
    loggers: list[Logger],
    done: int | None,
) -> pl.Trainer:
    """A trainer of the run folder ``out``, of which ``done`` optimiser steps are there already."""
    accelerator = "gpu" if device.type == "cuda" else device.type
    return pl.Trainer(
        accelerator=accelerator,
        devices=[device.index or 0] if device.type == "cuda" else 1,
        precision=_PRECISION[precision],
        max_epochs=config.trainer.epochs,
        accumulate_grad_batches=config.trainer.accumulate,
        logger=[MetricsLog(out / "metrics.csv", done or 0), *loggers],
        callbacks=callbacks,
        plugins=[SafeCheckpointIO()],
        default_root_dir=str(out),
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def chosen_loggers(config: TrainConfig, out: Path) -> list[Logger]:
    """What a run logs to besides ``metrics.csv``; nothing is written yet.

    Raises:
        FacefakeError: ``config_invalid`` for a logger that is not installed.
    """
    from lightning.pytorch import loggers

    made: list[Logger] = []
    for name in config.trainer.loggers:
        try:
            if name == "tensorboard":
                made.append(loggers.TensorBoardLogger(save_dir=str(out), name="tensorboard", version=""))
            else:
                made.append(loggers.WandbLogger(project="facefake", name=out.name, save_dir=str(out)))
        except ModuleNotFoundError as error:
            raise FacefakeError(
                "config_invalid", f"trainer.loggers asks for {name}, which is not installed", f"pip install {name}"
            ) from error
    return made


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C be a ``KeyboardInterrupt``: Lightning makes it an exit of the program, and ignores the next one."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's banners and its advice about what was decided here off the terminal."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for about in ("does not have many workers", "but not used", "in eval mode at the start", "LeafSpec"):
                warnings.filterwarnings("ignore", f".*{about}.*")
            yield
    finally:
        logger.setLevel(level)
