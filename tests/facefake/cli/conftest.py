"""A tiny labelled set with real faces, taken once through the commands as a user would type them."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from facefake.demo import make_demo_set


def facefake(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, and show what it said if the test fails."""
    command = [sys.executable, "-m", "facefake", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=600)
    print(done.stdout, done.stderr, sep="\n")
    return done


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """videos, store and a detector of a tiny random backbone."""
    root = tmp_path_factory.mktemp("run")
    make_demo_set(root / "videos", scenes={"train": 2, "val": 1, "test": 1}, frames=8)
    trained = facefake(
        *("train", "--dataset", "folder", "--data", root / "videos", "--store", root / "store", "--out", root / "run"),
        *("--frames", "uniform:4", "--workers", 1, "--set", "backbone.name=tiny-vit"),
        *("--set", "backbone.weights=random:0", "--set", "data.batch_size=4", "--set", "trainer.epochs=2"),
    )
    assert trained.returncode == 0, trained.stderr
    return SimpleNamespace(
        videos=root / "videos", store=root / "store", out=root / "run", detector=root / "run" / "detector.safetensors"
    )
