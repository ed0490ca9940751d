"""Two scenarios in a row, for a server that leaves something to the next one."""

from staplelab.scenario.lab import Lab


def test_first(lab: Lab) -> None:
    lab.start()


def test_second(lab: Lab) -> None:
    lab.start()
