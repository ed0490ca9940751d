"""faulty-dnsd without faults: dnspython is content with it, and strangers are refused."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dns_wire import AA, HEALTHY_FLAGS, QR, RA, RD, A, address, header, query, question
from dnsd import Dnsd, running

from staplelab.waiting import BOUND_SECONDS

HOST = "ocsp.staplelab.test"
OWN = "127.0.0.5"
HEALTHY = header(0x1234, HEALTHY_FLAGS, an=1) + question(HOST, A) + address(OWN)

HAS_IPV6 = " lo\n" in Path("/proc/net/if_inet6").read_text() if socket.has_ipv6 else False
LISTENERS = ["0", "any"] + (["six"] if HAS_IPV6 else [])

Exchange = Callable[..., dns.message.Message]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    arguments = ["--listen", "127.0.0.1:0", "--listen", "any=0.0.0.0:0"]
    if HAS_IPV6:
        arguments += ["--listen", "six=[::1]:0"]
    for record in (f"{HOST}/A={OWN}", f"{HOST}/AAAA=::1@60", f"www.staplelab.test/CNAME={HOST}"):
        arguments += ["--record", record]
    with running(tmp_path_factory.mktemp("dnsd"), *arguments) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd) -> Iterator[Dnsd]:
    program.reset()
    yield program
    program.reset()


@pytest.fixture(params=[dns.query.udp, dns.query.tcp], ids=["udp", "tcp"])
def exchange(request: pytest.FixtureRequest) -> Exchange:
    return request.param


# ----- healthy responses, by dnspython's judgement -----


def resolve(
    dnsd: Dnsd, exchange: Exchange, text: str, rrtype: str, listener: str = "0", **options: Any
) -> dns.message.Message:
    (entry,) = [e for e in dnsd.ready["listeners"] if e["name"] == listener]
    # another address than the wildcard's first one: the response must come from there
    where = "127.0.0.77" if listener == "any" else entry["address"]
    asked = dns.message.make_query(text, rrtype, **options)
    response = exchange(asked, where, port=entry["port"], timeout=BOUND_SECONDS)
    assert asked.is_response(response)
    assert response.flags & dns.flags.AA
    assert response.flags & dns.flags.RA
    return response


def texts(response: dns.message.Message) -> list[str]:
    return [line for rrset in response.answer for line in rrset.to_text().splitlines()]


@pytest.mark.parametrize("listener", LISTENERS)
def test_addresses(dnsd: Dnsd, exchange: Exchange, listener: str) -> None:
    response = resolve(dnsd, exchange, HOST, "A", listener)
    assert texts(response) == [f"{HOST}. 300 IN A {OWN}"]
    assert response.rcode() == dns.rcode.NOERROR
    response = resolve(dnsd, exchange, HOST, "AAAA", listener)
    assert texts(response) == [f"{HOST}. 60 IN AAAA ::1"]


def test_an_alias_is_followed(dnsd: Dnsd, exchange: Exchange) -> None:
    response = resolve(dnsd, exchange, "www.staplelab.test", "A")
    assert texts(response) == [
        f"www.staplelab.test. 300 IN CNAME {HOST}.",
        f"{HOST}. 300 IN A {OWN}",
    ]


def test_letters_come_back_as_they_were_sent(dnsd: Dnsd, exchange: Exchange) -> None:
    response = resolve(dnsd, exchange, "oCSP.StapleLab.test", "A")
    assert response.question[0].to_text() == "oCSP.StapleLab.test. IN A"
    assert dnsd.wait("query")["qname"] == HOST


def test_no_such_name_and_no_such_data(dnsd: Dnsd, exchange: Exchange) -> None:
    response = resolve(dnsd, exchange, "nowhere.staplelab.test", "A")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.authority[0].to_text().startswith("staplelab.test. 60 IN SOA ")
    response = resolve(dnsd, exchange, HOST, "TXT")
    assert response.rcode() == dns.rcode.NOERROR
    assert response.answer == []
    assert response.authority[0].to_text().startswith("staplelab.test. 60 IN SOA ")


def test_edns_is_met_with_edns(dnsd: Dnsd, exchange: Exchange) -> None:
    assert resolve(dnsd, exchange, HOST, "A").edns == -1
    assert resolve(dnsd, exchange, HOST, "A", use_edns=0).edns == 0


def opt(size: int, extended_flags: int = 0) -> bytes:
    return b"\0" + struct.pack("!HHIH", 41, size, extended_flags, 0)


def test_an_unknown_version_of_edns_is_refused(dnsd: Dnsd) -> None:
    asked = header(0x1234, RD, ar=1) + question(HOST, A) + opt(4096, 1 << 16)
    # BADVERS is 16: the upper bits of the code are in the OPT record
    wanted = header(0x1234, HEALTHY_FLAGS & ~AA, ar=1) + question(HOST, A) + opt(1232, 1 << 24)
    assert dnsd.ask(asked) == wanted
    assert dnsd.wait("response")["rcode"] == 16


def test_what_is_too_long_for_a_datagram_comes_over_tcp(dnsd: Dnsd) -> None:
    values = [f"127.1.0.{n}" for n in range(1, 61)]
    dnsd.control.call("PUT", f"/v1/records/{HOST}/A", {"values": values})
    cut = resolve(dnsd, dns.query.udp, HOST, "A")
    assert cut.flags & dns.flags.TC
    assert cut.answer == []
    whole = resolve(dnsd, dns.query.udp, HOST, "A", use_edns=0, payload=1232)
    assert not whole.flags & dns.flags.TC
    assert len(texts(whole)) == len(values)
    whole = resolve(dnsd, dns.query.tcp, HOST, "A")
    assert texts(whole) == [f"{HOST}. 300 IN A {value}" for value in values]
    assert [event["truncated"] for event in dnsd.events("response")] == [True, False, False]


def test_recursion_desired_is_copied(dnsd: Dnsd) -> None:
    without = header(0x1234, 0) + question(HOST, A)
    assert dnsd.ask(without) == header(0x1234, HEALTHY_FLAGS & ~RD, an=1) + HEALTHY[12:]


# ----- TCP -----


def test_many_queries_a_connection(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    one = query(HOST)
    framed = struct.pack("!H", len(one)) + one
    stream.socket.sendall(framed * 20)
    assert [stream.receive() for _ in range(20)] == [HEALTHY] * 20
    assert {event["connection"] for event in dnsd.events("query")} == {
        dnsd.events("accept")[0]["connection"]
    }


def test_a_query_octet_by_octet(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one = query(HOST)
    framed = struct.pack("!H", len(one)) + one
    for octet in framed[:-1]:
        stream.socket.sendall(bytes([octet]))
        dnsd.control.call("GET", "/v1/ready")
    dnsd.quiet()
    assert stream.has_nothing()
    stream.socket.sendall(framed[-1:])
    assert stream.receive() == HEALTHY


def test_a_connection_ends_when_its_peer_ends_it(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    assert stream.ask(query(HOST)) == HEALTHY
    stream.close()
    close = dnsd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "fin")
    assert (close["received"], close["sent"]) == (len(query(HOST)) + 2, len(HEALTHY) + 2)


def test_a_reset_by_the_peer_is_seen_as_one(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    assert stream.ask(query(HOST)) == HEALTHY
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    close = dnsd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "rst")


# ----- what is no proper query -----

MALFORMED = {
    "two questions": header(7, RD, qd=2) + question(HOST, A) * 2,
    "no question": header(7, RD, qd=0),
    "trailing octets": query(HOST, ident=7) + b"\0",
    "cut": query(HOST, ident=7)[:-1],
    "pointer": header(7, RD) + b"\xc0\x0c\0\1\0\1",
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_query_gets_formerr(dnsd: Dnsd, message: bytes) -> None:
    assert dnsd.ask(message) == header(7, QR | RD | RA | 1, qd=0)
    assert dnsd.tcp().ask(message) == header(7, QR | RD | RA | 1, qd=0)
    assert len(dnsd.events("malformed")) == 2
    assert dnsd.events("query") == []


def test_other_opcodes_are_not_implemented(dnsd: Dnsd) -> None:
    update = header(7, 5 << 11) + question(HOST, A)
    assert dnsd.ask(update) == header(7, QR | RA | 5 << 11 | 4, qd=0)


def test_other_classes_are_refused(dnsd: Dnsd) -> None:
    chaos = header(7, RD) + question("version.bind", 16, 3)
    assert dnsd.ask(chaos) == header(7, HEALTHY_FLAGS & ~AA | 5) + question("version.bind", 16, 3)


@pytest.mark.parametrize("message", [b"", b"\0" * 11, HEALTHY], ids=["empty", "short", "response"])
def test_what_is_no_query_gets_no_response(dnsd: Dnsd, message: bytes) -> None:
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    datagrams.send(message)
    stream.send(message)
    dnsd.wait("malformed", 2)
    assert datagrams.has_nothing()
    # and the connection goes on
    assert stream.ask(query(HOST)) == HEALTHY


def test_both_transports_share_a_port(dnsd: Dnsd) -> None:
    for listener in LISTENERS:
        assert dnsd.udp(listener).ask(query(HOST)) == HEALTHY
        assert dnsd.tcp(listener).ask(query(HOST)) == HEALTHY
