import csv

import pytest

from tests.facefake.cli.conftest import command


def test_the_run_folder_has_detector_config_and_metrics(run):
    assert {path.name for path in run.out.iterdir()} >= {"detector.safetensors", "config.yaml", "metrics.csv"}
    with (run.out / "metrics.csv").open() as file:
        assert any(row["val_video_auc"] for row in csv.DictReader(file))


def test_a_mistyped_key_is_refused_with_the_nearest(run, tmp_path):
    done = command("train", "--dataset", "folder", "--data", run.videos, "--set", "trainer.epoch=3", "--out", tmp_path)
    assert done.returncode == 2
    assert "error [config_unknown_key]" in done.stderr
    assert "epochs" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--config", "no-such-recipe"], "config_not_found"),
        (["--set", "optimiser.lr=fast"], "config_invalid"),
        (["--set", "strategy=lnn"], "config_invalid"),
        (["--data", "."], "no_videos"),
    ],
)
def test_what_cannot_be_trained_is_said_with_its_code(tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    done = command("train", "--dataset", "folder", *args)
    assert done.returncode == 2
    assert f"error [{code}]" in done.stderr


def test_a_finished_run_is_not_overwritten(run):
    done = command(
        *("train", "--dataset", "folder", "--data", run.videos, "--store", run.store, "--out", run.out),
        *("--frames", "uniform:4", "--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0"),
        *("--set", "data.batch_size=4"),
    )
    assert done.returncode == 2
    assert "--resume" in done.stderr
