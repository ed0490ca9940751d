"""SIGTERM and SIGHUP, which end a process at once, become what Ctrl-C is: a run that was
interrupted, with what it found until then."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import Any

from staplelab import processes

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """The handlers of these signals, from the time it is made until `restore`."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        for number in _SIGNALS:
            # nohup lets a run go on without its terminal
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._interrupt)

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        # the second one would interrupt the end of the run; a handler that does nothing, because
        # a signal that is ignored stays so in every program that is started
        for other in self._before:
            signal.signal(other, _nothing)
        # those that Ctrl-C in a terminal would reach, too: the workers
        for process in processes.children(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(process) == os.getpgrp():
                    os.kill(process, number)
        raise KeyboardInterrupt(signal.Signals(number).name)


def _nothing(_: int, __: FrameType | None) -> None:
    pass
