"""How fast, and in how much memory, each decoder gives the frames of a sampling rule.

    python benchmarks/decode.py [CLIP ...] [--sampling uniform:32] [--rounds 5] [--out benchmarks/results/decode.csv]

Without clips, some are generated. In each round every backend reads every clip once, in turn, so that a busy moment
of the machine hits them alike; each reading is a process of its own, so that memory is its own too. Times include
opening and indexing, not the start of Python. What counts is the ratio within one run, not the seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from preprocessing.video import BACKENDS

_COLUMNS = ("clip", "codec", "size", "frames", "sampling", "backend", "delivered", "seconds", "ratio", "peak_rss_mib")

# runs in the child; the libraries are imported before the clock starts
_CHILD = """
import json, re, resource, sys, time
from preprocessing.errors import FacefakeError
from preprocessing.video import Sampling, open_video
def peak_mib():
    if sys.platform == "linux":  # ru_maxrss would count what the parent held when it started this process
        return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
path, backend, rule = sys.argv[1:]
if backend == "decord":
    import decord
begin = time.perf_counter()
try:
    with open_video(path, backend=backend) as reader:
        sampling = Sampling.parse(rule)
        wanted = [i for _, i in zip(range(sampling.n), sampling.order(reader.times, reader.keyframes))]
        delivered = sum(len(batch) for batch in reader.read(wanted))
        info, frames, name = reader.info, len(reader), reader.backend
except FacefakeError as error:
    print(json.dumps({"refused": error.message}))
else:
    print(json.dumps({
        "codec": info.codec, "size": f"{info.width}x{info.height}", "frames": frames, "backend": name,
        "delivered": delivered, "seconds": time.perf_counter() - begin,
        "peak_rss_mib": peak_mib(),
    }))
"""


def main() -> None:
    """Run the comparison and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--sampling", default="uniform:32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "decode.csv")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = arguments.clips or generate(Path(folder))
        rows = [row for clip in clips for row in compare(clip, arguments.sampling, arguments.rounds)]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with open(arguments.out, "w", newline="") as file:
        file.write(
            f"# {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one thread each\n"
        )
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print("  ".join(str(row[column]) for column in _COLUMNS))


def generate(folder: Path) -> list[Path]:
    """Clips of the kinds that data sets and phones make."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.clips import write_video

    kinds = {
        "640x480_gop250.mp4": ("libx264", (640, 480), 300, 250),
        "1280x720_gop250.mp4": ("libx264", (1280, 720), 300, 250),
        "1280x720_gop15.mp4": ("libx264", (1280, 720), 300, 15),
        "1920x1080_gop30.mp4": ("libx264", (1920, 1080), 300, 30),
        "640x480_vp9.webm": ("libvpx-vp9", (640, 480), 300, 120),
        "640x480_mjpeg.avi": ("mjpeg", (640, 480), 300, 1),
    }
    return [
        write_video(folder / name, count, codec=codec, size=size, gop=gop)
        for name, (codec, size, count, gop) in kinds.items()
    ]


def compare(clip: Path, sampling: str, rounds: int) -> list[dict[str, object]]:
    """One row for each backend: medians over the rounds, and the median of the ratios to the first backend."""
    runs: dict[str, list[dict[str, object]]] = {backend: [] for backend in BACKENDS}
    for number in range(rounds):
        for backend in BACKENDS if number % 2 == 0 else BACKENDS[::-1]:
            runs[backend].append(read_once(clip, backend, sampling))
    rows: list[dict[str, object]] = []
    for backend, results in runs.items():
        row: dict[str, object] = {"clip": clip.name, "sampling": sampling, "backend": backend, "ratio": "refused"}
        if "seconds" in results[0]:
            pairs = [
                (float(str(a["seconds"])), b.get("seconds")) for a, b in zip(results, runs[BACKENDS[0]], strict=True)
            ]
            row |= {**results[0], "seconds": f"{statistics.median(own for own, _ in pairs):.3f}"}
            row["ratio"] = f"{statistics.median(own / float(str(first)) for own, first in pairs):.2f}"
            row["peak_rss_mib"] = f"{max(float(str(result['peak_rss_mib'])) for result in results):.0f}"
        rows.append({column: row.get(column, "") for column in _COLUMNS})
    return rows


def read_once(clip: Path, backend: str, sampling: str) -> dict[str, object]:
    """Read the clip in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(clip), backend, sampling], capture_output=True, text=True, check=True
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
