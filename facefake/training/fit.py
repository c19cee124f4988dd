"""A config and a face store, or pictures, in; a detector file out."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader

from facefake._version import __version__
from facefake.models.backbone import BackboneSpec, load_backbone
from facefake.models.card import DetectorCard, SelectionCard, TrainingCard
from facefake.models.detector import describe_backbone, save_detector
from facefake.models.file import DETECTOR_FILE
from facefake.models.network import Network
from facefake.models.precision import cast_products
from facefake.models.strategies import Tuned, tuned_network
from facefake.progress import progress_bar, silent
from facefake.scoring.rules import LAST_EPOCH
from facefake.training.apart import check_apart
from facefake.training.cached import make_cached_loaders
from facefake.training.checkpoint import KeepLast, read_checkpoint
from facefake.training.config import TrainConfig
from facefake.training.damage import Damage
from facefake.training.data import Crops, read_crops, read_pictures
from facefake.training.loaders import make_loaders
from facefake.training.module import STATE, DetectorModule
from facefake.training.progress import TrainProgress
from facefake.training.sampler import PairSampler
from facefake.training.trainer import interruptible, make_trainer, quiet
from facefake.training.validation import Validation
from preprocessing.clip import Clip
from preprocessing.device import pick_device
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.files import write_atomic

FEATURES = Path("features")
"""Where features are kept if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run leaves.

    Attributes:
        detector: The detector file: of the best epoch, or of the last if the config says so.
        best: Its AUC on the validation split, over clips; a picture is a clip.
        epoch: That epoch, from 0.
        steps: Optimiser steps of the whole run.
        metrics: The CSV of every step and validation.
        damaged: Pictures that could not be read and were left out, also named in ``damaged.csv`` of the run folder.
    """

    detector: Path
    best: float
    epoch: int
    steps: int
    metrics: Path
    damaged: list[str]


def train(
    config: TrainConfig,
    store: Path,
    out: Path,
    resume: bool = True,
    device: str | None = None,
    *,
    clips: Collection[str] | None = None,
    features: Path = FEATURES,
    progress: bool = True,
) -> TrainResult:
    """Train a detector on a face store.

    The run folder ``out`` gets ``detector.safetensors`` (whenever an epoch is the best so far, or every time if the
    last is wanted), ``config.yaml``, ``metrics.csv`` and, after each epoch, ``checkpoints/last.ckpt``. Order and
    augmentation of the crops depend on seed and epoch alone, so a run that was killed and resumed ends as an
    undisturbed one.

    Args:
        config: See :func:`facefake.training.load_config`.
        store: A face store with labelled crops of both splits.
        out: The run folder.
        resume: Go on from ``out``'s checkpoint, if it has one; without, a folder that holds a run is refused.
        device: Instead of the config's ``trainer.device``; ``auto`` and ``None`` leave that.
        clips: Keys of the clips to train and validate on; ``None`` for all of the store.
        features: Where features are kept, if the config asks for them (``data.cached_views``).
        progress: Show a bar on stderr.

    Raises:
        FacefakeError: ``split_empty``, ``split_leak``, ``store_missing``, ``store_damaged``,
            ``store_recipe_mismatch``, ``config_invalid``, ``usage``, ``device_unavailable``, ``not_writable``, and what
            loading a backbone raises.
    """
    chosen = _pick_device(config, device)
    frames = config.data.frames_per_clip
    crops, val = (read_crops(Path(store), split, frames, clips) for split in _splits(config))
    return _train(config, crops, val, Path(out), resume, chosen, Path(features), progress)


def train_pictures(
    config: TrainConfig,
    clips: Sequence[Clip],
    out: Path,
    resume: bool = True,
    device: str | None = None,
    *,
    features: Path = FEATURES,
    progress: bool = True,
) -> TrainResult:
    """Train a detector on whole pictures, as :func:`train` does on faces; they are read where they lie.

    A few that cannot be read are left out of the run and named in the run folder's ``damaged.csv``
    (:mod:`facefake.training.damage`).

    Args:
        config: See :func:`facefake.training.load_config`.
        clips: Pictures of both splits.
        out: The run folder.
        resume: Go on from ``out``'s checkpoint, if it has one; without, a folder that holds a run is refused.
        device: Instead of the config's ``trainer.device``; ``auto`` and ``None`` leave that.
        features: Where features are kept, if the config asks for them (``data.cached_views``).
        progress: Show a bar on stderr.

    Raises:
        FacefakeError: ``split_empty``, ``split_leak``, ``unreadable`` where too many pictures are, ``config_invalid``,
            ``usage``, ``device_unavailable``, ``not_writable``, and what loading a backbone raises.
    """
    chosen = _pick_device(config, device)
    crops, val = (read_pictures(clips, split) for split in _splits(config))
    return _train(config, crops, val, Path(out), resume, chosen, Path(features), progress)


def validation_pictures(config: TrainConfig, clips: Sequence[Clip]) -> Crops:
    """Those of the pictures that a run of :func:`train_pictures` chooses its epoch on.

    Raises:
        FacefakeError: ``split_empty``.
    """
    return _for_validation(config, read_pictures(clips, config.data.val_split))


def _for_validation(config: TrainConfig, val: Crops) -> Crops:
    # not by the config's seed: runs of several seeds are measured on the same clips
    return val.drawn(config.data.val_per_class, 0, fewer=True)


def _pick_device(config: TrainConfig, device: str | None) -> torch.device:
    return pick_device(device if device not in (None, "auto") else config.trainer.device)


def _splits(config: TrainConfig) -> tuple[str, str]:
    return config.data.train_split, config.data.val_split


def _train(
    config: TrainConfig,
    crops: Crops,
    val: Crops,
    out: Path,
    resume: bool,
    device: torch.device,
    features: Path,
    progress: bool,
) -> TrainResult:
    precision = _precision(config, device)
    crops = crops.drawn(config.data.per_class, config.seed)
    val = _for_validation(config, val)
    _check_crops(config, crops, val)
    check_apart(crops, val)
    fingerprint = {"config": _recipe_digest(config), "manifest": crops.sha256 + val.sha256}
    done = _open_run(out, config, resume, fingerprint)

    tuned = _tuned(config, precision)
    backbone = tuned.network.backbone
    geometry = crops.geometry or config.data.geometry.at(backbone.image_size)
    if config.data.cached_views is None:
        loaders = make_loaders(config, crops, val, backbone.preprocess, geometry, device)
    else:
        bar = progress_bar if progress else silent
        loaders = make_cached_loaders(config, tuned.network, crops, val, geometry, device, precision, features, bar)
    steps_per_epoch = math.ceil(len(loaders[0]) / config.trainer.accumulate)
    _start_at(loaders[0], (done or 0) // steps_per_epoch)
    damage = Damage(out / "damaged.csv", crops, val)

    def keep(epoch: int, figures: Validation) -> None:
        card = _card(config, tuned.network, geometry, crops, val, damage, epoch, figures)
        save_detector(out / DETECTOR_FILE, tuned.network, card)

    module = DetectorModule(tuned.network, tuned.names, config, steps_per_epoch, val, damage, fingerprint, keep)
    callbacks: list[pl.Callback] = [KeepLast(_checkpoint(out))]
    if progress:
        callbacks.append(TrainProgress(steps_per_epoch * config.trainer.epochs))
    with quiet(), interruptible():
        trainer = make_trainer(config, out, device, precision, callbacks, done)
        trainer.fit(module, *loaders, ckpt_path=str(_checkpoint(out)) if done is not None else None)
    assert module.kept is not None  # every run validates, or resumes one that did
    return TrainResult(
        detector=out / DETECTOR_FILE,
        best=module.kept.video_auc,
        epoch=module.kept_epoch,
        steps=trainer.global_step,
        metrics=out / "metrics.csv",
        damaged=damage.names(),
    )


def _start_at(loader: DataLoader[Any], epoch: int) -> None:
    """Begin with an epoch's order: Lightning names the epoch after loading processes have got their first work."""
    assert isinstance(loader.sampler, PairSampler)
    loader.sampler.set_epoch(epoch)


