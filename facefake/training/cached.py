"""Training on features: a frozen tower sees each picture once, and every epoch reads what it saw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.data import DataLoader, Dataset

from facefake.features.encode import Encoded, encode_pictures
from facefake.features.pictures import Augmented
from facefake.features.tower import Tower
from facefake.models.network import Network
from facefake.progress import Progress
from facefake.training.augment import Augmentation
from facefake.training.config import TrainConfig
from facefake.training.data import Crops
from facefake.training.dataset import Batch
from facefake.training.loaders import order, worker_count
from preprocessing.faces import CropGeometry

_VAL_BATCH = 1024  # features take no memory to speak of, and a prompt's text is encoded once a batch


class FeatureDataset(Dataset[Batch]):
    """Features for the head, a batch at a time.

    Indexed by ``(epoch, row)`` as :class:`facefake.training.dataset.CropDataset` is, so that the same sampler gives the
    same order; epoch e looks at view e mod K.

    Args:
        crops: What the features are of.
        encoded: Their features.
    """

    def __init__(self, crops: Crops, encoded: Encoded) -> None:
        self.crops = crops
        self._encoded = encoded

    def __len__(self) -> int:
        return len(self.crops)

    def __getitems__(self, indices: Sequence[tuple[int, int]]) -> Batch:
        """A whole batch, all of one epoch: torch's loader asks for it at once."""
        lost = self._encoded.failed
        epoch, rows = indices[0][0], [row for _, row in indices if row not in lost]
        features = self._encoded.view(epoch % self._encoded.shape[1], rows)
        failed = [(row, lost[row]) for _, row in indices if row in lost]
        return Batch(torch.from_numpy(features), torch.from_numpy(self.crops.labels[rows]), torch.tensor(rows), failed)


def make_cached_loaders(
    config: TrainConfig,
    network: Network,
    crops: Crops,
    val: Crops,
    geometry: CropGeometry,
    device: torch.device,
    precision: Literal["fp32", "bf16", "fp16"],
    folder: Path,
    progress: Progress,
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """What :func:`facefake.training.loaders.make_loaders` gives, of features instead of pictures.

    What is not in the folder yet is encoded first: K random views of the pictures trained on, one view as they are of
    the others. Views are drawn by a picture's content and the view's number alone, so that runs of other seeds,
    strategies and heads share them.

    Args:
        config: The run's config.
        network: Its tower is frozen, as the config makes sure; moved to the device.
        crops: Crops or pictures to train on.
        val: Crops or pictures to validate on.
        geometry: What the backbone sees of a whole picture; or how the crops were cut.
        device: Where the network runs.
        precision: In which.
        folder: Where all features are.
        progress: Shows the encoding.

    Raises:
        FacefakeError: ``store_damaged``, ``not_writable``. What happens to a picture is in its batches.
    """
    if geometry.template == "five-crop":  # training looks at the square in the middle
        geometry = replace(geometry, template="crop")
    tower = Tower.of_base(network.backbone.to(device), device, precision)
    workers = worker_count(config, device)

    def features(split: Crops, augmented: Augmented | None) -> FeatureDataset:
        encoded = encode_pictures(
            split.files, tower, geometry, folder, augmented=augmented, workers=workers, progress=progress
        )
        return FeatureDataset(split, encoded)

    training, validation = features(crops, _augmented(config, geometry)), features(val, None)
    in_order = [(0, row) for row in range(len(val))]
    return (
        DataLoader(training, config.data.batch_size, sampler=order(config, crops), drop_last=True, collate_fn=_as_is),
        DataLoader(validation, _VAL_BATCH, sampler=in_order, collate_fn=_as_is),
    )


def _augmented(config: TrainConfig, geometry: CropGeometry) -> Augmented | None:
    """Random views; ``None`` where nothing about them is random: then all of them are the picture as it is."""
    augment, views = Augmentation(config.augment, geometry), config.data.cached_views
    if not augment.changes or views is None:
        return None
    digest = hashlib.sha256(config.augment.model_dump_json().encode()).hexdigest()
    return Augmented(augment, digest, views)


def _as_is(batch: Any) -> Any:
    return batch  # which the data set made of them already
