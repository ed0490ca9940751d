"""Faults of faulty-dnsd that make an answer an error, lose, delay, truncate or malform it.

Each test holds the octets on the wire against what the fault's name says.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

import pytest
import test_faulty_dnsd_content
from dns_wire import (
    AAAA,
    ANSWER,
    CNAME,
    NAME_AT,
    RD,
    A,
    address,
    header,
    negative,
    pointer,
    query,
    question,
    record,
)
from dnsd import Dnsd, running
from dnsd_proof import (
    ARGUMENTS,
    HEALTHY,
    HOST,
    QUESTION,
    RECORD_AT,
    TRUNCATED,
    error,
    proof,
    proven,
    proves,
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    with running(tmp_path_factory.mktemp("dnsd"), *ARGUMENTS) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd, request: pytest.FixtureRequest) -> Iterator[Dnsd]:
    yield from proof(program, request.function)


def test_every_fault_of_the_catalogue_is_proven(dnsd: Dnsd) -> None:
    faults = dnsd.control.call("GET", "/v1/faults")["faults"]
    proofs = proven(sys.modules[__name__]) | proven(test_faulty_dnsd_content)
    assert sorted(fault["name"] for fault in faults) == sorted(proofs)
    assert len({fault["id"] for fault in faults}) == len(faults)


def test_without_a_rule_the_answer_is_healthy(dnsd: Dnsd) -> None:
    assert dnsd.ask(query(HOST)) == HEALTHY
    assert [event["faults"] for event in dnsd.events("response")] == [[]]


@proves("servfail")
def test_servfail(dnsd: Dnsd) -> None:
    dnsd.fault("servfail")
    assert dnsd.ask(query(HOST)) == error(2)


@proves("nxdomain")
def test_nxdomain(dnsd: Dnsd) -> None:
    dnsd.fault("nxdomain")
    assert dnsd.ask(query(HOST)) == negative(HOST, A, ANSWER | 3)


@proves("refused")
def test_refused(dnsd: Dnsd) -> None:
    dnsd.fault("refused")
    assert dnsd.ask(query(HOST)) == error(5)


@proves("notimp")
def test_notimp(dnsd: Dnsd) -> None:
    dnsd.fault("notimp")
    assert dnsd.ask(query(HOST)) == error(4)


@proves("formerr")
def test_formerr(dnsd: Dnsd) -> None:
    dnsd.fault("formerr")
    assert dnsd.ask(query(HOST)) == error(1)
    dnsd.fault("formerr", question=False)
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER | 1, qd=0)


@proves("rcode-unassigned")
def test_rcode_unassigned(dnsd: Dnsd) -> None:
    dnsd.fault("rcode-unassigned")
    assert dnsd.ask(query(HOST)) == error(6)
    dnsd.fault("rcode-unassigned", value=15)
    assert dnsd.ask(query(HOST)) == error(15)


@proves("nodata")
def test_nodata(dnsd: Dnsd) -> None:
    dnsd.fault("nodata")
    assert dnsd.ask(query(HOST)) == negative(HOST, A, ANSWER)


@proves("rcode-with-answers")
def test_rcode_with_answers(dnsd: Dnsd) -> None:
    dnsd.fault("rcode-with-answers")
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER | 2, an=1) + HEALTHY[NAME_AT:]
    dnsd.fault("rcode-with-answers", rcode=3)
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER | 3, an=1) + HEALTHY[NAME_AT:]


@proves("per-type-divergence")
def test_per_type_divergence(dnsd: Dnsd) -> None:
    dnsd.fault("per-type-divergence")
    assert dnsd.ask(query(HOST)) == HEALTHY
    failed = header(0x1234, ANSWER | 2) + question(HOST, AAAA)
    assert dnsd.ask(query(HOST, AAAA)) == failed
    dnsd.fault("per-type-divergence", type="A", rcode=5)
    assert dnsd.ask(query(HOST)) == error(5)
    assert dnsd.ask(query(HOST, AAAA)) == negative(HOST, AAAA, ANSWER)


@proves("drop-query", "dropped")
def test_drop_query(dnsd: Dnsd) -> None:
    dnsd.fault("drop-query")
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    datagrams.send(query(HOST))
    stream.send(query(HOST))
    dnsd.wait("dropped", 2)
    assert datagrams.has_nothing()
    assert stream.has_nothing()
    # the connection is as good as before
    dnsd.rules()
    assert stream.ask(query(HOST)) == HEALTHY


@proves("drop-first-n", "dropped")
def test_drop_first_n(dnsd: Dnsd) -> None:
    dnsd.fault("drop-first-n", n=2)
    client = dnsd.udp()
    for ident in (1, 2):
        client.send(query(HOST, ident=ident))
    # the first that comes back is the third
    assert client.ask(query(HOST)) == HEALTHY
    assert len(dnsd.events("dropped")) == 2
    assert [event["ordinal"] for event in dnsd.events("query")] == [0, 1, 2]


@proves("answer-delay", "held")
def test_answer_delay(dnsd: Dnsd) -> None:
    dnsd.fault("answer-delay")
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    datagrams.send(query(HOST))
    stream.send(query(HOST))
    dnsd.wait("held", 2)
    dnsd.elapse(1.999)
    assert datagrams.has_nothing()
    assert stream.has_nothing()
    assert dnsd.events("response") == []
    dnsd.elapse(0.001)
    assert datagrams.receive() == HEALTHY
    assert stream.receive() == HEALTHY
    assert [event["faults"] for event in dnsd.events("response")] == [["answer-delay"]] * 2


def test_one_step_of_the_clock_brings_all_that_is_due_in_order(dnsd: Dnsd) -> None:
    client = dnsd.udp()
    for ident, delay in ((1, 3000), (2, 1000), (3, 60000), (4, 3000), (5, 1000), (6, 3000)):
        dnsd.fault("answer-delay", ms=delay)
        client.send(query(HOST, ident=ident))
        dnsd.wait("held", ident)
    dnsd.elapse(59)
    assert [client.receive()[1] for _ in range(5)] == [2, 5, 1, 4, 6]
    assert client.has_nothing()
    dnsd.elapse(1)
    assert client.receive()[1] == 3


def test_a_connection_that_ends_takes_its_delayed_answers_along(dnsd: Dnsd) -> None:
    dnsd.fault("answer-delay")
    stream = dnsd.tcp()
    stream.send(query(HOST))
    dnsd.wait("held")
    stream.close()
    dnsd.wait("close")
    (dropped,) = dnsd.events("dropped")
    assert dropped["faults"] == ["answer-delay"]
    dnsd.elapse(3)
    assert dnsd.events("response") == []


@proves("wrong-id")
def test_wrong_id(dnsd: Dnsd) -> None:
    dnsd.fault("wrong-id")
    assert dnsd.ask(query(HOST, ident=0xFFFF)) == b"\0\0" + HEALTHY[2:]
    dnsd.fault("wrong-id", delta=0x1000)
    assert dnsd.ask(query(HOST)) == b"\x22\x34" + HEALTHY[2:]


@proves("qr-bit-clear")
def test_qr_bit_clear(dnsd: Dnsd) -> None:
    dnsd.fault("qr-bit-clear")
    assert dnsd.ask(query(HOST)) == query(HOST)
    assert dnsd.tcp().ask(query(HOST)) == query(HOST)


@proves("truncated-udp")
def test_truncated_udp(dnsd: Dnsd) -> None:
    dnsd.fault("truncated-udp")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY


@proves("tc-then-tcp-fails", "listener")
def test_tc_then_tcp_is_refused(dnsd: Dnsd) -> None:
    before = dnsd.tcp()
    dnsd.fault("tc-then-tcp-fails")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    with pytest.raises(ConnectionRefusedError):
        dnsd.tcp()
    # a connection from before is reset by its next query
    before.send(query(HOST))
    with pytest.raises(ConnectionResetError):
        before.receive()
    assert dnsd.wait("close")["faults"] == ["tc-then-tcp-fails"]

    dnsd.rules()
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY
    assert [event["state"] for event in dnsd.events("listener")] == ["closed", "open"]


def test_a_reset_takes_back_that_connections_are_refused(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    dnsd.reset()
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY


@proves("tc-then-tcp-fails", "close")
def test_tc_then_tcp_is_reset(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="reset")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    stream = dnsd.tcp()
    stream.send(query(HOST))
    with pytest.raises(ConnectionResetError):
        stream.receive()
    close = dnsd.wait("close")
    assert (close["by"], close["how"], close["sent"]) == ("us", "rst", 0)


@proves("tc-then-tcp-fails", "held")
def test_tc_then_tcp_is_silent(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="silent")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    stream = dnsd.tcp()
    stream.send(query(HOST))
    dnsd.wait("held")
    dnsd.elapse(3600)
    assert stream.has_nothing()
    stream.close()
    close = dnsd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "fin")


@proves("message-cut")
def test_message_cut(dnsd: Dnsd) -> None:
    dnsd.fault("message-cut")
    assert dnsd.ask(query(HOST)) == HEALTHY[:20]
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY[:20]
    dnsd.fault("message-cut", at=RECORD_AT + 3)
    assert dnsd.ask(query(HOST)) == HEALTHY[: RECORD_AT + 3]
    dnsd.fault("message-cut", at=65535)
    assert dnsd.ask(query(HOST)) == HEALTHY[:-1]


@proves("compression-loop")
def test_compression_loop_in_a_target(dnsd: Dnsd) -> None:
    dnsd.fault("compression-loop")
    data_at = RECORD_AT + 12
    itself = record(pointer(NAME_AT), CNAME, 0, pointer(data_at))
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=1) + QUESTION + itself
    aaaa = header(0x1234, ANSWER, an=1) + question(HOST, AAAA)
    assert dnsd.ask(query(HOST, AAAA)) == aaaa + itself

    dnsd.fault("compression-loop", form="cycle")
    there = record(pointer(NAME_AT), CNAME, 0, pointer(data_at + len(itself)))
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=2) + QUESTION + there + itself


@proves("compression-loop")
def test_compression_loop_in_an_owner(dnsd: Dnsd) -> None:
    dnsd.fault("compression-loop", where="owner")
    itself = address("127.0.0.1", 0, pointer(RECORD_AT))
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=1) + QUESTION + itself

    dnsd.fault("compression-loop", where="owner", form="cycle")
    there = address("127.0.0.1", 0, pointer(RECORD_AT + len(itself)))
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=2) + QUESTION + there + itself

    back = address("::1", 0, pointer(RECORD_AT))
    there = address("::1", 0, pointer(RECORD_AT + len(back)))
    assert dnsd.ask(query(HOST, AAAA))[RECORD_AT:] == there + back


def test_a_message_and_a_transport_fault_compose(dnsd: Dnsd) -> None:
    both = [{"fault": "servfail"}, {"fault": "answer-delay", "ms": 50}]
    dnsd.rules({"sequence": [{"do": both}]})
    client = dnsd.udp()
    client.send(query(HOST))
    assert dnsd.wait("held")["faults"] == ["servfail", "answer-delay"]
    assert client.has_nothing()
    dnsd.elapse(0.05)
    assert client.receive() == error(2)


def test_faults_leave_the_edns_record_alone(dnsd: Dnsd) -> None:
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
    with_edns = header(0x1234, RD, ar=1) + QUESTION + opt
    dnsd.fault("servfail")
    assert dnsd.ask(with_edns) == header(0x1234, ANSWER | 2, ar=1) + QUESTION + opt


def test_a_held_connection_is_not_owed(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="silent")
    stream = dnsd.tcp()
    stream.send(query(HOST))
    dnsd.wait("held")
    dnsd.quiet()
    stream.socket.shutdown(socket.SHUT_WR)
    assert dnsd.wait("close")["by"] == "peer"
