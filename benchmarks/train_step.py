"""Time and memory of real optimiser steps of the default recipe: ViT-L/14, LN-tuning, random weights, random pictures.

    python benchmarks/train_step.py [--batch 128] [--precision bf16] [--checkpointing] [--steps 5] [--device cuda]

One uncounted step comes first. Peak memory is the device's on CUDA and the process's on a CPU. It also writes the
detector file and reports its size. Appends a row to benchmarks/results/train_step.csv.
"""

from __future__ import annotations

import argparse
import csv
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import torch

from facefake._version import __version__
from facefake.models import BackboneSpec, DetectorCard, Network, build_network, load_backbone, save_detector, select
from facefake.models.detector import describe_backbone
from facefake.models.precision import autocast, cast_products
from facefake.training import TrainConfig
from facefake.training.losses import combine
from preprocessing.device import pick_device

COLUMNS = (
    "backbone",
    "strategy",
    "device",
    "threads",
    "precision",
    "batch",
    "checkpointing",
    "steps",
    "seconds_a_step",
    "images_a_second",
    "peak_memory_gib",
    "trained_backbone",
    "trained_head",
    "detector_bytes",
    "first_loss",
    "last_loss",
    "torch",
)


def main() -> None:
    """Measure and append a row."""
    arguments = _parse()
    device = pick_device(arguments.device)
    network, names = _network(arguments, device)
    seconds, losses = _steps(network, arguments, device)
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters() if parameter.requires_grad}
    head = sum(size for name, size in sizes.items() if name.startswith("head."))
    row = {
        "backbone": arguments.backbone,
        "strategy": "ln",
        "device": _device_name(device),
        "threads": torch.get_num_threads(),
        "precision": arguments.precision,
        "batch": arguments.batch,
        "checkpointing": arguments.checkpointing,
        "steps": arguments.steps,
        "seconds_a_step": round(seconds, 3),
        "images_a_second": round(arguments.batch / seconds, 2),
        "peak_memory_gib": round(_peak_memory(device), 2),
        "trained_backbone": sum(sizes.values()) - head,
        "trained_head": head,
        "detector_bytes": _detector_bytes(network, names),
        "first_loss": round(losses[0], 4),
        "last_loss": round(losses[-1], 4),
        "torch": torch.__version__,
    }
    _append(arguments.out, row)
    for name, value in row.items():
        print(f"{name:18} {value}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "train_step.csv")
    return parser.parse_args()


def _network(arguments: argparse.Namespace, device: torch.device) -> tuple[Network, list[str]]:
    network = build_network(load_backbone(BackboneSpec(arguments.backbone, "random:0")), "hyperspherical")
    names = select(network, "ln")
    if arguments.precision == "bf16":
        cast_products(network.backbone)
    if arguments.checkpointing:
        network.backbone.checkpoint_gradients()
    return network.to(device).train(), names


def _steps(network: Network, arguments: argparse.Namespace, device: torch.device) -> tuple[float, list[float]]:
    """Mean seconds a step, without the first, and the loss at each."""
    config = TrainConfig()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=config.optimiser.lr, weight_decay=0)
    size = network.backbone.image_size
    pictures = torch.randint(0, 256, (arguments.batch, 3, size, size), dtype=torch.uint8).to(device)
    labels = (torch.arange(arguments.batch) % 2).to(device)
    preprocess, losses, start = network.backbone.preprocess, [], 0.0
    for step in range(arguments.steps + 1):
        if step == 1:
            _wait(device)
            start = time.perf_counter()
        with autocast(device, arguments.precision):
            output = network(preprocess.normalise(pictures))
        loss = combine(output, labels, config.loss)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        losses.append(float(loss.total.detach()))
    _wait(device)
    return (time.perf_counter() - start) / arguments.steps, losses


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _detector_bytes(network: Network, names: list[str]) -> int:
    card = DetectorCard(
        tool_version=__version__,
        backbone=describe_backbone(network.backbone),
        strategy="ln",
        head="hyperspherical",
        geometry={"template": "gend", "scale": 1.3, "size": None},
        face_detector="mtcnn",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector.safetensors"
        save_detector(path, network, card, names)
        return path.stat().st_size


def _append(path: Path, row: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
