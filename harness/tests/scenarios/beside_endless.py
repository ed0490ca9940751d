"""A scenario whose own parts nobody waits for: test_parts.py ends the run in its midst."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.topology("dnsmasq")
def test_endless(lab: Lab) -> None:
    fifo = lab.folder / "fifo"
    lab.beside(["mkfifo", fifo]).running.wait(10)
    lab.beside(["cat", fifo])
    lab.start()
    for _ in range(100_000):
        lab.handshake()
