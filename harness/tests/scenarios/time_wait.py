"""A refusal that takes its time: every port that nginx could connect from is in TIME-WAIT.

The kernel answers a SYN that meets such an old connection as if it were still there, and nginx's
kernel sends another one a little later.  In a run few ports are, so it is seldom seen.
"""

import socket
from pathlib import Path

from staplelab.hosts import namespace
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED

PORTS = range(40000, 40800)


def fill(lab: Lab) -> None:
    """The responder closes a connection from each port first, so that TIME-WAIT is on its side."""
    lab.inject("accept-then-fin")
    url = lab.responder_url()
    peer = (lab.address("responder"), int(url.rpartition(":")[2].rstrip("/")))
    for port in PORTS:
        with socket.create_connection(peer, 10, source_address=("127.0.0.1", port)) as connection:
            assert connection.recv(1) == b""
    lab.settle(connections=len(PORTS), queries=0)


def test_refused_late(lab: Lab) -> None:
    if not namespace.is_own():
        lab.not_applicable(namespace.WHY_NOT)
    lab.start()  # before: its listening sockets need ports, too
    fill(lab)
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{PORTS[0]} {PORTS[-1]}")
    lab.inject("connection-refused")
    for _ in range(2):
        lab.handshake()
        lab.settle(refused=1)
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.step(301)  # nginx asks again
    lab.claim(REFUSED, times=2)
    lab.claim("OCSP responder prematurely closed connection", times=2)
