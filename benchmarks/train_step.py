"""Seconds and memory of real optimiser steps of a training recipe: ViT-L/14, random weights, random pictures.

    python benchmarks/train_step.py [--config face-ln image-prompt image-full ...] [--batch 128] [--precision bf16]
        [--checkpointing] [--steps 5] [--device cuda]

Every step encodes its pictures; what a frozen tower saves with features that are encoded once is measured by
benchmarks/feature_cache.py. One uncounted step comes first. Each recipe runs in a process of its own, so that peak
memory is its own: the device's on CUDA, the process's on a CPU. The detector file is written and its size reported. A
row a recipe is appended to benchmarks/results/train_step.csv.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from cards import card_of
from machine import RESULTS, device_name, peak_memory, record, wait

from facefake.models import BackboneSpec, Network, load_backbone, save_detector, tuned_network
from facefake.models.precision import autocast, cast_products
from facefake.training import TrainConfig, load_config
from facefake.training.losses import combine
from facefake.training.module import make_optimiser
from preprocessing.device import pick_device


def main() -> None:
    """Measure one recipe here, several in a process each."""
    arguments = _parse()
    if len(arguments.config) == 1:
        measure(arguments, arguments.config[0])
        return
    rest = [word for word in sys.argv[1:] if word not in ("--config", *arguments.config)]
    for config in arguments.config:
        subprocess.run([sys.executable, __file__, *rest, "--config", config], check=True)


def measure(arguments: argparse.Namespace, name: str) -> None:
    """Measure a recipe and append its row."""
    device = pick_device(arguments.device)
    config = load_config(name, [f"backbone.name={arguments.backbone}", "backbone.weights=random:0"])
    network = _network(config, arguments, device)
    seconds, losses = _steps(network, config, arguments, device)
    sizes = [parameter.numel() for parameter in network.parameters() if parameter.requires_grad]
    record(
        arguments.out,
        {
            "config": name,
            "backbone": arguments.backbone,
            "device": device_name(device),
            "threads": torch.get_num_threads(),
            "precision": arguments.precision,
            "batch": arguments.batch,
            "checkpointing": arguments.checkpointing,
            "steps": arguments.steps,
            "seconds_a_step": round(seconds, 3),
            "images_a_second": round(arguments.batch / seconds, 2),
            "peak_memory_gib": round(peak_memory(device), 2),
            "trained": sum(sizes),
            "detector_bytes": _detector_bytes(network, config),
            "first_loss": round(losses[0], 4),
            "last_loss": round(losses[-1], 4),
            "torch": torch.__version__,
        },
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", default=["face-ln"])
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device")
    parser.add_argument("--out", type=Path, default=RESULTS / "train_step.csv")
    return parser.parse_args()


def _network(config: TrainConfig, arguments: argparse.Namespace, device: torch.device) -> Network:
    spec = BackboneSpec(config.backbone.name, config.backbone.weights, config.backbone.feature)
    network = tuned_network(load_backbone(spec), config).network
    if arguments.precision == "bf16":
        cast_products(network.backbone)
    if arguments.checkpointing:
        network.backbone.checkpoint_gradients()
    return network.to(device).train()


def _steps(
    network: Network, config: TrainConfig, arguments: argparse.Namespace, device: torch.device
) -> tuple[float, list[float]]:
    """Mean seconds a step, without the first, and the loss at each."""
    optimiser = make_optimiser([each for each in network.parameters() if each.requires_grad], config.optimiser)
    size = network.backbone.image_size
    pictures = torch.randint(0, 256, (arguments.batch, 3, size, size), dtype=torch.uint8).to(device)
    labels = (torch.arange(arguments.batch) % 2).to(device)
    preprocess, losses, start = network.backbone.preprocess, [], 0.0
    for step in range(arguments.steps + 1):
        if step == 1:
            wait(device)
            start = time.perf_counter()
        with autocast(device, arguments.precision):
            output = network(preprocess.normalise(pictures))
        loss = combine(output, labels, config.loss)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        losses.append(float(loss.total.detach()))
    wait(device)
    return (time.perf_counter() - start) / arguments.steps, losses


def _detector_bytes(network: Network, config: TrainConfig) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector.safetensors"
        save_detector(path, network, card_of(network, config))
        return path.stat().st_size


if __name__ == "__main__":
    main()
