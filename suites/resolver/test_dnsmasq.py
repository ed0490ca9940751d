"""nginx's resolver and dnsmasq, the real one, between it and the name server."""

from __future__ import annotations

import socket

import pytest

from staplelab.parts.program import Program
from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from suites.dns.table import RESEND
from suites.resolver import wire
from suites.resolver.wire import AAAA, A

pytestmark = pytest.mark.topology("dnsmasq")

QUERIES = 200


def ask(at: tuple[str, int], octets: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(at)
        client.send(octets)
        return client.recv(4096)


def test_both_say_the_same(lab: Lab) -> None:
    """The name server itself and dnsmasq give equal answers to the same 200 queries: to those that
    dnsmasq passes on, and to those that it knows by then."""
    lab.start()
    questions = []
    for number in range(20):
        base = f"{number}.same.test"
        lab.stub.record(f"four.{base}", "A", *[f"192.0.2.{i + 1}" for i in range(number % 4 + 1)])
        lab.stub.record(f"six.{base}", "AAAA", "2001:db8::1", ttl=number + 1)
        lab.stub.record(f"alias.{base}", "CNAME", f"FOUR.{base}")
        for name in ("four", "six", "alias", "none", "."):
            owner = base if name == "." else f"{name}.{base}"
            questions += [(owner, A), (owner, AAAA)]
    assert len(questions) == QUERIES
    own = lab.stub.listener("stub")
    endpoint = lab.part("dnsmasq", Program).endpoint
    assert endpoint is not None
    other = (endpoint.address, endpoint.port)
    for ident, (name, qtype) in enumerate(questions):
        octets = wire.query(name, qtype, ident)
        for _ in range(2):
            said, passed_on = ask(own, octets), ask(other, octets)
            assert said[:2] == passed_on[:2] == octets[:2]
            assert wire.read(said) == wire.read(passed_on), (name, qtype)
    # of what it passes on it keeps the addresses, and that there are none; not the code of a chain
    assert len(lab.part("dnsmasq", Program).lines("forwarded ")) <= QUERIES


def test_repeated(lab: Lab) -> None:
    """What its upstream has lost dnsmasq asks for again when nginx does."""
    lab.inject("drop-first-n", n=1)
    lab.start(resolver=f"{lab.resolver()} ipv6=off")
    lab.handshake()
    lab.settle(queries=1)
    lab.step(4.8)
    lab.settle(queries=0)
    lab.step(RESEND - 4.8)
    lab.settle(1, queries=1)
    assert lab.handshake().verdict == "GOOD"


def test_over_tcp(lab: Lab) -> None:
    """What is truncated dnsmasq tells nginx so, and asks for it over TCP when nginx does."""
    lab.stub.record(OCSP_HOST, "A", *[lab.address("responder")] * 60)
    lab.start(resolver=f"{lab.resolver()} ipv6=off")
    lab.handshake()
    lab.settle(1, queries=2)
    assert [one["transport"] for one in lab.stub.requests()] == ["udp", "tcp"]
    assert lab.handshake().verdict == "GOOD"


def test_an_alias(lab: Lab) -> None:
    """A chain in one message comes through as one."""
    lab.stub.forget(OCSP_HOST, "A")
    lab.stub.record(OCSP_HOST, "CNAME", "one.staplelab.test")
    lab.stub.record("one.staplelab.test", "CNAME", "two.staplelab.test", ttl=2)
    lab.stub.record("two.staplelab.test", "A", lab.address("responder"))
    lab.start(resolver=f"{lab.resolver()} ipv6=off")
    lab.handshake()
    lab.settle(1, queries=1)
    assert lab.handshake().verdict == "GOOD"
