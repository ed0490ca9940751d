"""The shortest way of a staple from the responder to a client."""

from staplelab.scenario.lab import Lab


def test_staple(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
