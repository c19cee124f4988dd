"""Signals that end a program, as one interrupt: what is finished is kept, what is half finished is removed.

SIGTERM (``docker stop``, the limit of a batch system, ``timeout``) and SIGHUP (a terminal that was closed) become the
``KeyboardInterrupt`` that Ctrl-C is. Only a program turns this on (:func:`interruptible`); a library must not install
signal handlers. Without it :func:`held` does nothing.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Those that end a program and can be caught."""

# seconds in which a second signal is the first one again: timeout(1) signals its child and then the child's group, the
# end of a terminal is told by the kernel and by the shell
_ECHO = 1.0
_AGAIN = 0.02  # seconds until an interrupt that was swallowed is raised again


class Interrupt(KeyboardInterrupt):
    """What is raised. Python notes a plain one that leaves ``exec``, as imports use it, and then exits as by SIGINT."""


class Interrupts:
    """What came of signals.

    Args:
        give_up: Called before the process ends at once, at a second signal.

    Attributes:
        received: The signal that came, ``None`` if none did.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.received: int | None = None
        self._give_up = give_up
        self._process = os.getpid()
        self._time = 0.0
        self._holds = 0
        self._waiting = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if os.getpid() != self._process:  # a forked child has the handlers of its parent; what to keep is not its work
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif self.received is None:
            self.received, self._time = number, time.monotonic()
            if self._holds:
                self._waiting = True
            else:
                raise Interrupt
        elif time.monotonic() - self._time > _ECHO:
            self._give_up()
            os._exit(exit_code(number))

    def hold(self) -> None:
        """Let an interrupt wait."""
        self._holds += 1

    def release(self) -> None:
        """Raise the interrupt that waits, if nothing else holds it."""
        self._holds -= 1
        if self._waiting and not self._holds:
            self._waiting = False
            raise Interrupt

    def swallowed(self) -> None:
        """Raise the interrupt again: Python drops what is raised in a destructor or a callback."""
        number, self.received = self.received or signal.SIGINT, None
        again = threading.Timer(_AGAIN, _thread.interrupt_main, (number,))
        again.daemon = True
        again.start()


_current: Interrupts | None = None


def exit_code(number: int) -> int:
    """What a process exits with that ends because of a signal, as shells have it.

    Example:
        >>> exit_code(signal.SIGINT)
        130
    """
    return 128 + number


@contextmanager
def interruptible(give_up: Callable[[], None]) -> Iterator[Interrupts]:
    """Turn the signals of :data:`SIGNALS` into a ``KeyboardInterrupt`` within the block; a second one ends the process.

    A signal that the process was started to ignore (``nohup``) stays ignored. Outside of the main thread, where Python
    runs no handlers, nothing is changed.

    Args:
        give_up: Called before a second signal ends the process.
    """
    global _current
    interrupts = Interrupts(give_up)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {each: signal.getsignal(each) for each in SIGNALS}
    outer, hook = _current, sys.unraisablehook

    def notice(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            interrupts.swallowed()
        else:
            hook(unraisable)

    try:
        _current, sys.unraisablehook = interrupts, notice
        for each, handler in before.items():
            if handler not in (signal.SIG_IGN, None):  # None: a handler that was not installed by Python
                signal.signal(each, interrupts.handle)
        yield interrupts
    finally:
        for each, handler in before.items():
            if handler is not None:
                signal.signal(each, handler)
        _current, sys.unraisablehook = outer, hook


@contextmanager
def held() -> Iterator[None]:
    """Let an interrupt wait until the block has ended: for steps of which all or none must be done, and short ones."""
    interrupts = _current
    if interrupts is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupts.hold()
    try:
        yield
    finally:
        interrupts.release()
