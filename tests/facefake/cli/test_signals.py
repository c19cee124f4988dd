"""Commands that are ended from outside, as `docker stop`, the limit of a batch system and timeout(1) do."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from facefake.cli import suite_run
from facefake.cli.results import Outputs, write_results
from facefake.scoring import document_head
from facefake.training.checkpoint import read_checkpoint
from preprocessing.files import remove_unfinished
from preprocessing.interrupts import SIGNALS, interruptible
from tests.facefake.cli.conftest import command, facefake
from tests.facefake.evaluation.results import DETECTOR, SETTINGS, fakes, reals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
HEAD = document_head(DETECTOR, SETTINGS | {"threshold_source": "default", "datasets": {}})
TIMEOUT = 300


def stopped(ready, *typed, whole_group=False):
    """Run a command, send it SIGTERM once ``ready`` says so, and give its exit code and what it said."""
    words = [sys.executable, "-m", "facefake", *map(str, typed)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        end = time.monotonic() + TIMEOUT
        while not ready() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGTERM)
        said = process.stderr.read()
    assert "Traceback" not in said
    assert gone(process.pid)  # with all of its children
    return process.returncode, said


def gone(group):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("whole_group", [False, True])
def test_what_was_scored_before_a_sigterm_is_kept(run, tmp_path, whole_group):
    (tmp_path / "in").mkdir()
    for number in range(60):
        shutil.copy(run.videos / "test" / "clip-000.mp4", tmp_path / "in" / f"{number}.mp4")
    outputs = ("--json", tmp_path / "r.json", "--csv", tmp_path / "r.csv")
    code, said = stopped(
        lambda: any(path.stat().st_size > 9000 for path in tmp_path.glob(".r.json.*")),
        *("score", tmp_path / "in", "--detector", run.detector, "--frames", "uniform:8", "--workers", 2, *outputs),
        whole_group=whole_group,
    )
    assert code == 143
    assert "Interrupted by SIGTERM." in said
    document = json.loads((tmp_path / "r.json").read_text())
    count = len(document["results"])
    assert 0 < count < 60
    assert document["interrupted"] == f"The run ended early, with {count} of 60 files scored."
    assert {result["status"] for result in document["results"]} <= {"scored", "inconclusive"}  # no child is to blame
    with (tmp_path / "r.csv").open() as file:
        assert len(list(csv.DictReader(file))) == count
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "r.csv", "r.json"]


def test_a_training_that_was_stopped_goes_on(run, tmp_path):
    def train(epochs, *more):
        return (
            *("train", "--dataset", "store", "--data", run.store, "--out", tmp_path, "--device", "cpu"),
            *("--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0", "--set", "data.batch_size=4"),
            *("--set", f"trainer.epochs={epochs}", *more),
        )

    last = tmp_path / "checkpoints" / "last.ckpt"
    code, said = stopped(last.exists, *train(100_000))
    assert code == 143
    assert "Interrupted by SIGTERM." in said
    done = int(read_checkpoint(last)["epoch"]) + 1
    assert not list(tmp_path.rglob(".*"))
    assert facefake(*train(done + 1, "--resume")).returncode == 0
    assert int(read_checkpoint(last)["epoch"]) == done


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("after", [3, 8])
def test_rows_are_whole_in_all_files_whichever_signal_comes(tmp_path, number, after):
    def results():
        for count, result in enumerate([*reals(4), *fakes(4)], start=1):
            yield result
            if count == after:
                os.kill(os.getpid(), number)

    before = signal.signal(number, signal.SIG_DFL)  # who runs the tests may have had it ignored
    try:
        with interruptible(remove_unfinished), pytest.raises(KeyboardInterrupt):
            write_results(results(), 20, HEAD, Outputs(tmp_path / "r.json", tmp_path / "r.csv"))
    finally:
        signal.signal(number, before)
    document = json.loads((tmp_path / "r.json").read_text())
    assert len(document["results"]) == after
    assert "interrupted" in document
    assert document["report"]["counts"]["real"] == min(4, after)
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 1 + after


def test_a_signal_while_the_report_is_made_waits_for_the_files(tmp_path, monkeypatch):
    from facefake import evaluation

    make = evaluation.make_report

    def slow(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return make(*arguments, **options)

    monkeypatch.setattr(evaluation, "make_report", slow)
    with interruptible(remove_unfinished), pytest.raises(KeyboardInterrupt):
        write_results(iter([*reals(4), *fakes(4)]), 8, HEAD, Outputs(tmp_path / "r.json", tmp_path / "r.csv"))
    document = json.loads((tmp_path / "r.json").read_text())
    assert len(document["results"]) == 8
    assert "interrupted" not in document
    assert document["report"]["counts"]["fake"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.json"]


def test_an_evaluation_reports_on_the_sets_that_are_done_and_goes_on(run, tmp_path, monkeypatch):
    suite = tmp_path / "mine.yaml"
    suite.write_text(
        "about: Four clips.\nframes: uniform:4\n"
        f"sets:\n  - {{dataset: folder, splits: [val, test], data: {run.videos}}}\n"
        "corruptions:\n  - {kind: jpeg, at: crop, levels: [60]}\n"
    )
    typed = ("evaluate", suite, "--detector", run.detector, "--store", tmp_path / "store", "--out", tmp_path / "out")
    write, calls = suite_run._write, []

    def second_is_interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        write(*arguments)

    monkeypatch.setattr(suite_run, "_write", second_is_interrupted)
    handlers = [signal.getsignal(each) for each in SIGNALS]
    done = command(*typed, "--workers", 1)
    assert [signal.getsignal(each) for each in SIGNALS] == handlers
    assert done.returncode == 143
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["coverage"]["videos"] == 4
    assert any("interrupted" in note for note in report["notes"])
    done = command(*typed, "--workers", 1)
    assert done.returncode == 0
    assert done.stderr.count("scored before") == 1
