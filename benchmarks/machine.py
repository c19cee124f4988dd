"""What the benchmarks of models share: a machine's name, when it is done, what it held, and the results."""

from __future__ import annotations

import csv
import platform
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"


def device_name(device: torch.device) -> str:
    """The GPU's or the processor's own name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget_peak(device: torch.device) -> None:
    """Count the memory held from now on; that of a process on a CPU cannot be forgotten."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> float:
    """The most memory held so far, GiB: the device's on CUDA, the process's on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def record(path: Path, row: Mapping[str, object]) -> None:
    """Append a row to a CSV, under its header if the file is new, and print it.

    Raises:
        ValueError: If the file has other columns: it is of another version of the benchmark.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    if not new:
        with path.open(newline="", encoding="utf-8") as file:
            if (there := next(csv.reader(file), [])) != list(row):
                raise ValueError(f"{path} has the columns {there}, not {list(row)}: name another file with --out")
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
    width = max(map(len, row))
    for name, value in row.items():
        print(f"{name:{width}} {value}")
    print()
