"""Pictures a second that a backbone encodes, eager and compiled, and what share that is of the machine's product rate.

    python benchmarks/encode.py [--backbone ViT-L-14-quickgelu] [--precision bf16] [--batch 128] [--pictures 1024]
        [--device cuda] [--no-compile]

The rate of plain matrix products is measured first, in the same precision, on products of the shapes the backbone's own
layers have at this batch size; the share is the multiplications of a forward pass (counted, not estimated) against it.
Random weights and random pictures: speed does not depend on them. Pictures lie on the device already, uint8;
normalisation is included, decoding and resizing are not. Appends a row each for eager and compiled to
benchmarks/results/encode.csv.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from machine import RESULTS, device_name, forget_peak, peak_memory, record, wait
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from facefake.models import BackboneSpec, load_backbone
from facefake.models.backbone import Backbone
from facefake.models.precision import autocast, cast_products
from preprocessing.device import pick_device

ROUNDS = 3


def main() -> None:
    """Measure and append a row for each way of running."""
    arguments = _parse()
    device = pick_device(arguments.device)
    backbone = load_backbone(BackboneSpec(arguments.backbone, "random:0")).requires_grad_(False)
    if arguments.precision == "bf16":
        cast_products(backbone)
    backbone = backbone.to(device)
    size = backbone.image_size
    pictures = torch.randint(0, 256, (arguments.batch, 3, size, size), dtype=torch.uint8, device=device)
    products = _products(backbone, arguments, device)
    ways: dict[str, Callable[[Tensor], Tensor]] = {"eager": backbone}
    if not arguments.no_compile:
        ways["compiled"] = torch.compile(backbone)
    count = arguments.batch * max(1, arguments.pictures // arguments.batch)
    operations = _operations(backbone, pictures, arguments, device) * count / arguments.batch
    for way, run in ways.items():
        forget_peak(device)
        seconds = _seconds(lambda run=run: _encode(run, backbone, pictures, arguments, device), device)
        record(
            arguments.out,
            {
                "backbone": arguments.backbone,
                "way": way,
                "device": device_name(device),
                "threads": torch.get_num_threads(),
                "precision": arguments.precision,
                "batch": arguments.batch,
                "pictures": count,
                "pictures_a_second": round(count / seconds, 2),
                "tflops": round(operations / seconds / 1e12, 3),
                "matrix_product_tflops": round(products / 1e12, 3),
                "share": round(operations / seconds / products, 3),
                "peak_memory_gib": round(peak_memory(device), 2),
                "torch": torch.__version__,
            },
        )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--pictures", type=int, default=1024)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--device")
    parser.add_argument("--out", type=Path, default=RESULTS / "encode.csv")
    return parser.parse_args()


def _encode(
    run: Callable[[Tensor], Tensor],
    backbone: Backbone,
    pictures: Tensor,
    arguments: argparse.Namespace,
    device: torch.device,
) -> None:
    with torch.inference_mode(), autocast(device, arguments.precision):
        for _ in range(max(1, arguments.pictures // arguments.batch)):
            run(backbone.preprocess.normalise(pictures))


def _seconds(work: Callable[[], None], device: torch.device) -> float:
    """The median of a few rounds, after one that is not counted (compilation falls into it)."""
    times = []
    for _ in range(ROUNDS + 1):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def _products(backbone: Backbone, arguments: argparse.Namespace, device: torch.device) -> float:
    """Operations a second of plain matrix products with the shapes of a layer's widest one, (tokens, d) x (d, 4d)."""
    weight = max((p for p in backbone.parameters() if p.ndim == 2), key=torch.numel)
    tokens = 32768 if device.type == "cuda" else 4096
    dtype = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    left = torch.randn(tokens, weight.shape[1], dtype=dtype, device=device)
    right = torch.randn(weight.shape, dtype=dtype, device=device)
    repeats = 20

    def work() -> None:
        for _ in range(repeats):
            F.linear(left, right)  # laid out in memory as in a layer

    return 2 * tokens * weight.numel() * repeats / _seconds(work, device)


def _operations(backbone: Backbone, pictures: Tensor, arguments: argparse.Namespace, device: torch.device) -> float:
    """Floating-point operations of one forward pass over the batch: two for each multiplication of its products."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the counter cannot look into it
    with FlopCounterMode(display=False) as counter, torch.inference_mode(), autocast(device, arguments.precision):
        backbone(backbone.preprocess.normalise(pictures[:1]))
    torch.backends.mha.set_fastpath_enabled(fused)
    return float(counter.get_total_flops()) * len(pictures)


if __name__ == "__main__":
    main()
