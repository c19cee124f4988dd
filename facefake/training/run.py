"""A training run, from the checks that need no data to the detector file."""

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
from facefake.training.trainer import chosen_loggers, interruptible, make_trainer, quiet
from facefake.training.validation import Validation
from preprocessing.clip import Clip
from preprocessing.device import pick_device
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.files import check_writable, write_atomic

FEATURES = Path("features")
"""The default folder of features."""


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


class Run:
    """A training run. Making it checks what needs neither data nor weights; nothing is written before it trains.

    A caller with hours of work to do before there is something to train on calls :meth:`check_clips` and :meth:`build`
    first.

    Args:
        config: As for :func:`train`, like the others.
        out: The run folder.
        resume: Go on from its checkpoint, if it has one.
        device: Instead of the config's.
        features: Where features are kept.

    Raises:
        FacefakeError: ``device_unavailable``; ``config_invalid`` for a precision or a logger that is not there;
            ``usage`` for a run folder that holds another run; ``not_writable``.
    """

    def __init__(
        self,
        config: TrainConfig,
        out: Path,
        resume: bool = True,
        device: str | None = None,
        *,
        features: Path = FEATURES,
    ) -> None:
        self.config, self.out, self._features = config, Path(out), Path(features)
        self._tuned: Tuned | None = None
        self._device = pick_device(device if device not in (None, "auto") else config.trainer.device)
        self._precision = _precision(config, self._device)
        self._loggers = chosen_loggers(config, self.out)
        self._begun = _begun(_checkpoint(self.out), resume)
        self._check_same("config", _recipe_digest(config))
        check_writable(self.out / "config.yaml")
        if config.data.cached_views is not None:
            check_writable(self._features / "lock")

    @property
    def resumed(self) -> bool:
        """Whether it goes on from a checkpoint."""
        return self._begun is not None

    def build(self) -> Tuned:
        """The network, its weights in the precision it trains in; built, and its weights fetched, the first time.

        Raises:
            FacefakeError: What loading a backbone and building on it raise.
        """
        if self._tuned is None:
            self._tuned = self._built()
        return self._tuned

    def _built(self) -> Tuned:
        config = self.config
        spec = BackboneSpec(config.backbone.name, config.backbone.weights, config.backbone.feature)
        tuned = tuned_network(load_backbone(spec), config, config.seed)
        if self._precision == "bf16":
            cast_products(tuned.network.backbone)
        if config.trainer.grad_checkpointing:
            tuned.network.backbone.checkpoint_gradients()
        return tuned

    def check_clips(self, clips: Sequence[Clip], frames: int | None = None) -> None:
        """Refuse clips that cannot be trained on whatever is found in them.

        Args:
            clips: Of both splits.
            frames: At most so many crops of a clip; ``None``: as many as the config takes.

        Raises:
            FacefakeError: ``split_empty``, ``split_leak``, ``config_invalid``.
        """
        crops, val = (read_pictures(clips, split) for split in self._splits)
        most = self.config.data.frames_per_clip
        self._checked(crops, val, each=most if frames is None else min(most, frames))

    def on_store(self, store: Path, *, clips: Collection[str] | None = None, progress: bool = True) -> TrainResult:
        """Train on a face store; see :func:`train`."""
        frames = self.config.data.frames_per_clip
        crops, val = (read_crops(Path(store), split, frames, clips) for split in self._splits)
        return self._fit(*self._checked(crops, val), progress)

    def on_pictures(self, clips: Sequence[Clip], *, progress: bool = True) -> TrainResult:
        """Train on whole pictures; see :func:`train_pictures`."""
        crops, val = (read_pictures(clips, split) for split in self._splits)
        return self._fit(*self._checked(crops, val), progress)

    @property
    def _splits(self) -> tuple[str, str]:
        return self.config.data.train_split, self.config.data.val_split

    def _checked(self, crops: Crops, val: Crops, *, each: int = 1) -> tuple[Crops, Crops]:
        """Those of the crops that are drawn, if they can be trained on; ``each`` may stand for several."""
        crops = crops.drawn(self.config.data.per_class, self.config.seed)
        val = for_validation(self.config, val)
        _check_crops(self.config, crops, val, each)
        check_apart(crops, val)
        return crops, val

    def _check_same(self, what: str, digest: str) -> None:
        if self._begun is not None and self._begun[what] != digest:
            raise FacefakeError(
                "usage",
                f"the run in {self.out} was started with {'other data' if what == 'manifest' else f'another {what}'}",
                "Resume it with the same, or choose another --out.",
            )

    def _fit(self, crops: Crops, val: Crops, progress: bool) -> TrainResult:
        config, out, manifest = self.config, self.out, crops.sha256 + val.sha256
        self._check_same("manifest", manifest)
        done = None if self._begun is None else self._begun["step"]
        tuned = self.build()
        backbone = tuned.network.backbone
        write_atomic(out / "config.yaml", config.to_yaml().encode())
        geometry = crops.geometry or config.data.geometry.at(backbone.image_size)
        if config.data.cached_views is None:
            loaders = make_loaders(config, crops, val, backbone.preprocess, geometry, self._device)
        else:
            bar = progress_bar if progress else silent
            loaders = make_cached_loaders(
                config, tuned.network, crops, val, geometry, self._device, self._precision, self._features, bar
            )
        steps_per_epoch = math.ceil(len(loaders[0]) / config.trainer.accumulate)
        _start_at(loaders[0], (done or 0) // steps_per_epoch)
        damage = Damage(out / "damaged.csv", crops, val)

        def keep(epoch: int, figures: Validation) -> None:
            card = _card(config, tuned.network, geometry, crops, val, damage, epoch, figures)
            save_detector(out / DETECTOR_FILE, tuned.network, card)

        fingerprint = {"config": _recipe_digest(config), "manifest": manifest}
        module = DetectorModule(tuned.network, tuned.names, config, steps_per_epoch, val, damage, fingerprint, keep)
        callbacks: list[pl.Callback] = [KeepLast(_checkpoint(out))]
        if progress:
            callbacks.append(TrainProgress(steps_per_epoch * config.trainer.epochs))
        with quiet(), interruptible():
            trainer = make_trainer(config, out, self._device, self._precision, callbacks, self._loggers, done)
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


def for_validation(config: TrainConfig, val: Crops) -> Crops:
    """What of a validation split the config asks for."""
    # not by the config's seed: runs of several seeds are measured on the same clips
    return val.drawn(config.data.val_per_class, 0, fewer=True)


def _start_at(loader: DataLoader[Any], epoch: int) -> None:
    """Begin with an epoch's order: Lightning names the epoch after loading processes have got their first work."""
    assert isinstance(loader.sampler, PairSampler)
    loader.sampler.set_epoch(epoch)


def _precision(config: TrainConfig, device: torch.device) -> Literal["bf16", "fp16", "fp32"]:
    wanted = config.trainer.precision
    if wanted == "auto":
        # on CPUs bf16 halves the time of a forward pass but doubles that of a backward one (benchmarks/train_step.py)
        wanted = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if wanted == "fp16" and device.type != "cuda":
        raise FacefakeError("config_invalid", f"fp16 does not train on {device.type}", "Use bf16 or fp32.")
    return wanted


def _check_crops(config: TrainConfig, crops: Crops, val: Crops, each: int) -> None:
    size, most = config.data.batch_size, len(crops) * each
    if most < size:
        raise FacefakeError(
            "config_invalid",
            f"a batch has {size} crops or pictures, and the split {crops.split!r} holds only {most}",
            f"Make the batch smaller: --set data.batch_size={max(2, most // 2)}",
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


def _begun(path: Path, resume: bool) -> dict[str, Any] | None:
    """What a checkpoint says of the run to go on with, without its tensors; ``None`` for a new run."""
    if not path.exists():
        return None
    if not resume:
        raise FacefakeError(
            "usage", f"{path.parents[1]} already holds a run", "Go on with it with --resume, or choose another --out."
        )
    checkpoint = read_checkpoint(path)
    return {**checkpoint[STATE], "step": int(checkpoint["global_step"])}


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
