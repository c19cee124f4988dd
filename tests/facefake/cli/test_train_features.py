from __future__ import annotations

import subprocess
from pathlib import Path

from PIL import Image

from tests.crops import crop
from tests.facefake.cli.conftest import command


def train(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Train on pictures of one's own."""
    folder, rows = Path("mine"), ["path,label"]
    folder.mkdir(exist_ok=True)
    for number in range(40):
        Image.fromarray(crop(number, bool(number % 2), 40)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{'fake' if number % 2 else 'real'}")
    Path("mine.csv").write_text("\n".join(rows))
    return command(
        *("train", "--dataset", "folder", "--data", folder, "--labels", "mine.csv", "--path", "image"),
        *("--device", "cpu", "--set", "backbone.name=tiny-clip", "--set", "backbone.weights=random:0"),
        *("--set", "data.batch_size=8", "--set", "data.cached_views=2", "--set", "trainer.epochs=2", *options),
    )


def test_strategies_share_one_folder_of_features(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for strategy in ("prompt", "linear"):
        done = train("--strategy", strategy, "--features", "kept", "--out", strategy)
        assert done.returncode == 0, done.stderr
        assert (Path(strategy) / "detector.safetensors").exists()
    assert not Path("features").exists()
    assert sorted(path.stat().st_size // 40 for path in Path("kept").glob("*/index")) == [4, 36, 36]


def test_features_of_a_tower_that_is_trained_are_refused_in_words(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = train("--strategy", "lora")
    assert done.returncode == 2
    assert "error [config_invalid]" in done.stderr
    assert "cached_views" in done.stderr
