"""Outputs that fail: standard streams that are closed, full or no longer read, and files on a full disk."""

import json
import os
import subprocess
import sys

import pytest

from facefake.cli.results import Outputs, write_results
from facefake.reporting import open_output
from facefake.scoring import document_head
from preprocessing.errors import FacefakeError
from tests.facefake.cli.conftest import command
from tests.facefake.evaluation.results import DETECTOR, SETTINGS, fakes, reals, write

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
HEAD = document_head(DETECTOR, SETTINGS | {"threshold_source": "default", "datasets": {}})
LIMIT = 6000  # bytes a file may have


def shell(line):
    """Run a line of the shell in which $facefake is the command."""
    facefake = f'"{sys.executable}" -m facefake'
    done = subprocess.run(
        ["bash", "-c", line.replace("$facefake", facefake)], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("$facefake datasets --json /dev/full", "/dev/full (No space left on device)"),
        ("$facefake datasets > /dev/full", "the standard output (No space left on device)"),
        ("$facefake datasets >&-", "the standard output (Bad file descriptor)"),
        ("$facefake datasets --json - >&-", "the standard output (Bad file descriptor)"),
    ],
)
def test_an_output_that_fails_is_named(line, named):
    done = shell(line)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"error [not_writable]: Cannot write {named}."


@pytest.mark.parametrize("arguments", ["", "--json -"])
def test_a_reader_that_has_enough_ends_the_command_quietly(arguments):
    done = shell(f"$facefake datasets {arguments} | head -c 1 >&2; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, len(done.stderr)) in ((141, 1), (0, 1))  # 0: all of it was in the pipe before
    read, written = os.pipe()
    os.close(read)
    typed = [sys.executable, "-m", "facefake", "datasets", *arguments.split()]
    done = subprocess.run(typed, stdout=written, stderr=subprocess.PIPE, text=True, check=False)
    os.close(written)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("how", ["2>&-", "2> /dev/full"])
def test_messages_that_are_lost_end_nothing(how, tmp_path):
    done = shell(f"$facefake datasets --json {tmp_path / 'out.json'} {how}")
    assert done.returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["kind"] == "datasets"
    assert shell(f"$facefake datasets check nothing {how}").returncode == 2


def test_a_pipe_by_name_is_written_to(tmp_path):
    done = shell("$facefake datasets --json /dev/stdout | cat")
    assert done.stdout.startswith("{")


def test_of_two_outputs_the_one_that_failed_is_named(tmp_path):
    with (
        pytest.raises(FacefakeError, match="Cannot write /dev/full") as error,
        open_output("/dev/full") as full,
        open_output(tmp_path / "out.csv"),
    ):
        full.write("x" * 1_000_000)
    assert error.value.code == "not_writable"


def test_a_report_that_cannot_be_written_leaves_its_other_forms(tmp_path):
    scores = write(tmp_path / "scores.json", [*reals(4), *fakes(4)])
    outputs = [tmp_path / f"report.{form}" for form in ("csv", "md")]
    done = command("report", scores, "--json", "/dev/full", "--csv", outputs[0], "--markdown", outputs[1])
    assert done.returncode == 2
    assert "Cannot write /dev/full (No space left on device)" in done.stderr
    assert all(output.stat().st_size for output in outputs)


def test_a_full_disk_is_known_before_the_first_file_is_scored(tmp_path):
    def scored():
        pytest.fail("scored")
        yield

    with pytest.raises(FacefakeError, match="/dev/full"):
        write_results(scored(), 8, HEAD, Outputs(json="/dev/full", csv=tmp_path / "out.csv"))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_costs_the_output_on_it_alone(tmp_path):
    """The JSON outgrows the limit, the CSV does not."""
    code = f"""
import resource, signal
from pathlib import Path
from facefake.cli.results import Outputs, write_results
from preprocessing.errors import FacefakeError
from tests.facefake.cli.test_streams import HEAD, LIMIT, fakes, reals
resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
try:
    write_results(iter([*reals(8), *fakes(8)]), 16, HEAD, Outputs(json={str(tmp_path / "out.json")!r},
        csv=Path({str(tmp_path / "out.csv")!r})))
except FacefakeError as error:
    print(error.code, error.message)
"""
    (tmp_path / "out.json").write_text("old")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == f"not_writable Cannot write {tmp_path / 'out.json'} (File too large).\n"
    assert "ended early" not in done.stderr
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 17
    assert (tmp_path / "out.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
