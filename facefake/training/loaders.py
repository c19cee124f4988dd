"""What a run's batches are made of: shuffled and augmented for training, in order and as they are for validation."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import DataLoader

from facefake.models.preprocess import Preprocess
from facefake.training.augment import Augmentation
from facefake.training.config import TrainConfig
from facefake.training.data import Crops
from facefake.training.dataset import CropDataset, collate
from facefake.training.sampler import PairSampler, pair_groups
from preprocessing.faces import CropGeometry
from preprocessing.workers import available_cores

_MOST_WORKERS = 16


def make_loaders(
    config: TrainConfig,
    crops: Crops,
    val: Crops,
    preprocess: Preprocess,
    geometry: CropGeometry,
    device: torch.device,
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Loaders of :class:`facefake.training.dataset.Batch`.

    Args:
        config: The run's config.
        crops: Crops or pictures to train on.
        val: Crops or pictures to validate on.
        preprocess: The backbone's.
        geometry: What the backbone sees of a whole picture; or how the crops were cut.
        device: Where the network runs.

    Returns:
        The loader of training batches and that of validation batches.
    """
    workers = worker_count(config, device)
    common: dict[str, Any] = {
        "batch_size": config.data.batch_size,
        "num_workers": workers,
        "persistent_workers": workers > 0,
        "pin_memory": device.type == "cuda",
        "collate_fn": collate,
    }
    training = CropDataset(crops, preprocess, geometry, Augmentation(config.augment, geometry), config.seed)
    validation = CropDataset(val, preprocess, geometry)
    return (
        DataLoader(training, sampler=order(config, crops), drop_last=True, **common),
        DataLoader(validation, sampler=[(0, row) for row in range(len(val))], **common),
    )


def order(config: TrainConfig, crops: Crops) -> PairSampler:
    """The order in which training sees crops or pictures, anew in every epoch."""
    paired = config.data.pairing == "pair"
    groups = pair_groups(crops.pairs, crops.frames, crops.labels) if paired else [[row] for row in range(len(crops))]
    return PairSampler(groups, config.seed)


def worker_count(config: TrainConfig, device: torch.device) -> int:
    """Processes that load pictures."""
    asked = config.data.workers
    automatic = 0 if device.type == "cpu" else min(_MOST_WORKERS, available_cores())
    return automatic if asked == "auto" else asked
