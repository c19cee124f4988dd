"""Clips in child processes: nothing lost, nothing hanging, nothing left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from preprocessing.errors import FacefakeError
from preprocessing.files import remove_unfinished
from preprocessing.interrupts import interruptible
from preprocessing.workers import map_clips
from tests import jobs

LONG = 60.0


def run(items, workers=1, timeout=LONG):
    return list(map_clips(jobs.work, items, workers=workers, timeout=timeout))


def code(result):
    return result.code if isinstance(result, FacefakeError) else result


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def gone(pid, within=10.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_every_item_gets_its_own_result_in_order_whatever_happens_to_others():
    items = [
        "a",
        "bad clip",
        "fault",
        "segfault",
        "exit",
        "b",
        "unpicklable error",
        "kill",
        "leave",
    ]
    results = run([*items, ("sleep", 0.2), "c"], workers=2)
    assert [item for item, _ in results] == [*items, ("sleep", 0.2), "c"]
    assert [code(result) for _, result in results] == [
        *("a", "no_video_stream", "internal", "decoder_crashed", "decoder_crashed", "b", "internal"),
        *("decoder_crashed", "internal", ("sleep", 0.2), "c"),
    ]


def test_errors_say_what_and_where():
    results = dict(run(["bad clip", "fault", "segfault", "exit"]))
    assert (results["bad clip"].message, results["bad clip"].hint) == ("only sound", "Is it a song?")
    assert "ZeroDivisionError: no such number at jobs.py:" in results["fault"].message
    assert "SIGSEGV" in results["segfault"].message
    assert "exit code 3" in results["exit"].message


def test_a_hang_in_native_code_is_killed_and_the_rest_goes_on():
    begin = time.monotonic()
    results = run(["a", "hang", "b"], timeout=2.0)
    assert [code(result) for _, result in results] == ["a", "timeout", "b"]
    assert time.monotonic() - begin < 60


def test_one_worker_is_a_child_too_and_serves_many_items():
    pids = {result for _, result in run(["pid"] * 5)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_a_child_killed_while_idle_costs_no_item():
    results = map_clips(jobs.work, ["pid"] * 9, workers=1, timeout=LONG)
    first = next(results)[1]
    time.sleep(1.0)  # all that is in flight gets done
    os.kill(first, signal.SIGKILL)
    time.sleep(0.5)
    rest = [result for _, result in results]
    assert len(rest) == 8
    assert all(isinstance(result, int) for result in rest)
    assert first in rest
    assert rest[-1] != first


@pytest.mark.parametrize("workers", [1, 2])
def test_a_child_has_one_thread_whatever_the_machine_so_that_results_are_the_same(monkeypatch, workers):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert run(["threads"], workers=workers) == [("threads", "1")]


def test_no_items_no_results():
    assert run([]) == []


@pytest.mark.parametrize("ahead", [2, 20])
def test_items_are_read_only_so_far_ahead(ahead):
    read = []

    def endless():
        while True:
            read.append(len(read))
            yield read[-1]

    results = map_clips(jobs.work, endless(), workers=2, timeout=LONG, ahead=ahead)
    assert [next(results)[1] for _ in range(3)] == [0, 1, 2]
    assert 2 + ahead < len(read) <= 3 + 2 + ahead
    results.close()


def test_closing_the_iterator_kills_the_children(tmp_path):
    note = tmp_path / "pid"
    results = map_clips(jobs.work, ["a", ("write pid and hang", str(note))], workers=1, timeout=None)
    assert next(results) == ("a", "a")
    pid = read_pid(note)
    results.close()
    assert gone(pid)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_no_child_outlives_its_parent(tmp_path, how):
    note = tmp_path / "pid"
    script = tmp_path / "script.py"
    script.write_text(
        "import signal\nfrom preprocessing.workers import map_clips\nfrom tests import jobs\n"
        # whoever runs the tests in the background has it ignored, and children inherit that
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "if __name__ == '__main__':\n"
        f"    list(map_clips(jobs.work, [('write pid and hang', {str(note)!r})], workers=1, timeout=None))\n"
    )
    root = os.path.dirname(os.path.dirname(jobs.__file__))
    parent = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": root}, stderr=subprocess.DEVNULL
    )
    pid = read_pid(note)
    parent.send_signal(how)
    assert parent.wait(timeout=30) != 0
    assert gone(pid)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_clip_is_not_to_blame_for_a_signal_that_ends_the_whole_job():
    results = map_clips(jobs.work, ["a", ("end of the job", os.getpid()), "b"], workers=1, timeout=LONG)
    with interruptible(remove_unfinished) as interrupts:
        assert next(results) == ("a", "a")
        with pytest.raises(KeyboardInterrupt):
            next(results)
    assert interrupts.received == signal.SIGTERM


@pytest.mark.parametrize(("workers", "timeout"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -5.0)])
def test_numbers_out_of_range_are_usage_errors_at_once(workers, timeout):
    with pytest.raises(FacefakeError) as caught:
        map_clips(jobs.work, ["a"], workers=workers, timeout=timeout)
    assert caught.value.code == "usage"


def read_pid(note):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if note.exists() and note.read_text():
            return int(note.read_text())
        time.sleep(0.05)
    raise AssertionError("the child never started")
