"""Faults of faulty-dnsd that change what an answer says: addresses, aliases, TTLs, sequences.

Each test holds the octets on the wire against what the fault's name says.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dns_wire import (
    AAAA,
    ANSWER,
    CNAME,
    NAME_AT,
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
    DATA_AT,
    DEAD,
    HEALTHY,
    HOST,
    OWN,
    QUESTION,
    RECORD_AT,
    TRUNCATED,
    error,
    proof,
    proves,
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    with running(tmp_path_factory.mktemp("dnsd"), *ARGUMENTS) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd, request: pytest.FixtureRequest) -> Iterator[Dnsd]:
    yield from proof(program, request.function)


@proves("wrong-address")
def test_wrong_address(dnsd: Dnsd) -> None:
    dnsd.fault("wrong-address")
    assert dnsd.ask(query(HOST)) == HEALTHY[:RECORD_AT] + address(DEAD)
    assert dnsd.ask(query(HOST, AAAA)) == negative(HOST, AAAA, ANSWER)

    dnsd.fault("wrong-address", values=["127.0.0.8", "::2", "127.0.0.9"])
    two = header(0x1234, ANSWER, an=2) + QUESTION + address("127.0.0.8") + address("127.0.0.9")
    assert dnsd.ask(query(HOST)) == two
    one = header(0x1234, ANSWER, an=1) + question(HOST, AAAA) + address("::2")
    assert dnsd.ask(query(HOST, AAAA)) == one
    # of a name that does not exist, too
    nowhere = header(0x1234, ANSWER, an=2) + question("no.where", A)
    nowhere += address("127.0.0.8") + address("127.0.0.9")
    assert dnsd.ask(query("no.where")) == nowhere

    dnsd.fault("wrong-address", values=["::2"])
    assert dnsd.ask(query(HOST)) == negative(HOST, A, ANSWER)


@proves("mixed-addresses")
def test_mixed_addresses(dnsd: Dnsd) -> None:
    dnsd.fault("mixed-addresses")
    two = header(0x1234, ANSWER, an=2) + QUESTION + address(DEAD) + address(OWN)
    assert dnsd.ask(query(HOST)) == two
    assert dnsd.ask(query(HOST, AAAA)) == negative(HOST, AAAA, ANSWER)
    dnsd.fault("mixed-addresses", dead=["127.0.0.8", "127.0.0.9"])
    three = address("127.0.0.8") + address("127.0.0.9") + address(OWN)
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=3) + QUESTION + three


def alias(owner_at: int, label: str, rest_at: int, ttl: int = 300) -> bytes:
    """A CNAME whose target is one label before a name that stands elsewhere."""
    target = bytes([len(label)]) + label.encode() + pointer(rest_at)
    return record(pointer(owner_at), CNAME, ttl, target)


@proves("cname-single")
def test_cname_single(dnsd: Dnsd) -> None:
    dnsd.fault("cname-single")
    first = alias(NAME_AT, "alias", NAME_AT)
    start = header(0x1234, ANSWER, an=2) + QUESTION
    assert dnsd.ask(query(HOST)) == start + first + address(OWN, owner=pointer(DATA_AT))


def test_cname_single_to_a_name_of_the_store(dnsd: Dnsd) -> None:
    dnsd.control.call("PUT", "/v1/records/cdn.test/A", {"values": ["127.0.0.7"], "ttl": 9})
    dnsd.fault("cname-single", target="cdn.test")
    # ".test" stands in the question already
    test_at = NAME_AT + len("_ocsp_staplelab")
    start = header(0x1234, ANSWER, an=2) + QUESTION + alias(NAME_AT, "cdn", test_at)
    assert dnsd.ask(query(HOST)) == start + address("127.0.0.7", 9, pointer(DATA_AT))
    # the target itself is no alias
    own = header(0x1234, ANSWER, an=1) + question("cdn.test", A) + address("127.0.0.7", 9)
    assert dnsd.ask(query("cdn.test")) == own


def test_cname_single_one_message_a_hop(dnsd: Dnsd) -> None:
    dnsd.fault("cname-single", in_message=False)
    first = header(0x1234, ANSWER, an=1) + QUESTION + alias(NAME_AT, "alias", NAME_AT)
    assert dnsd.ask(query(HOST)) == first
    target = header(0x1234, ANSWER, an=1) + question(f"alias.{HOST}", A) + address(OWN)
    assert dnsd.ask(query(f"alias.{HOST}")) == target


@proves("cname-chain")
def test_cname_chain(dnsd: Dnsd) -> None:
    dnsd.fault("cname-chain", n=3)
    wanted = header(0x1234, ANSWER, an=4) + QUESTION
    owner_at = NAME_AT
    for label in ("c1", "c2", "c3"):
        target_at = len(wanted) + 12
        wanted += alias(owner_at, label, NAME_AT)
        owner_at = target_at
    assert dnsd.ask(query(HOST)) == wanted + address(OWN, owner=pointer(owner_at))
    (event,) = dnsd.events("response")
    assert event["answers"] == [
        f"{HOST} 300 CNAME c1.{HOST}",
        f"c1.{HOST} 300 CNAME c2.{HOST}",
        f"c2.{HOST} 300 CNAME c3.{HOST}",
        f"c3.{HOST} 300 A {OWN}",
    ]


def answers(dnsd: Dnsd, text: str) -> list[str]:
    """What the stub says that it answers to a query, over TCP for its length."""
    dnsd.tcp().ask(query(text))
    return dnsd.events("response")[-1]["answers"]


def test_cname_chain_one_message_a_hop(dnsd: Dnsd) -> None:
    dnsd.fault("cname-chain", n=2, in_message=False)
    assert answers(dnsd, HOST) == [f"{HOST} 300 CNAME c1.{HOST}"]
    assert answers(dnsd, f"c1.{HOST}") == [f"c1.{HOST} 300 CNAME c2.{HOST}"]
    assert answers(dnsd, f"c2.{HOST}") == [f"c2.{HOST} 300 A {OWN}"]


def test_cname_chain_of_the_greatest_length(dnsd: Dnsd) -> None:
    dnsd.fault("cname-chain", n=200)
    said = answers(dnsd, HOST)
    assert len(said) == 201
    assert said[-1] == f"c200.{HOST} 300 A {OWN}"
    # too much for a datagram
    assert dnsd.ask(query(HOST)) == TRUNCATED


@proves("cname-loop")
def test_cname_loop(dnsd: Dnsd) -> None:
    dnsd.fault("cname-loop", length=1)
    start = header(0x1234, ANSWER, an=1) + QUESTION
    itself = record(pointer(NAME_AT), CNAME, 300, pointer(NAME_AT))
    assert dnsd.ask(query(HOST)) == start + itself

    dnsd.fault("cname-loop")
    there = alias(NAME_AT, "loop1", NAME_AT)
    back = record(pointer(DATA_AT), CNAME, 300, pointer(NAME_AT))
    assert dnsd.ask(query(HOST)) == header(0x1234, ANSWER, an=2) + QUESTION + there + back

    dnsd.fault("cname-loop", length=3, in_message=False)
    assert answers(dnsd, HOST) == [f"{HOST} 300 CNAME loop1.{HOST}"]
    assert answers(dnsd, f"loop1.{HOST}") == [f"loop1.{HOST} 300 CNAME loop2.{HOST}"]
    assert answers(dnsd, f"loop2.{HOST}") == [f"loop2.{HOST} 300 CNAME {HOST}"]


@proves("ttl-zero")
def test_ttl_zero(dnsd: Dnsd) -> None:
    dnsd.fault("ttl-zero")
    assert dnsd.ask(query(HOST)) == HEALTHY[:RECORD_AT] + address(OWN, 0)
    assert dnsd.ask(query(HOST, AAAA)) == negative(HOST, AAAA, ANSWER, ttl=0)


@proves("ttl-short-then-change")
def test_ttl_short_then_change(dnsd: Dnsd) -> None:
    dnsd.fault("ttl-short-then-change", ttl=7, values=["127.0.0.9"])
    own = HEALTHY[:RECORD_AT] + address(OWN, 7)
    assert dnsd.ask(query(HOST)) == own
    dnsd.elapse(6)
    assert dnsd.ask(query(HOST)) == own
    dnsd.elapse(1)
    other = HEALTHY[:RECORD_AT] + address("127.0.0.9", 7)
    assert dnsd.ask(query(HOST)) == other
    # the time runs from the first answer of this rule
    dnsd.fault("ttl-short-then-change", ttl=7, values=["127.0.0.9"])
    assert dnsd.ask(query(HOST)) == own


@proves("answer-change")
def test_answer_change(dnsd: Dnsd) -> None:
    dnsd.fault("answer-change", n=2, values=["127.0.0.9"])
    other = HEALTHY[:RECORD_AT] + address("127.0.0.9")
    assert [dnsd.ask(query(HOST)) for _ in range(4)] == [HEALTHY, HEALTHY, other, other]


@proves("error-then-address")
def test_error_then_address(dnsd: Dnsd) -> None:
    dnsd.fault("error-then-address", n=2)
    assert [dnsd.ask(query(HOST)) for _ in range(4)] == [error(2), error(2), HEALTHY, HEALTHY]
    dnsd.fault("error-then-address", rcode=5)
    assert [dnsd.ask(query(HOST)) for _ in range(2)] == [error(5), HEALTHY]


@proves("address-then-error")
def test_address_then_error(dnsd: Dnsd) -> None:
    dnsd.fault("address-then-error", n=2)
    assert [dnsd.ask(query(HOST)) for _ in range(4)] == [HEALTHY, HEALTHY, error(2), error(2)]
    dnsd.fault("address-then-error", rcode=3)
    assert [dnsd.ask(query(HOST)) for _ in range(2)] == [HEALTHY, negative(HOST, A, ANSWER | 3)]


def test_the_scope_says_what_is_counted_together(dnsd: Dnsd) -> None:
    dnsd.fault("error-then-address", scope="qtype")
    assert dnsd.ask(query(HOST)) == error(2)
    assert dnsd.ask(query(HOST, AAAA))[3] & 0x0F == 2
    assert dnsd.ask(query(HOST)) == HEALTHY
    assert dnsd.ask(query(HOST, AAAA))[3] & 0x0F == 0
