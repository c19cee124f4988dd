"""Signals as one interrupt: what is finished stays, what is half finished goes, at whatever moment they come."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from preprocessing.files import open_atomic, remove_unfinished, write_atomic
from preprocessing.interrupts import SIGNALS, held, interruptible

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
WRITES = """
    import sys, time
    from pathlib import Path
    from preprocessing.files import open_atomic, remove_unfinished
    from preprocessing.interrupts import interruptible

    with interruptible(remove_unfinished) as interrupts:
        try:
            with open_atomic(Path(sys.argv[1])) as file:
                file.write(b"half")
                print("begun", flush=True)
                time.sleep(100)
        except KeyboardInterrupt:
            print("ended", flush=True)
        sys.exit(interrupts.received)
"""
PATHS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
ENDS_SLOWLY = WRITES.replace(
    "time.sleep(100)\n",
    "try:\n                    time.sleep(100)\n"
    '                finally:\n                    print("ending", flush=True)\n                    time.sleep(100)\n',
)


def script(tmp_path, text):
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(text))
    return [sys.executable, str(file), str(tmp_path / "out")]


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture
def interrupts():
    # whoever runs the tests in the background, or by nohup, has some of them ignored
    before = {each: signal.signal(each, signal.SIG_DFL) for each in SIGNALS}
    with interruptible(remove_unfinished) as found:
        yield found
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_is_an_interrupt_and_leaves_the_old_file(interrupts, tmp_path, number):
    (tmp_path / "out").write_text("old")

    def write():
        with open_atomic(tmp_path / "out") as file:
            file.write(b"half")
            send(number)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert interrupts.received == number
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_an_interrupt_waits_for_what_must_be_done_as_a_whole(interrupts, tmp_path):
    def write():
        with held():
            write_atomic(tmp_path / "one", b"1")
            send(signal.SIGTERM)
            write_atomic(tmp_path / "two", b"2")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_in_a_destructor_is_raised_again(interrupts):
    class Destroyed:
        def __del__(self):
            send(signal.SIGTERM)

    def destroy():
        Destroyed()
        for _ in range(1000):
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        destroy()
    assert interrupts.received == signal.SIGTERM


def test_handlers_are_put_back_and_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        handlers = [signal.getsignal(each) for each in SIGNALS]
        with interruptible(remove_unfinished) as found:
            send(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) == found.handle
        assert found.received is None
        assert [signal.getsignal(each) for each in SIGNALS] == handlers
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_library_installs_no_handlers():
    code = (
        "import signal, facefake.cli, preprocessing.workers; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"


def test_a_signal_that_is_sent_twice_at_once_is_one(tmp_path):
    # as timeout(1) does: to its child, and to the group that the child is in
    with subprocess.Popen(script(tmp_path, WRITES), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "ended\n"
    # negative: the second came when the block had ended, and what is kept was kept
    assert abs(process.returncode) == signal.SIGTERM
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_the_exit_code_is_ours_also_if_the_signal_comes_within_exec(tmp_path):
    # as in an import that makes a dataclass
    text = WRITES.replace("time.sleep(100)", 'exec("time.sleep(100)")')
    python, _, out = script(tmp_path, text)
    typed = [python, "-m", "script", out]  # Python ends otherwise here than for a file
    with subprocess.Popen(typed, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=PATHS) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "ended\n"
    assert process.returncode == signal.SIGTERM


def test_a_second_signal_ends_the_process_at_once_and_leaves_no_half(tmp_path):
    with subprocess.Popen(script(tmp_path, ENDS_SLOWLY), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "ending\n"
        time.sleep(1.2)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""
    assert process.returncode == 128 + signal.SIGTERM
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_a_forked_child_dies_of_a_signal_as_it_would_without(interrupts):
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            send(signal.SIGTERM)
            time.sleep(10)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert interrupts.received is None
