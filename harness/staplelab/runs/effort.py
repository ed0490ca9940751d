"""How much a scenario may do: a bound on its own processor time.  What it waits for has a bound of
its own each time; so on a machine that is busy with something else a scenario takes longer, and
does not fail."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from staplelab.errors import LabError

SECONDS = 60.0


@contextlib.contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Ends what runs within by a LabError when this process has worked that long."""

    def end(_: int, __: FrameType | None) -> None:
        raise LabError(f"the scenario has taken {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