def _tuned(config: TrainConfig, precision: str) -> Tuned:
    """The network, its weights in the precision it trains in."""
    spec = BackboneSpec(config.backbone.name, config.backbone.weights, config.backbone.feature)
    tuned = tuned_network(load_backbone(spec), config, config.seed)
    if precision == "bf16":
        cast_products(tuned.network.backbone)
    if config.trainer.grad_checkpointing:
        tuned.network.backbone.checkpoint_gradients()
    return tuned


def _precision(config: TrainConfig, device: torch.device) -> Literal["bf16", "fp16", "fp32"]:
    wanted = config.trainer.precision
    if wanted == "auto":
        # on CPUs bf16 halves the time of a forward pass but doubles that of a backward one (benchmarks/train_step.py)
        wanted = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if wanted == "fp16" and device.type != "cuda":
        raise FacefakeError("config_invalid", f"fp16 does not train on {device.type}", "Use bf16 or fp32.")
    return wanted


def _check_crops(config: TrainConfig, crops: Crops, val: Crops) -> None:
    size = config.data.batch_size
    if len(crops) < size:
        raise FacefakeError(
            "config_invalid",
            f"a batch has {size} crops or pictures, and the split {crops.split!r} holds only {len(crops)}",
            f"Make the batch smaller: --set data.batch_size={max(2, len(crops) // 2)}",
        )
    if (crops.geometry, crops.face_detector) != (val.geometry, val.face_detector):
        raise FacefakeError(
            "store_recipe_mismatch",
            f"the splits {crops.split!r} and {val.split!r} hold different crops: {crops.geometry} by "
            f"{crops.face_detector}, {val.geometry} by {val.face_detector}",
            "Extract them again, into a new store.",
        )


