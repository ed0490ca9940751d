"""The port that the responder would take is taken, and nobody needs to know."""

import socket

from staplelab.scenario.lab import Lab


def first_port() -> int:
    from staplelab.hosts.local import LocalHost
    from staplelab.places import build_folder

    host = LocalHost(build_folder())
    try:
        return host.ports(80)[0]
    finally:
        host.close()


FIRST = first_port()
IN_THE_WAY = socket.create_server(("", FIRST))


def test_next_port(lab: Lab) -> None:
    assert lab.responder_url() == f"http://ocsp.staplelab.test:{FIRST + 1}/"
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
