from __future__ import annotations

from pathlib import Path

import pytest

from facefake.training.log import COLUMNS, MetricsLog, read_metrics
from preprocessing.errors import FacefakeError


def test_rows_are_on_disk_at_once_under_fixed_columns(tmp_path: Path):
    log = MetricsLog(tmp_path / "metrics.csv")
    assert (tmp_path / "metrics.csv").read_text() == ",".join(COLUMNS) + "\n"
    log.log_metrics({"epoch": 0, "loss": 0.5}, step=1)
    (row,) = read_metrics(tmp_path / "metrics.csv")
    assert (row["step"], row["loss"], row["val_video_auc"]) == ("1", "0.5", "")


def test_resuming_drops_what_came_after_the_checkpoint_and_the_torn_last_row(tmp_path: Path):
    path = tmp_path / "metrics.csv"
    log = MetricsLog(path)
    for step in range(1, 5):
        log.log_metrics({"epoch": 0, "loss": step}, step=step)
    path.write_text(path.read_text() + "5,0,0.1")
    MetricsLog(path, steps=2).log_metrics({"epoch": 1, "loss": 9}, step=3)
    assert [(row["step"], row["loss"]) for row in read_metrics(path)] == [("1", "1"), ("2", "2"), ("3", "9")]


def test_a_new_run_begins_an_empty_log(tmp_path: Path):
    MetricsLog(tmp_path / "metrics.csv").log_metrics({"epoch": 0}, step=1)
    MetricsLog(tmp_path / "metrics.csv")
    assert read_metrics(tmp_path / "metrics.csv") == []


def test_no_log(tmp_path: Path):
    with pytest.raises(FacefakeError) as caught:
        read_metrics(tmp_path / "metrics.csv")
    assert caught.value.code == "not_found"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_that_names_the_log(tmp_path: Path):
    path = tmp_path / "metrics.csv"
    log = MetricsLog(path)
    path.unlink()
    path.symlink_to("/dev/full")
    with pytest.raises(FacefakeError, match=r"metrics.csv \(No space left on device\)") as caught:
        log.log_metrics({"epoch": 0}, step=1)
    assert caught.value.code == "not_writable"
