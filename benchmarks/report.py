"""Seconds and memory of `facefake report` on very many scores, and how both grow.

    python benchmarks/report.py [--videos 10000 100000] [--frames 32] [--out benchmarks/results/report.csv]

For each number of videos a results file is made in a temporary folder as `facefake score` writes it: source groups of
one real and four fakes of it, every frame with box, landmarks and score, one clip in two hundred inconclusive. Then the
command runs on it in a process of its own and writes all four forms, with intervals over 1000 resamples for every
figure. Times include the start of Python; CPU seconds are of all threads, and stay the same on a busy machine. The
pictures of the HTML page are placeholders: there are no videos.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facefake.reporting import JsonResults, open_output
from facefake.scoring.result import ClipResult, FrameScore, PersonResult, Truth, VideoFacts, document_head
from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import FrameCounts

COLUMNS = ("videos", "frames", "file_mib", "seconds", "cpu_seconds", "cpu_ratio", "peak_rss_mib", "peak_ratio")
METHODS = ("youtube", "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")

# runs in the child: the command as a user calls it, and what it held at its peak
_CHILD = """
import re, sys
from facefake.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
finally:
    print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "report.csv")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for videos in arguments.videos:
            scores = Path(folder) / f"{videos}.json"
            write_scores(scores, videos, arguments.frames)
            seconds, cpu, peak = measure(scores, Path(folder))
            first = rows[0] if rows else {"cpu_seconds": cpu, "peak_rss_mib": peak}
            rows.append(
                {
                    "videos": videos,
                    "frames": arguments.frames,
                    "file_mib": round(scores.stat().st_size / 2**20),
                    "seconds": round(seconds, 1),
                    "cpu_seconds": round(cpu, 1),
                    "cpu_ratio": round(cpu / first["cpu_seconds"], 2),
                    "peak_rss_mib": round(peak),
                    "peak_ratio": round(peak / first["peak_rss_mib"], 2),
                }
            )
            print(rows[-1])
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_scores(path: Path, videos: int, frames: int) -> None:
    """A results file of so many videos with so many frames each."""
    detector = {"name": "detector.safetensors", "sha256": "0" * 64}
    with open_output(path) as file:
        document = JsonResults(file, document_head(detector, ScoringRules().to_dict()))
        for result in _results(videos, frames):
            document.add(result)
        document.close()


def measure(scores: Path, folder: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak MiB of the command on ``scores``."""
    forms = {form: folder / f"report.{form}" for form in ("json", "csv", "markdown", "html")}
    arguments = ["report", str(scores), *(part for form, path in forms.items() for part in (f"--{form}", str(path)))]
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", _CHILD, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report = json.loads(forms["json"].read_text(encoding="utf-8"))
    assert report["coverage"]["scored"] > 0.99 * report["coverage"]["videos"]
    return seconds, cpu, float(done.stdout)


def _results(videos: int, frames: int) -> Iterator[ClipResult]:
    rng = np.random.default_rng(0)
    for number in range(videos):
        group, kind = divmod(number, len(METHODS))
        key = f"{METHODS[kind]}/c23/{group:06d}.mp4"
        truth = Truth(key, "ffpp", METHODS[kind], "test", int(kind > 0), f"{group:06d}", "c23")
        facts = VideoFacts("h264", 1920, 1080, 25.0, 14.28, 0)
        if number % 200 == 199:
            counts = FrameCounts(frames, frames, 0)
            yield ClipResult(key, "0" * 64, "video", "inconclusive", reason="no_face", frames=counts, truth=truth)
            continue
        seen = _frames(rng, frames, rng.normal(0.4 if kind == 0 else 0.65, 0.15))
        score = float(np.mean([frame.score for frame in seen]))
        yield ClipResult(
            path=f"/data/ffpp/{key}",
            sha256="0" * 64,
            kind="video",
            status="scored",
            verdict="fake" if score >= 0.5 else "real",
            probability=score,
            score=score,
            frames=FrameCounts(frames, frames, frames),
            video=facts,
            people=(PersonResult(0, score, score, seen),),
            truth=truth,
        )


def _frames(rng: np.random.Generator, count: int, mean: float) -> tuple[FrameScore, ...]:
    scores = np.clip(rng.normal(mean, 0.15, count), 0, 1).tolist()
    places = rng.uniform(0, 1000, (count, 14)).tolist()
    return tuple(
        FrameScore(
            index=11 * i,
            time=0.44 * i,
            score=scores[i],
            box=tuple(places[i][:4]),
            landmarks=tuple(zip(places[i][4::2], places[i][5::2], strict=True)),
            confidence=0.9987,
        )
        for i in range(count)
    )


if __name__ == "__main__":
    main()
