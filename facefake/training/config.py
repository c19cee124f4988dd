"""The training config: one validated model, read from YAML, changed by dotted ``key=value``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import Field, model_validator

from facefake.config_file import Section, parse_override, read_yaml, unknown_key, validated
from facefake.models.tuning import FROZEN, Feature, Tuning, check_feature
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.resources import find_config

Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
NotNegative: TypeAlias = Annotated[float, Field(ge=0)]
Positive: TypeAlias = Annotated[float, Field(gt=0)]
UpToOne: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Quality: TypeAlias = Annotated[int, Field(ge=1, le=100)]


class BackboneConfig(Section):
    """Which backbone, see :class:`facefake.models.backbone.BackboneSpec`."""

    name: str = "ViT-L-14-quickgelu"
    weights: str = "openai"
    feature: Feature = "pooled"


class LossConfig(Section):
    """Weights of the loss's parts, see :mod:`facefake.training.losses`.

    ``slerp`` replaces each feature by a random point on the arc to another of its class, before the head.
    """

    cross_entropy: NotNegative = 1.0
    uniformity: NotNegative = 0.5
    alignment: NotNegative = 0.1
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    slerp: bool = False

    @model_validator(mode="after")
    def _trains(self) -> LossConfig:
        if not self.cross_entropy:
            raise ValueError("cross_entropy must be above 0: nothing else trains the head")
        return self


class OptimiserConfig(Section):
    """AdamW, which has ``betas``, or stochastic gradient descent, which has ``momentum``."""

    name: Literal["adamw", "sgd"] = "adamw"
    lr: Positive = 3e-4
    weight_decay: NotNegative = 0.0
    betas: tuple[Probability, Probability] = (0.9, 0.999)
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _known(self) -> OptimiserConfig:
        if self.momentum and self.name != "sgd":
            raise ValueError(f"momentum is of sgd, not of {self.name}")
        return self


class ScheduleConfig(Section):
    """The learning rate over time, see :mod:`facefake.training.schedule`; epochs may be fractions.

    Attributes:
        warmup_epochs: Length of the warm-up.
        warmup: ``linear`` climbs from ``warmup_lr``, ``constant`` stays there.
        warmup_lr: ``None``: ``min_lr``.
        cycle_epochs: Length of a cosine cycle, counted from the end of the warm-up; ``None``: the rate stays.
        min_lr: What each cycle falls towards.
        each: Whether the rate moves with every ``step`` or stays within an ``epoch``.
    """

    warmup_epochs: NotNegative = 1.0
    warmup: Literal["linear", "constant"] = "linear"
    warmup_lr: NotNegative | None = None
    cycle_epochs: Positive | None = 10.0
    min_lr: NotNegative = 1e-5
    each: Literal["step", "epoch"] = "step"


class OneOfConfig(Section):
    """One change, drawn evenly from four, of the picture as the backbone sees it; black where there is nothing.

    Attributes:
        probability: How often there is one.
        zoom: Enlarged about its centre by this factor.
        rotate: Turned clockwise by so many degrees.
        translate: Moved by at most so many pixels, the same along both sides.
        cutout: Two black squares of this share of its side, anywhere.
    """

    probability: Probability = 0.0
    zoom: Positive = 1.5
    rotate: float = 20.0
    translate: Annotated[int, Field(ge=0)] = 20
    cutout: Probability = 0.4


class AugmentConfig(Section):
    """Augmentations in the order they are applied, see :mod:`facefake.training.augment`.

    Attributes:
        flip: How often the picture is mirrored.
        degrees: Turned by at most so much, either way.
        translate: Moved by at most this share of its sides.
        scale: Enlarged by a factor from this range.
        downscale: How often it is made smaller.
        downscale_factor: By a factor from this range.
        blur: How often it is blurred.
        blur_kernel: Width and height in pixels; ``None``: as large as the blur needs.
        blur_sigma: Standard deviation in pixels, from this range.
        brightness: Changed by at most this share.
        contrast: Changed by at most this share.
        jpeg: Compressed at a quality from this range; ``None``: not.
        jpeg_probability: How often.
        crop: What the backbone sees of a whole picture: ``none``, what it sees in scoring; ``random``, a square of its
            size from anywhere; ``resized``, any part of the picture, brought to its size.
        crop_area: Share of the picture's area that ``resized`` takes, from this range.
        one_of: One further change.
    """

    flip: Probability = 0.5
    degrees: NotNegative = 10.0
    translate: Probability = 0.1
    scale: tuple[Positive, Positive] = (0.9, 1.1)
    downscale: Probability = 0.0
    downscale_factor: tuple[UpToOne, UpToOne] = (0.5, 1.0)
    blur: Probability = 0.1
    blur_kernel: tuple[Count, Count] | None = (7, 7)
    blur_sigma: tuple[NotNegative, NotNegative] = (0.1, 2.0)
    brightness: Probability = 0.1
    contrast: Probability = 0.1
    jpeg: tuple[Quality, Quality] | None = (40, 100)
    jpeg_probability: Probability = 1.0
    crop: Literal["none", "random", "resized"] = "none"
    crop_area: tuple[UpToOne, UpToOne] = (0.08, 1.0)
    one_of: OneOfConfig = OneOfConfig()

    @model_validator(mode="after")
    def _ordered(self) -> AugmentConfig:
        for name in ("scale", "downscale_factor", "blur_sigma", "jpeg", "crop_area"):
            span = getattr(self, name)
            if span is not None and span[0] > span[1]:
                raise ValueError(f"{name} must be written [low, high]")
        if self.blur_kernel and any(side % 2 == 0 for side in self.blur_kernel):
            raise ValueError("blur_kernel takes odd numbers")
        if self.blur_kernel and not self.blur_sigma[0]:
            raise ValueError("blur_sigma must be above 0, or blur_kernel null")
        return self


class GeometryConfig(Section):
    """How a whole picture becomes the square a backbone sees, :data:`preprocessing.faces.WHOLE`.

    ``five-crop`` is for scoring: training and the validation after each epoch look at the centre alone.
    """

    template: Literal["resize-crop", "crop", "squash", "five-crop"] = "resize-crop"
    scale: Annotated[float, Field(ge=1, le=4)] = 1.0

    @model_validator(mode="after")
    def _scales(self) -> GeometryConfig:
        if self.scale != 1 and self.template != "resize-crop":
            raise ValueError(f"scale must be 1: {self.template} does not resize")
        return self

    def at(self, size: int) -> CropGeometry:
        """For a backbone whose pictures have a side of ``size`` pixels."""
        return CropGeometry(self.template, self.scale, size)


class DataConfig(Section):
    """Which crops of the store, or which pictures, and how they are put into batches.

    Attributes:
        train_split: Split trained on.
        val_split: Split the checkpoint is chosen on; never the test split, whose figures would then mean nothing.
        per_class: So many clips of each class, drawn evenly over their folders by the seed; ``None``: all. A picture
            is a clip.
        val_per_class: At most so many of each class of the validation split, the same for every seed; ``None``: all.
        geometry: What the backbone sees of a picture. Crops of a store bring their own.
        cached_views: With a frozen tower: ``None`` encodes in every epoch; K encodes K augmented views once, and epoch
            e looks at view e mod K.
        frames_per_clip: At most so many crops of a clip, spread evenly.
        batch_size: Crops or pictures a forward pass.
        pairing: ``pair`` puts a real and its fakes, of the same or the nearest frame, side by side in a batch.
        workers: Processes that load them; ``auto``: none on a CPU, where the model needs the cores.
    """

    train_split: str = "train"
    val_split: str = "val"
    per_class: Count | None = None
    val_per_class: Count | None = None
    geometry: GeometryConfig = GeometryConfig()
    cached_views: Count | None = None
    frames_per_clip: Count = 32
    batch_size: Annotated[int, Field(ge=2)] = 128
    pairing: Literal["none", "pair"] = "none"
    workers: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"

    @model_validator(mode="after")
    def _held_out(self) -> DataConfig:
        if self.train_split == self.val_split:
            raise ValueError("train_split and val_split must differ")
        if self.val_split == "test":
            raise ValueError("val_split must not be test: a checkpoint chosen on test videos has seen their labels")
        return self


class TrainerConfig(Section):
    """How long, where and in which precision.

    Attributes:
        epochs: Passes over the training crops.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        precision: ``auto`` is bf16 on CUDA and fp32 elsewhere; ``fp16`` needs CUDA.
        accumulate: Batches whose gradients are summed for one optimiser step; uniformity and alignment see one batch.
        grad_checkpointing: Trades a third more time for activations' memory.
        loggers: Beside ``metrics.csv``, which is always written.
    """

    epochs: Count = 21
    device: str = "auto"
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    accumulate: Count = 1
    grad_checkpointing: bool = False
    loggers: tuple[Literal["tensorboard", "wandb"], ...] = ()


class TrainConfig(Tuning):
    """Everything about a training run: what is trained, and how; the defaults are the recipe ``configs/face-ln.yaml``.

    ``selection`` keeps the epoch that is ``best`` on the validation split, or the ``last``.

    Example:
        >>> TrainConfig().loss.uniformity
        0.5
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    backbone: BackboneConfig = BackboneConfig()
    loss: LossConfig = LossConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    augment: AugmentConfig = AugmentConfig()
    data: DataConfig = DataConfig()
    trainer: TrainerConfig = TrainerConfig()
    selection: Literal["best", "last"] = "best"

    @model_validator(mode="after")
    def _fits(self) -> TrainConfig:
        for name in ("min_lr", "warmup_lr"):
            if (getattr(self.schedule, name) or 0) > self.optimiser.lr:
                raise ValueError(f"schedule.{name} must not be above optimiser.lr")
        if self.augment.crop == "random" and self.data.geometry.template == "squash":
            raise ValueError(
                "augment.crop random cuts out of pictures, and data.geometry squash takes all: set one of them"
            )
        if self.data.cached_views is not None and self.strategy not in FROZEN:
            raise ValueError(
                f"data.cached_views keeps features of a frozen tower, and the strategy {self.strategy} trains it: set "
                f"data.cached_views to null, or strategy to {' or '.join(FROZEN)}"
            )
        check_feature(self.head, self.backbone.feature)
        return self

    @property
    def sha256(self) -> str:
        """Digest of every value."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def to_yaml(self) -> str:
        """The whole config as YAML, which :func:`load_config` reads back."""
        return str(yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False))


def load_config(path_or_name: str | Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a config.

    Args:
        path_or_name: A YAML file, or the name of one in ``configs/``, e.g. ``face-ln``. What it leaves out has the
            default recipe's value.
        overrides: ``section.key=value``, the value written as in YAML.

    Raises:
        FacefakeError: ``config_not_found``, ``config_unknown_key`` with the nearest known key, ``config_invalid``.

    Example:
        >>> load_config("face-ln", ["optimiser.lr=1e-4"]).optimiser.lr
        0.0001
    """
    path = find_config(path_or_name, "config")
    values = read_yaml(path, "config")
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise FacefakeError("config_invalid", f"{path} holds no keys", "Write `section:` and `key: value` lines.")
    for override in overrides:
        _set(values, *parse_override(override, "config"))
    return parse_config(values)


def parse_config(values: dict[str, Any]) -> TrainConfig:
    """Validate plain values.

    Raises:
        FacefakeError: ``config_unknown_key``, ``config_invalid``.
    """
    return validated(TrainConfig, values, "config")


def _set(values: dict[str, Any], dotted: str, value: Any) -> None:
    *sections, key = dotted.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise unknown_key(TrainConfig, dotted)
    values[key] = value
