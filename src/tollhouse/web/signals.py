"""What a server is told from outside: SIGTERM and SIGINT end it, SIGHUP lets it read its configuration again."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ENDS = (signal.SIGTERM, signal.SIGINT)


def hold_hangups() -> None:
    """
    Let a SIGHUP wait until `catching` hears it: before that it would end the process that is still starting.

    What waits survives `exec`, but not a `fork`; a child begins with this mask, so it calls this or `catching` too.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


@contextmanager
def catching(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """
    While open, SIGTERM and SIGINT call `stop` and SIGHUP calls `reload`.

    A SIGHUP that comes because the terminal is gone, on which the server was started by hand, is meant to end it.
    """
    loop = asyncio.get_running_loop()
    had_terminal = _has_terminal()

    def hung_up() -> None:
        if had_terminal and not _has_terminal():
            _speak_to_nobody()
            stop()
        else:
            reload()

    for number in _ENDS:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, hung_up)
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # held again: a SIGHUP must not cut the end short
        for number in (*_ENDS, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _speak_to_nobody() -> None:
    """Writing to a terminal that is gone fails, and the end has lines of the log to write."""
    nobody = os.open(os.devnull, os.O_WRONLY)
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(nobody, number)
    os.close(nobody)


def _has_terminal() -> bool:
    """Is what we log to a terminal that is still there?"""
    try:
        return os.isatty(sys.stderr.fileno())
    except (OSError, ValueError):  # a test's stderr has no number
        return False
