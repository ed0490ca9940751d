"""What faulty-ocspd does to connections: every fault whose subject is a socket, and every peer."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator

import pytest
from ocspd import Ocspd, Wire, healthy_head, mint, proof, proves, running

from staplelab.parts.control import ControlError

TCP_SYN_SENT = 2


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    listeners = ["--listen", "127.0.0.1:0", "--listen", "second=127.0.0.1:0"]
    with running(folder, mint(folder), *listeners) as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd, request: pytest.FixtureRequest) -> Iterator[Ocspd]:
    yield from proof(program, request.function)


def test_without_a_rule_the_response_is_healthy(ocspd: Ocspd) -> None:
    wire = ocspd.fetch()
    assert (wire.head, wire.end) == (healthy_head(ocspd), "fin")
    close = ocspd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "fin")
    assert (close["sent"], close["received"]) == (len(wire.octets), len(ocspd.request))
    assert [event["planned"] for event in ocspd.events("request")] == [[]]
    assert [event["faults"] for event in ocspd.events("response")] == [[]]


# ----- connect and close -----


def healthy_again(ocspd: Ocspd) -> None:
    ocspd.control.call("DELETE", "/v1/rules")
    assert ocspd.fetch() == ocspd.healthy
    states = [event["state"] for event in ocspd.events("listener")]
    assert states[-1] == "open"


@proves("connection-refused", "listener")
def test_connection_refused(ocspd: Ocspd) -> None:
    for _ in range(2):
        ocspd.fault("connection-refused")
        with pytest.raises(ConnectionRefusedError):
            ocspd.connect()
        healthy_again(ocspd)


@proves("connect-timeout", "listener")
def test_connect_timeout(ocspd: Ocspd) -> None:
    for _ in range(2):
        ocspd.fault("connect-timeout")
        with socket.socket() as client:
            client.setblocking(False)
            assert client.connect_ex(ocspd.place()) != 0
            # whoever answers SYN on the loopback does so at once
            assert select.select([], [client], [], 0)[1] == []
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_SYN_SENT
        healthy_again(ocspd)
    # the connection that filled the queue was ours and is not anybody's
    assert len(ocspd.events("accept")) == 2


def test_a_listener_fault_keeps_to_its_listener(ocspd: Ocspd) -> None:
    ocspd.rules(
        {"match": {"listener": "second"}, "sequence": [{"do": [{"fault": "connection-refused"}]}]}
    )
    assert ocspd.fetch() == ocspd.healthy
    with pytest.raises(ConnectionRefusedError):
        ocspd.connect("second")
    states = {e["name"]: e["state"] for e in ocspd.control.call("GET", "/v1/ready")["listeners"]}
    assert states == {"0": "open", "second": "closed"}
    assert [(e["listener"], e["state"]) for e in ocspd.events("listener")] == [("second", "closed")]


def test_one_listener_fault_follows_the_other(ocspd: Ocspd) -> None:
    for fault in ("connection-refused", "connect-timeout", "connection-refused"):
        ocspd.fault(fault)
    with pytest.raises(ConnectionRefusedError):
        ocspd.connect()
    ocspd.control.call("POST", "/v1/reset", {})
    assert ocspd.fetch() == ocspd.healthy


def test_a_connection_from_before_survives_a_listener_fault(ocspd: Ocspd) -> None:
    peers = [ocspd.connect(), ocspd.connect()]
    ocspd.wait("accept", 2)
    for peer, fault in zip(peers, ("connection-refused", "connect-timeout")):
        ocspd.fault(fault)
        assert peer.send(ocspd.request).drain() == ocspd.healthy


@proves("accept-then-silence", "held")
def test_accept_then_silence(ocspd: Ocspd) -> None:
    ocspd.fault("accept-then-silence")
    peer = ocspd.ask()
    assert ocspd.wait("held")["why"] == "accept-then-silence"
    ocspd.elapse(3600)
    ocspd.quiet()
    assert peer.has_nothing()
    peer.close()
    close = ocspd.wait("close")
    assert (close["by"], close["sent"], close["received"]) == ("peer", 0, len(ocspd.request))
    ocspd.fault("accept-then-silence", ms=5000)
    peer = ocspd.ask()
    ocspd.wait("held", 2)
    ocspd.elapse(4.999)
    ocspd.quiet()
    assert peer.has_nothing()
    ocspd.elapse(0.001)
    assert peer.drain() == Wire(b"", "fin")


@proves("accept-then-fin", "close")
def test_accept_then_fin(ocspd: Ocspd) -> None:
    ocspd.fault("accept-then-fin")
    peer = ocspd.connect()
    assert peer.take(0) == b""
    assert ocspd.ask().drain() == Wire(b"", "fin")
    assert peer.drain() == Wire(b"", "fin")
    assert ocspd.events("request") == []


@proves("rst-on-accept", "close")
def test_rst_on_accept(ocspd: Ocspd) -> None:
    ocspd.fault("rst-on-accept", wait=False)
    # which may come before connect() has returned
    with pytest.raises(ConnectionResetError):
        ocspd.connect().socket.recv(1)
    close = ocspd.wait("close")
    assert (close["by"], close["how"], close["sent"]) == ("us", "rst", 0)


@proves("rst-on-accept", "close")
def test_rst_on_accept_waits_for_what_it_does_not_read(ocspd: Ocspd) -> None:
    ocspd.fault("rst-on-accept")
    peer = ocspd.connect()
    ocspd.wait("accept")
    ocspd.control.call("GET", "/v1/ready")
    assert peer.has_nothing()
    assert peer.send(ocspd.request).drain() == Wire(b"", "rst")
    close = ocspd.wait("close")
    assert (close["by"], close["how"]) == ("us", "rst")
    assert (close["sent"], close["received"]) == (0, 0)


@proves("rst-after-request", "close")
def test_rst_after_request(ocspd: Ocspd) -> None:
    ocspd.fault("rst-after-request")
    assert ocspd.fetch() == Wire(b"", "rst")
    close = ocspd.wait("close")
    assert (close["by"], close["how"]) == ("us", "rst")
    assert (close["sent"], close["received"]) == (0, len(ocspd.request))


def cuts(ocspd: Ocspd, fault: str, whole: bytes, start: int, length: int, end: str) -> None:
    """The fault cuts what it cuts: at its half, and where it is told."""
    ocspd.fault(fault)
    assert ocspd.fetch() == Wire(whole[: start + length // 2], end)
    for at in (0, 1, length - 1):
        ocspd.fault(fault, at=at)
        assert ocspd.fetch() == Wire(whole[: start + at], end)


@proves("rst-mid-body", "close")
def test_rst_mid_body(ocspd: Ocspd) -> None:
    whole = ocspd.healthy
    cuts(ocspd, "rst-mid-body", whole.octets, len(whole.head), len(whole.body), "rst")


@proves("fin-mid-headers", "close")
def test_fin_mid_headers(ocspd: Ocspd) -> None:
    whole = ocspd.healthy
    cuts(ocspd, "fin-mid-headers", whole.octets, 0, len(whole.head), "fin")
    # by default behind the status line
    assert len(whole.head) // 2 > len("HTTP/1.1 200 OK\r\n")


@proves("truncated-body", "close")
def test_truncated_body(ocspd: Ocspd) -> None:
    whole = ocspd.healthy
    cuts(ocspd, "truncated-body", whole.octets, len(whole.head), len(whole.body), "fin")


@proves("no-close-keepalive", "held")
def test_no_close_keepalive(ocspd: Ocspd) -> None:
    ocspd.fault("no-close-keepalive")
    head = healthy_head(ocspd).replace("Connection: close", "Connection: keep-alive").encode()
    peer = ocspd.ask()
    assert peer.take(len(head + ocspd.healthy.body)) == head + ocspd.healthy.body
    assert ocspd.wait("held")["why"] == "no-close-keepalive"
    ocspd.elapse(3600)
    ocspd.quiet()
    assert peer.has_nothing()
    peer.close()
    assert ocspd.wait("close")["by"] == "peer"


# ----- latency and rate -----


@proves("fixed-latency", "held")
def test_fixed_latency(ocspd: Ocspd) -> None:
    ocspd.fault("fixed-latency")
    peer = ocspd.ask()
    assert ocspd.wait("held")["why"] == "fixed-latency"
    ocspd.elapse(1.999)
    ocspd.quiet()
    assert peer.has_nothing()
    ocspd.elapse(0.001)
    assert peer.drain() == ocspd.healthy
    ocspd.fault("fixed-latency", ms=60000, before="body")
    peer = ocspd.ask()
    # the response was made before it waited: its Date is not the one of the first
    wire = Wire(peer.take(len(ocspd.healthy.head)), "")
    assert (wire.status, wire.body) == (200, b"")
    ocspd.wait("held", 2)
    ocspd.elapse(59.999)
    ocspd.quiet()
    assert peer.has_nothing()
    assert len(ocspd.events("response")) == 1
    ocspd.elapse(1)
    assert len(peer.drain().octets) == len(ocspd.healthy.body)
    assert len(ocspd.events("response")) == 2


def drips(ocspd: Ocspd, start: int, end: int, chunk: int) -> None:
    """After `start` octets one chunk more each second up to `end`, then all that is left."""
    whole = ocspd.healthy.octets
    peer = ocspd.ask()
    sent = start + chunk
    assert peer.take(sent) == whole[:sent]
    ocspd.wait("held")
    assert peer.has_nothing()
    ocspd.elapse(0.999)
    ocspd.quiet()
    assert peer.has_nothing()
    ocspd.elapse(0.001)
    assert peer.take(chunk) == whole[sent : sent + chunk]
    sent += chunk
    # one wake after a large step does all that is due
    ocspd.elapse(5)
    assert peer.take(5 * chunk) == whole[sent : sent + 5 * chunk]
    sent += 5 * chunk
    ocspd.quiet()
    assert peer.has_nothing()
    # the chunk of the last octet before `end` is the last that waits
    left = -(-(end - sent) // chunk)
    ocspd.elapse(left - 1)
    ocspd.quiet()
    sent += (left - 1) * chunk
    assert len(peer.take(sent - start - 7 * chunk)) == sent - start - 7 * chunk
    assert peer.has_nothing()
    ocspd.elapse(1)
    assert peer.drain() == Wire(whole[sent:], "fin")
    assert len(ocspd.events("held")) == 1


@proves("slow-headers", "held")
def test_slow_headers(ocspd: Ocspd) -> None:
    ocspd.fault("slow-headers")
    drips(ocspd, 0, len(ocspd.healthy.head), 1)


def test_slow_headers_in_larger_drops(ocspd: Ocspd) -> None:
    ocspd.fault("slow-headers", chunk=10, ms=1000)
    drips(ocspd, 0, len(ocspd.healthy.head), 10)


@proves("slow-body", "held")
def test_slow_body(ocspd: Ocspd) -> None:
    ocspd.fault("slow-body")
    drips(ocspd, len(ocspd.healthy.head), len(ocspd.healthy.octets), 1)


def test_slow_body_in_larger_drops(ocspd: Ocspd) -> None:
    ocspd.fault("slow-body", chunk=33, ms=1000)
    drips(ocspd, len(ocspd.healthy.head), len(ocspd.healthy.octets), 33)


def test_a_peer_that_gives_up_ends_a_drip(ocspd: Ocspd) -> None:
    ocspd.fault("slow-body")
    peer = ocspd.ask()
    ocspd.wait("held")
    peer.take(len(ocspd.healthy.head) + 1)
    peer.close()
    assert ocspd.wait("close")["by"] == "peer"
    assert ocspd.events("response") == []
    ocspd.quiet()


# ----- peers -----


def test_a_body_larger_than_the_socket_takes_is_owed_until_read(ocspd: Ocspd) -> None:
    ocspd.fault("body-oversized", octets=32 * 1024 * 1024)
    peer = ocspd.ask()
    ocspd.wait("request")
    with pytest.raises(ControlError, match="1 still owed"):
        ocspd.quiet(0)
    assert ocspd.events("response") == []
    wire = peer.drain()
    assert len(wire.body) == 32 * 1024 * 1024
    assert ocspd.wait("close")["sent"] == len(wire.octets)


def test_a_peer_that_resets_is_told(ocspd: Ocspd) -> None:
    peer = ocspd.connect()
    ocspd.wait("accept")
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    close = ocspd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "rst")


def test_a_half_closed_peer_gets_its_response(ocspd: Ocspd) -> None:
    for octets in (0, 32 * 1024 * 1024):  # at once, and more than the socket takes at once
        ocspd.rules()
        if octets:
            ocspd.fault("body-oversized", octets=octets)
        peer = ocspd.ask()
        peer.socket.shutdown(socket.SHUT_WR)
        ocspd.wait("request")
        wire = peer.drain()
        assert wire.body == ocspd.healthy.body.ljust(octets, b"\0")
        close = ocspd.wait("close")
        assert (close["by"], close["how"]) == ("peer", "fin")
        assert close["sent"] == len(wire.octets)
        ocspd.reset()
