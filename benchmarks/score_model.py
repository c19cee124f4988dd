"""Crops a second that a detector scores, bf16 against fp32, with how far the scores lie apart.

    python benchmarks/score_model.py [--backbone ViT-L-14-quickgelu] [--crops 32] [--batch 32]

Random weights: speed does not depend on them. In each round both precisions score the same crops in turn, so that a
busy moment of the machine hits both; what counts is the ratio within one run. Resizing the crops is included. Appends a
row to benchmarks/results/score_model.csv.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from cards import card_of
from machine import RESULTS, device_name, record

from facefake.models import BackboneSpec, Detector, Tuning, load_backbone, load_detector, save_detector, tuned_network
from facefake.models.precision import pick_precision
from preprocessing.device import pick_device


def main() -> None:
    """Measure and append a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--crops", type=int, default=32)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device")
    parser.add_argument("--out", type=Path, default=RESULTS / "score_model.csv")
    arguments = parser.parse_args()
    device = pick_device(arguments.device)
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (300, 300, 3), np.uint8) for _ in range(arguments.crops)]
    detectors, dim = _detectors(arguments.backbone, device)
    scores = {name: detector.score(crops[:2], arguments.batch) for name, detector in detectors.items()}  # warm-up
    seconds: dict[str, list[float]] = {name: [] for name in detectors}
    for _ in range(arguments.rounds):
        for name, detector in detectors.items():
            start = time.perf_counter()
            scores[name] = detector.score(crops, arguments.batch)
            seconds[name].append(time.perf_counter() - start)
    rates = {name: arguments.crops / statistics.median(times) for name, times in seconds.items()}
    row = {
        "backbone": arguments.backbone,
        "dim": dim,
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "crops": arguments.crops,
        "batch": arguments.batch,
        "fp32_images_a_second": round(rates["fp32"], 2),
        "bf16_images_a_second": round(rates["bf16"], 2),
        "ratio": round(rates["bf16"] / rates["fp32"], 2),
        "auto": pick_precision("auto", device, dim),
        "largest_score_difference": f"{np.abs(scores['bf16'] - scores['fp32']).max():.1e}",
        "torch": torch.__version__,
    }
    record(arguments.out, row)


def _detectors(backbone: str, device: torch.device) -> tuple[dict[str, Detector], int]:
    tuning = Tuning()
    network = tuned_network(load_backbone(BackboneSpec(backbone, "random:0")), tuning).network
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector.safetensors"
        save_detector(path, network, card_of(network, tuning))
        dim = network.backbone.dim
        del network
        return {name: load_detector(path, str(device), precision=name) for name in ("fp32", "bf16")}, dim


if __name__ == "__main__":
    main()
