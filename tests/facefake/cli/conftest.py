"""A tiny labelled set with real faces, taken once through the commands as a user would type them."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from facefake.cli import main
from facefake.demo import make_demo_set


def facefake(*args: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, and show what it said if the test fails."""
    command = [sys.executable, "-m", "facefake", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    print(done.stdout, done.stderr, sep="\n")
    return done


def command(*args: object) -> subprocess.CompletedProcess[str]:
    """The same without a process of its own, which spares the seconds that importing torch takes."""
    typed = ["facefake", *map(str, args)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", typed):
        try:
            main(typed[1:])
        except SystemExit as done:
            code = int(done.code or 0)
    print(out.getvalue(), err.getvalue(), sep="\n")
    return subprocess.CompletedProcess(typed, code, out.getvalue(), err.getvalue())


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
