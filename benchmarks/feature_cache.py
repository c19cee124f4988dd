"""One epoch on features that were encoded once, against one that encodes its pictures again, for each frozen strategy.

    python benchmarks/feature_cache.py [--pictures 2000] [--encoded N] [--batch 16] [--rounds 3]
        [--config image-prompt image-adapter image-linear] [--device cuda]

Pictures are made in a temporary folder (JPEG, 256 pixels, noise); weights are random: speed does not depend on them.
The loaders and steps are those of training, without augmentation. The epoch on features is measured over all pictures.
The epoch that encodes is measured over ``--encoded`` of them, all on a GPU, 16 on a CPU, with the same batch size; what
it takes longer than an epoch on features of the same pictures is the price of encoding them, decoding included, and
``reencoding_seconds`` is the epoch on features plus that price for each picture. Where all are encoded this is the time
as measured. Features of pictures that are not encoded are made up. In each round both kinds of epoch run in turn. Load
is that of the machine when a recipe starts: on a busy one only ratios count. A row a recipe is appended to
benchmarks/results/feature_cache.csv.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from machine import RESULTS, device_name, record, wait
from PIL import Image
from torch.utils.data import DataLoader

from facefake.features.hashes import Hashes
from facefake.features.store import FeatureStore
from facefake.features.tower import Tower
from facefake.models import BackboneSpec, Network, load_backbone, tuned_network
from facefake.models.precision import autocast, cast_products
from facefake.progress import silent
from facefake.training import TrainConfig, load_config
from facefake.training.cached import make_cached_loaders
from facefake.training.config import AugmentConfig
from facefake.training.data import Crops, read_pictures
from facefake.training.loaders import make_loaders
from facefake.training.losses import combine
from facefake.training.module import make_optimiser
from preprocessing.clip import Clip, File
from preprocessing.device import pick_device
from preprocessing.faces import CropGeometry

SIDE = 256


def main() -> None:
    """Measure and append a row for each recipe."""
    arguments = _parse()
    device = pick_device(arguments.device)
    arguments.encoded = arguments.encoded or (arguments.pictures if device.type == "cuda" else 16)
    arguments.precision = "bf16" if device.type == "cuda" else "fp32"
    with tempfile.TemporaryDirectory() as folder:
        clips = _pictures(Path(folder), arguments.pictures)
        for name in arguments.config:
            record(arguments.out, _measure(name, clips, Path(folder) / "features", device, arguments))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--config", nargs="+", default=["image-prompt", "image-adapter", "image-linear"])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--encoded", type=int, help="so many are encoded [default: all on a GPU, 16 on a CPU]")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device")
    parser.add_argument("--out", type=Path, default=RESULTS / "feature_cache.csv")
    return parser.parse_args()


def _pictures(folder: Path, count: int) -> list[Clip]:
    """Noise, half of it called fake."""
    rng = np.random.default_rng(0)
    clips = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(path)
        clips.append(Clip(path, path.name, "noise", "noise", number % 2, "train", None, path.stem))
    return clips


def _measure(
    name: str, clips: list[Clip], folder: Path, device: torch.device, arguments: argparse.Namespace
) -> dict[str, object]:
    load = os.getloadavg()[0]
    config = _config(name, arguments)
    backbone = load_backbone(BackboneSpec(config.backbone.name, config.backbone.weights, config.backbone.feature))
    network = tuned_network(backbone, config).network
    if arguments.precision == "bf16":
        cast_products(backbone)
    network.to(device).train()
    geometry = config.data.geometry.at(backbone.image_size)
    every, some = (read_pictures(clips[:count], "train") for count in (len(clips), arguments.encoded))
    tower = Tower.of_base(backbone, device, arguments.precision)
    store = _made_up(every, set(some.files), tower, geometry, folder)
    cached, _ = make_cached_loaders(config, network, every, some, geometry, device, arguments.precision, folder, silent)
    encoding, _ = make_loaders(config, some, some, backbone.preprocess, geometry, device)

    optimiser = make_optimiser([each for each in network.parameters() if each.requires_grad], config.optimiser)
    seconds: dict[str, list[float]] = {"cached": [], "encoding": []}
    for _ in range(arguments.rounds):
        for kind, loader in (("cached", cached), ("encoding", encoding)):
            seconds[kind].append(_epoch(loader, network, optimiser, config, device, arguments.precision))
    epoch, price = statistics.median(seconds["cached"]), statistics.median(seconds["encoding"])
    step = epoch / len(cached)
    price = (price - step * len(encoding)) / (len(encoding) * arguments.batch)
    again = epoch + price * len(cached) * arguments.batch
    return {
        "backbone": arguments.backbone,
        "strategy": config.strategy,
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "load": round(load, 1),
        "precision": arguments.precision,
        "batch": arguments.batch,
        "pictures": len(every),
        "encoded": len(some),
        "encoding_seconds_a_picture": round(price, 5),
        "pictures_encoded_a_second": round(1 / price, 2),
        "seconds_a_step": round(step, 5),
        "cached_seconds": round(epoch, 3),
        "reencoding_seconds": round(again, 1),
        "ratio": round(again / epoch, 1),
        "bytes_a_picture": store.bytes_per_picture,
        "torch": torch.__version__,
    }


def _config(name: str, arguments: argparse.Namespace) -> TrainConfig:
    still = AugmentConfig(
        flip=0, degrees=0, translate=0, scale=(1, 1), blur=0, brightness=0, contrast=0, jpeg=None, crop="none"
    )
    settings = [f"backbone.name={arguments.backbone}", "backbone.weights=random:0", "data.cached_views=1"]
    config = load_config(name, [*settings, f"data.batch_size={arguments.batch}"])
    return config.model_copy(update={"augment": still})


def _made_up(crops: Crops, real: set[File], tower: Tower, geometry: CropGeometry, folder: Path) -> FeatureStore:
    """Features for all pictures but some, which are left to be encoded."""
    store = FeatureStore.open(folder, tower.identity(geometry))
    contents = [
        content
        for file, content in zip(crops.files, Hashes(folder).of(crops.files), strict=True)
        if file not in real and isinstance(content, bytes)
    ]
    store.add(contents, np.random.default_rng(0).standard_normal((len(contents), *store.shape), np.float32))
    return store


def _epoch(
    loader: DataLoader[Any],
    network: Network,
    optimiser: torch.optim.Optimizer,
    config: TrainConfig,
    device: torch.device,
    precision: Literal["bf16", "fp32"],
) -> float:
    """Seconds of one epoch of real steps."""
    wait(device)
    start = time.perf_counter()
    for batch in loader:
        inputs, labels = batch.inputs.to(device), batch.labels.to(device)
        with autocast(device, precision):
            if not inputs.is_floating_point():
                inputs = network.features(network.backbone.preprocess.normalise(inputs))
            output = network.classify(inputs)
        optimiser.zero_grad()
        combine(output, labels, config.loss).total.backward()
        optimiser.step()
    wait(device)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