def _recipe_digest(config: TrainConfig) -> str:
    """What must not change when a run goes on: all but where it runs, and how long."""
    free = {"epochs": 1, "device": "auto", "loggers": (), "grad_checkpointing": False}
    trainer = config.trainer.model_copy(update=free)
    data = config.data.model_copy(update={"workers": "auto"})
    return config.model_copy(update={"trainer": trainer, "data": data}).sha256


def _checkpoint(out: Path) -> Path:
    return out / "checkpoints" / "last.ckpt"


def _open_run(out: Path, config: TrainConfig, resume: bool, fingerprint: dict[str, str]) -> int | None:
    """Make the run folder ready; the optimiser steps already done, ``None`` for a new run."""
    path, done = _checkpoint(out), None
    if path.exists():
        if not resume:
            raise FacefakeError(
                "usage", f"{out} already holds a run", "Go on with it with --resume, or choose another --out."
            )
        checkpoint = read_checkpoint(path)
        done = int(checkpoint["global_step"])
        for what, digest in fingerprint.items():
            if checkpoint[STATE][what] != digest:
                raise FacefakeError(
                    "usage",
                    f"the run in {out} was started with {'other data' if what == 'manifest' else f'another {what}'}",
                    "Resume it with the same, or choose another --out.",
                )
    write_atomic(out / "config.yaml", config.to_yaml().encode())
    return done


def _card(
    config: TrainConfig,
    network: Network,
    geometry: CropGeometry,
    crops: Crops,
    val: Crops,
    damage: Damage,
    epoch: int,
    figures: Validation,
) -> DetectorCard:
    damaged = damage.count(crops.split)  # pictures, each a clip of its own
    return DetectorCard(
        tool_version=__version__,
        backbone=describe_backbone(network.backbone),
        strategy=config.strategy,
        head=config.head,
        geometry=geometry.to_dict(),
        face_detector=crops.face_detector,
        training=TrainingCard(
            datasets=crops.datasets,
            split=crops.split,
            clips=crops.clip_count - damaged,
            crops=len(crops) - damaged,
            manifest_sha256=crops.sha256,
            config_sha256=config.sha256,
        ),
        selection=SelectionCard(
            datasets=val.datasets,
            split=val.split,
            metric="video_auc" if config.selection == "best" else LAST_EPOCH,
            value=figures.video_auc,
            epoch=epoch,
        ),
        metrics={
            "video_auc": figures.video_auc,
            "frame_auc": figures.frame_auc,
            "cross_entropy": figures.cross_entropy,
        },
    )
