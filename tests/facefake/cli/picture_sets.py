"""Miniature releases of generated pictures that hold something to learn: fakes have a grid, reals have not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

GRID = np.indices((40, 40)).sum(axis=0) % 2 * 2 - 1  # a checkerboard of -1 and 1


def picture(path: Path, seed: int, strength: float) -> None:
    """40 pixels of smooth noise with a checkerboard of ``strength`` levels on it."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 190, (5, 5, 3), np.uint8)).resize((40, 40), Image.Resampling.BICUBIC)
    rgb = np.asarray(coarse, np.float64) + strength * GRID[..., None] + rng.normal(0, 2, (40, 40, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb.clip(0, 255).astype(np.uint8)).save(path)


def fill(root: Path, folders: dict[str, tuple[int, float]]) -> Path:
    """So many pictures of a strength in each folder below ``root``."""
    seed = 0
    for folder, (count, strength) in folders.items():
        for number in range(count):
            seed += 1
            picture(root / folder / f"{number:03}.png", 10_000 * len(root.name) + seed, strength)
    return root


def progan(root: Path, train: int = 12, val: int = 6) -> Path:
    """The training set: two categories."""
    return fill(
        root / "progan",
        {
            f"{split}/{category}/{label}": (count, strength)
            for split, count in (("train", train), ("val", val))
            for category in ("car", "cat")
            for label, strength in (("0_real", 0), ("1_fake", 30))
        },
    )


def clipping(root: Path, generators: dict[str, float], count: int = 8) -> Path:
    """Test sets of fakes of a strength each, with reals of their own."""
    return fill(
        root / "clipping",
        {
            f"{name}/images/val/{label}": (count, strength * fake)
            for name, strength in generators.items()
            for fake, label in enumerate(("n01440764", "n01443537"))
        },
    )


def ufd(root: Path, count: int = 8) -> Path:
    """Two diffusion sets that share reals, one with others."""
    folders = {"laion/0_real": 0, "imagenet/0_real": 0, "guided/1_fake": 20, "ldm_100/1_fake": 25, "ldm_200/1_fake": 15}
    return fill(root / "ufd", {folder: (count, strength) for folder, strength in folders.items()})
