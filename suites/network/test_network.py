"""What lies between nginx and its responder or name server breaks."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED

TIMED_OUT = "OCSP responder timed out (110: Connection timed out)"
CLOSED = "OCSP responder prematurely closed connection"
NOT_RESOLVED = "ocsp.staplelab.test could not be resolved (110: Operation timed out)"


def first_fetch(lab: Lab, *, connections: int = 0, refused: int = 0, queries: int = 2) -> None:
    """A first handshake, and all that follows from it at once."""
    lab.start()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections, queries, refused)


def test_firewall_drops(lab: Lab) -> None:
    """Nothing comes back: the fetch is given up after 60 s, the next one after the wall is gone
    succeeds."""
    lab.inject("egress-blocked", mode="drop")
    first_fetch(lab)
    lab.step(61)
    lab.settle(queries=0)
    lab.claim(TIMED_OUT)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.heal()
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1, queries=2)
    assert lab.handshake().verdict == "GOOD"


def test_firewall_rejects_with_icmp(lab: Lab) -> None:
    """A firewall on nginx's own machine: the query is an error of send() at once, which is worth
    an [alert] to nginx, and again when it is repeated."""
    lab.inject("egress-blocked", at="stub", mode="reject")
    first_fetch(lab, queries=0)
    lab.claim("send() failed (1: Operation not permitted) while resolving", times=3, alert=True)
    lab.step(31)
    lab.settle(queries=0)
    lab.claim(NOT_RESOLVED)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_firewall_resets(lab: Lab) -> None:
    lab.inject("egress-blocked", mode="reset")
    first_fetch(lab, refused=1)
    lab.claim(REFUSED)
    lab.claim(CLOSED)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_firewall_between_refreshes(lab: Lab) -> None:
    """A good staple survives a closed firewall until its nextUpdate."""
    lab.responder.certificate("1001", validity=7200)
    first_fetch(lab, connections=1)
    lab.step(3601)
    lab.inject("egress-blocked", mode="drop")
    assert lab.handshake().verdict == "GOOD"
    lab.settle(queries=2)
    lab.step(61)
    lab.settle(queries=0)
    lab.claim(TIMED_OUT)
    assert lab.handshake().verdict == "GOOD"


def test_firewall_before_the_name_server(lab: Lab) -> None:
    lab.inject("egress-blocked", at="stub", mode="drop")
    first_fetch(lab)
    lab.step(31)
    lab.settle(queries=2)
    lab.claim(NOT_RESOLVED)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_lost_queries_are_sent_again(lab: Lab) -> None:
    """Every second query is lost: the one of A, then, 5 s later, its repetition comes through."""
    lab.inject("packet-loss", at="stub", every=2)
    lab.exempt("both-families", "what is lost is asked for again, the responses for A alone")
    first_fetch(lab)
    lab.step(5.1)
    lab.settle(queries=1)
    lab.step(5.1)
    lab.settle(connections=1, queries=1)
    assert lab.handshake().verdict == "GOOD"


def test_small_segments(lab: Lab) -> None:
    """A response in segments of 88 octets is as good as another."""
    lab.inject("small-mtu", mss=88)
    first_fetch(lab, connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_mtu_blackhole(lab: Lab) -> None:
    """The handshake of TCP fits, the response does not and vanishes: 60 s."""
    lab.inject("mtu-blackhole", mtu=300)
    lab.start()
    lab.handshake()
    lab.responder.wait("response", 1, 0)
    lab.step(61, cut_off=True)
    lab.heal()
    lab.settle(connections=1, queries=2)
    lab.claim(TIMED_OUT)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_rate_limit(lab: Lab) -> None:
    """The first packet passes, the end of TCP's handshake no more: nginx waits for 60 s, the
    responder knows of nobody."""
    lab.inject("rate-limit-packets", rate="1/hour", burst=1)
    first_fetch(lab)
    lab.step(61)
    lab.settle(queries=0)
    lab.claim(TIMED_OUT)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_partition_heals(lab: Lab) -> None:
    lab.inject("partition")
    first_fetch(lab)
    lab.step(61)
    lab.settle(queries=0)
    lab.claim(TIMED_OUT)
    lab.heal()
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1, queries=2)
    assert lab.handshake().verdict == "GOOD"


def test_responder_paused(lab: Lab) -> None:
    """Its kernel accepts and acknowledges, nobody answers."""
    lab.pause("responder")
    lab.start()
    lab.handshake()
    lab.settle(queries=2)
    lab.step(61)
    lab.settle()
    lab.resume("responder")
    lab.claim(TIMED_OUT)
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_responder_killed_and_back(lab: Lab) -> None:
    lab.kill("responder")
    first_fetch(lab, refused=1)
    lab.claim(REFUSED)
    lab.claim(CLOSED)
    lab.revive("responder")
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("F8")
def test_responder_back_at_another_address(lab: Lab) -> None:
    """DNS knows the new address, and so does nginx at its next fetch."""
    first_fetch(lab, connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.kill("responder")
    lab.revive("responder", only="responder-2")
    lab.stub.record("ocsp.staplelab.test", "A", lab.address("responder-2"))
    lab.step(3601)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().staple["produced_at"] == lab.now
    assert lab.responder.requests()[-1]["listener"] == "responder-2"


def test_name_server_killed_and_back(lab: Lab) -> None:
    lab.kill("stub")
    first_fetch(lab, queries=0)
    lab.claim(f"{REFUSED} while resolving", times=None)
    lab.step(31)
    lab.settle()
    lab.claim(NOT_RESOLVED)
    lab.revive("stub")
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_packets_come_twice(lab: Lab) -> None:
    """TCP takes no notice: one request, one staple."""
    lab.inject("packet-duplicate")
    first_fetch(lab, connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 1


def test_queries_come_twice(lab: Lab) -> None:
    """The second response of each kind is worth a line, and nothing else."""
    lab.inject("packet-duplicate", at="stub")
    first_fetch(lab, connections=1, queries=4)
    dns = "DNS " if lab.server.within(">=1.19.3") else ""
    lab.claim(f"unexpected {dns}response for ocsp.staplelab.test", times=2)
    assert lab.handshake().verdict == "GOOD"


def test_backlog_drained_in_time(lab: Lab) -> None:
    """The queue of the responder's kernel is full, then has room: the SYN that is repeated after
    a second of the kernel's own time comes through, and the fetch goes on as if nothing was."""
    lab.inject("connect-timeout")
    first_fetch(lab)
    lab.heal()
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == "GOOD"
