"""One scenario takes its pytest process with it."""

import os
import signal

from staplelab.scenario.lab import Lab


def test_before(lab: Lab) -> None:
    lab.start()


def test_driver_dies(lab: Lab) -> None:
    lab.start()
    os.kill(os.getpid(), signal.SIGKILL)


def test_after(lab: Lab) -> None:
    lab.start()
