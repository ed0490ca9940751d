"""A fault of the network (test_plain_pytest.py)."""

from staplelab.scenario.lab import Lab


def test_partition(lab: Lab) -> None:
    lab.start()
    lab.inject("partition", at="responder", never=True)
