"""Pictures a second of a detector on a CPU as torch runs it and as exports do, and how far scores and AUC move.

    python benchmarks/export.py [--backbone ViT-L-14-quickgelu] [--pictures 4]
    python benchmarks/export.py --detector FILE --crops DIR

The first is of speed: random weights, on which it does not depend; in each round every way scores the same pictures in
turn, one batch, so that a busy moment of the machine hits all. The second is of drift: a detector that is better than
chance on a folder of crops whose subfolders are named as their labels, ``real`` or ``youtube`` the real ones. Appends a
row a way to benchmarks/results/export.csv.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from cards import card_of
from machine import RESULTS, device_name, record
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from facefake.export import export_detector
from facefake.models import BackboneSpec, Network, Tuning, load_backbone, load_detector, save_detector, tuned_network
from facefake.models.detector import Detector
from facefake.models.runner import TorchRunner
from facefake.probes import generated_pictures
from preprocessing.datasets.media import find_media
from preprocessing.whole import read_picture

REAL = ("real", "youtube")
Way = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float64]]


def main() -> None:
    """Measure and append rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="ViT-L-14-quickgelu")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--detector", type=Path, help="instead of random weights on --backbone")
    parser.add_argument("--crops", type=Path, help="labelled by the names of folders")
    parser.add_argument("--device", choices=["cpu"], default="cpu")
    parser.add_argument("--out", type=Path, default=RESULTS / "export.csv")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.detector or _random_detector(Path(folder), arguments.backbone)
        pictures, fake = _pictures(arguments)
        rates, scores, sizes = _measure(source, Path(folder), pictures, arguments.rounds)
        card = load_detector(source, "cpu", precision="fp32").card
    reference = scores["torch fp32"]
    for way, found in scores.items():
        row = {
            "backbone": card.backbone.name,
            "detector": "random weights" if arguments.detector is None else "trained",
            "way": way,
            "device": device_name(torch.device("cpu")),
            "threads": torch.get_num_threads(),
            "pictures": len(pictures),
            "megabytes": round(sizes[way] / 1e6, 1) if way in sizes else "",
            "pictures_a_second": round(rates[way], 2),
            "ratio": round(rates[way] / rates["torch fp32"], 2),
            "largest_score_difference": f"{np.abs(found - reference).max():.1e}",
            "mean_score_difference": f"{np.abs(found - reference).mean():.1e}",
            "auc": "" if fake is None else f"{roc_auc_score(fake, found):.4f}",
            "auc_drift": "" if fake is None else f"{roc_auc_score(fake, found) - roc_auc_score(fake, reference):.1e}",
            "torch": torch.__version__,
        }
        record(arguments.out, row)


def _measure(
    source: Path, folder: Path, pictures: Sequence[NDArray[np.uint8]], rounds: int
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]], dict[str, int]]:
    """Pictures a second, scores and bytes of each way."""
    ways: dict[str, Way] = {}
    for name in ("fp32", "bf16"):
        ways[f"torch {name}"] = load_detector(source, "cpu", precision=name).score
    ways["torchscript fp32"] = _traced(load_detector(source, "cpu", precision="fp32"), pictures)
    sizes = {}
    for precision in ("fp32", "fp16", "int8"):
        file = export_detector(source, folder / f"{precision}.onnx", precision=precision).path
        sizes[f"onnx {precision}"] = file.stat().st_size
        ways[f"onnx {precision}"] = load_detector(file, "cpu").score
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    scores = {name: way(pictures) for name, way in ways.items()}  # warm-up
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way(pictures)
            seconds[name].append(time.perf_counter() - start)
    return {name: len(pictures) / statistics.median(each) for name, each in seconds.items()}, scores, sizes


class _Logits(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(pictures).logits
        return logits


def _traced(detector: Detector, pictures: Sequence[NDArray[np.uint8]]) -> Way:
    """The same network as TorchScript, frozen and fused."""
    assert isinstance(detector.runner, TorchRunner)
    network, preprocess = detector.runner.network, detector.runner.network.backbone.preprocess
    example = torch.stack([preprocess(each) for each in pictures[:2]])
    with torch.inference_mode():
        traced = torch.jit.freeze(torch.jit.trace(_Logits(network).eval(), example))

    def score(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        batches = torch.stack([preprocess(each) for each in pictures]).split(32)
        with torch.inference_mode():
            return np.concatenate([traced(batch).double().softmax(1)[:, 1].numpy() for batch in batches])

    return score


def _random_detector(folder: Path, backbone: str) -> Path:
    tuning = Tuning()
    network = tuned_network(load_backbone(BackboneSpec(backbone, "random:0")), tuning).network
    save_detector(folder / "detector.safetensors", network, card_of(network, tuning))
    return folder / "detector.safetensors"


def _pictures(arguments: argparse.Namespace) -> tuple[list[NDArray[np.uint8]], NDArray[np.bool_] | None]:
    if arguments.crops is None:
        generated = generated_pictures(300)
        return [generated[number % len(generated)] for number in range(arguments.pictures)], None
    files = find_media(arguments.crops).files
    fake = np.array([not any(part.lower() in REAL for part in path.parts) for path in files])
    return [read_picture(path) for path in files], fake


if __name__ == "__main__":
    main()
