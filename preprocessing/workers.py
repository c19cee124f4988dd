"""Work on clips in child processes that can be killed.

A decoder may spin for ever in native code without giving Python a turn, or crash the process; only another process
can end the one and survive the other. So every clip is worked on in a child, even with a single worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError  # another class than TimeoutError before Python 3.11
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from preprocessing.errors import FacefakeError
from preprocessing.files import FULL, not_writable
from preprocessing.interrupts import SIGNALS, held
from preprocessing.scratch import remove_leftovers

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """Processor cores this process may use, which can be fewer than the machine has.

    Example:
        >>> available_cores() >= 1
        True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


AHEAD = 2  # items in flight beyond the workers, so that none of them waits for the next
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SAME_SIGNAL = 0.5  # seconds in which a signal to all processes of a job has reached each of them


def map_clips(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    timeout: float | None,
    ahead: int = AHEAD,
) -> Generator[tuple[Item, Result | FacefakeError], None, None]:
    """Apply ``fn`` to each item in child processes; one bad item never stops the others.

    Children are started afresh (``spawn``), so ``fn``, the items and the results must be picklable and a script that
    calls this needs its ``if __name__ == "__main__":``. A child is used for many items. Closing the iterator, or an
    interrupt from the keyboard, kills the children; on Linux they die with the thread that iterates, too.

    Args:
        fn: What to do with one item.
        items: Read lazily, at most ``workers + ahead`` of them ahead of the results.
        workers: Number of child processes, at least 1.
        timeout: Wall-clock seconds of work on one item, after which its child is killed; ``None`` for no limit.
        ahead: Items in flight beyond the workers: as many as are taken in one go, or the workers idle meanwhile. Their
            results are held in memory.

    Yields:
        ``(item, result)`` in the order of ``items``. Instead of a result there may be a :class:`FacefakeError`: one
        that ``fn`` raised, ``timeout``, ``decoder_crashed`` if the child died, or ``internal``
        for any other exception, with where it was raised.

    Raises:
        FacefakeError: ``usage`` if ``workers`` is below 1 or ``timeout`` not above 0.
    """
    if workers < 1 or (timeout is not None and timeout <= 0):
        raise FacefakeError("usage", f"{workers} workers, {timeout} s a clip", "Both must be above zero.")
    return _map(fn, iter(items), _Pool(workers, timeout), ahead)


def _map(
    fn: Callable[[Item], Result], items: Iterator[Item], pool: _Pool, ahead: int
) -> Generator[tuple[Item, Any], None, None]:
    flight: deque[tuple[Item, Future[Any]]] = deque()
    try:
        while True:
            for item in islice(items, pool.workers + ahead - len(flight)):
                flight.append((item, pool.submit(fn, item)))
            if not flight:
                return
            item, future = flight.popleft()
            error = future.exception()
            _await_interrupt(error)
            if isinstance(error, BrokenProcessPool):
                # a child died between two items and took the pool along. Of those in flight the first pays, lest one
                # that kills its child every time is tried for ever; the others start again
                pool.stop()
                flight = deque((other, ours if _is_whole(ours) else pool.submit(fn, other)) for other, ours in flight)
            yield item, future.result() if error is None else _as_error(error, pool.timeout)
    finally:
        pool.stop()


class _Pool:
    """A process pool that starts when it gets work and starts anew after it broke."""

    def __init__(self, workers: int, timeout: float | None) -> None:
        self.workers = workers
        self.timeout = timeout
        self._pool: ProcessPool | None = None

    def submit(self, fn: Callable[[Item], Result], item: Item) -> Future[Any]:
        with held(), _no_interrupts_for_children():
            if self._pool is None or not self._pool.active:
                self.stop()
                self._pool = ProcessPool(
                    self.workers, initializer=_begin_child, initargs=(os.getpid(),), context=get_context("spawn")
                )
            return self._pool.schedule(_call, args=(fn, item), timeout=self.timeout)

    def stop(self) -> None:
        """Kill the children and wait until they are gone."""
        with held():
            if self._pool is not None:
                self._pool.stop()
                self._pool.join()
                self._pool = None
                remove_leftovers()


@contextmanager
def _no_interrupts_for_children() -> Iterator[None]:
    """Start children, and the threads that start more of them, deaf to Ctrl-C: it reaches them too, and each would
    print a traceback while it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _await_interrupt(error: BaseException | None) -> None:
    """Give a signal that ended a child the time to reach this process too, as it does when a whole job is ended.

    The clip is not to blame then, and the interrupt is raised here.
    """
    ended_by_signal = isinstance(error, ProcessExpired) and -(error.exitcode or 0) in SIGNALS
    if ended_by_signal or isinstance(error, BrokenProcessPool):  # which does not tell how its child died
        time.sleep(_SAME_SIGNAL)


def _is_whole(future: Future[Any]) -> bool:
    """Whether the future has its item's own outcome, not the broken pool's."""
    return future.done() and not future.cancelled() and not isinstance(future.exception(), BrokenProcessPool)


def _as_error(error: BaseException, timeout: float | None) -> FacefakeError:
    """What became of the child, as an error of ours."""
    if isinstance(error, FutureTimeoutError):
        return FacefakeError(
            "timeout",
            f"not done after {timeout:g} s; the process was killed",
            "The file may be damaged. Raise the time limit if it is only long.",
        )
    if isinstance(error, ProcessExpired | BrokenProcessPool):
        code = getattr(error, "exitcode", None)
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return FacefakeError(
            "decoder_crashed",
            f"the process that worked on the clip died ({how})",
            "The file may be damaged, or memory ran out: try fewer workers.",
        )
    return _internal(error)


def _internal(error: BaseException) -> FacefakeError:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    message = traceback.format_exception_only(error)[-1].strip()
    return FacefakeError("internal", f"{message}{where}", "This is a fault of facefake: please report it.")


# ---- below runs in the children ----


def _begin_child(parent: int) -> None:
    """Tie this process's life to its parent's, and give it one thread."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the pool's handler waits until native code returns
    if sys.platform == "linux":
        # a child that hangs in native code would outlive a killed parent for ever
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    # read when torch loads, which is later. Sums come out differently in the last bit with another number of threads,
    # and a clip must give the same bytes whatever the machine and the number of workers; clips side by side keep the
    # cores busy
    os.environ["OMP_NUM_THREADS"] = "1"


def _call(fn: Callable[[Item], Result], item: Item) -> Result | FacefakeError:
    return _guard(fn, item)


def _guard(fn: Callable[[Item], Result], item: Item) -> Result | FacefakeError:
    """Exceptions become values here: not all of them survive pickling, and one that does not breaks the pool."""
    try:
        return fn(item)
    except FacefakeError as error:
        return error
    except Exception as error:  # noqa: BLE001 - handed to the parent as a value, with its place
        if isinstance(error, OSError) and error.errno in FULL:
            return not_writable(error.filename or "a temporary file", error)
        return _internal(error)
