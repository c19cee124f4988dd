"""A face store without data: coloured noise for faces, the fakes with a grid over them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from preprocessing.store import MANIFEST_SCHEMA

GEOMETRY = {"template": "gend", "scale": 1.3, "size": None}


def face(rng: np.random.Generator, fake: bool, side: int = 48) -> np.ndarray:
    """A smooth random picture; a fake one has a faint grid."""
    coarse = Image.fromarray(rng.integers(40, 216, (6, 6, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    picture = np.asarray(coarse).astype(np.int16)
    if fake:
        picture[::4] += 40
        picture[:, ::4] += 40
    return picture.clip(0, 255).astype(np.uint8)


def row(clip: str, split: str | None, label: int | None, frame: int, **changes: Any) -> dict[str, Any]:
    """A row of the manifest."""
    method = "youtube" if label == 0 else "Deepfakes"
    values = {
        "dataset": "toy",
        "clip": clip,
        "split": split,
        "label": label,
        "method": method,
        "pair": Path(clip).stem,
        "compression": None,
        "identities": [],
        "frame": frame,
        "time": frame / 25,
        "track": 0,
        "main": True,
        "box": [0.0, 0.0, 48.0, 48.0],
        "landmarks": [0.0] * 10,
        "confidence": 0.99,
        "side": 48.0,
        "inter_eye": 20.0,
        "sharpness": 50.0,
        "brightness": 128.0,
        "crop": f"toy/{method}/{Path(clip).stem}/t0_{frame:06d}.png",
        "crop_size": 48,
        "decoder": "none",
        "face_detector": "mtcnn",
        "geometry": json.dumps(GEOMETRY),
    }
    return {**values, **changes}


def write_store(root: Path, rows: list[dict[str, Any]]) -> Path:
    """Write a face store of those rows, with crops."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "recipe.json").write_text(json.dumps({"hash": "toy"}))
    pq.write_table(pa.Table.from_pylist(rows, schema=MANIFEST_SCHEMA), root / "manifest.parquet")
    for number, each in enumerate(rows):
        path = root / each["crop"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            Image.fromarray(face(np.random.default_rng(number), each["label"] == 1)).save(path)
    return root


def toy_rows(
    pairs: int = 4, frames: int = 4, splits: tuple[str, ...] = ("train", "val", "test")
) -> list[dict[str, Any]]:
    """A real and a fake clip for each pair of each split."""
    return [
        row(f"{'fake' if label else 'real'}/{split}{pair}.mp4", split, label, 10 * frame)
        for split in splits
        for pair in range(pairs)
        for label in (0, 1)
        for frame in range(frames)
    ]


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., Path]:
    """Writes a store of given rows into the test's folder."""
    return lambda rows, name="store": write_store(tmp_path / name, rows)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a real and a fake clip for each of four pairs in each of three splits, four frames a clip."""
    return write_store(tmp_path_factory.mktemp("toy") / "store", toy_rows())


@pytest.fixture(scope="session")
def toy() -> SimpleNamespace:
    """``row`` makes a row of a manifest, ``rows`` those of a whole toy store."""
    return SimpleNamespace(row=row, rows=toy_rows)
