"""The names that nginx asks for, as they stand in a URL: letters, dots, literals, the longest.

Observed on nginx 1.22.1; the rules are in ngx_resolve_start, ngx_resolve_name and
ngx_resolver_create_name_query.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.resolver.asking import NOT_FOUND, TIMED_OUT, ask, could_not, ipv6, start

#: as many octets as a label can have, and as a name can have in a message (255)
LABEL = "l" * 63
NAME = f"{LABEL}.{LABEL}.{LABEL}.{'n' * 61}"


def asked(lab: Lab) -> list[str]:
    return [one["qname"] for one in lab.stub.requests(qtype="A")]


@pytest.mark.parametrize(
    "written", ["HOST.staplelab.test", "host.staplelab.test.", "Host.StapleLab.TEST."]
)
def test_one_name_however_it_is_written(lab: Lab, written: str) -> None:
    """Letters in lower case, without a dot at its end: they share a place in the cache."""
    name = "host.staplelab.test"
    lab.stub.record(name, "A", lab.address("responder"))
    start(lab, written, name, written)
    ask(lab, 0, 1, 2)
    ask(lab, 1, 1, 0)
    ask(lab, 2, 1, 0)
    assert asked(lab) == [name]


@pytest.mark.parametrize(
    "name",
    ["a", "a.b", f"{LABEL}.test", NAME, "0.1.2.3.4", "1.2.3", "_x-1.test"],
    ids=["letter", "letters", "longest-label", "longest-name", "five-numbers", "three", "other"],
)
def test_asked_as_it_is(lab: Lab, name: str) -> None:
    lab.stub.record(name, "A", lab.address("responder"))
    start(lab, name)
    ask(lab, 0, 1, 2)
    assert asked(lab) == [name]


@pytest.mark.requirement("E14")
def test_an_ipv4_address(lab: Lab) -> None:
    """Nobody has to be asked for it."""
    start(lab, lab.address("responder"))
    ask(lab, 0, 1, 0)
    assert lab.stub.requests() == []


@pytest.mark.requirement("E14")
def test_an_ipv6_address(lab: Lab) -> None:
    """With a resolver it is taken for a name."""
    ipv6(lab)
    start(lab, "[::1]", resolver=lab.resolver())
    lab.handshake(name="site-0.staplelab.test")
    lab.settle(so_far=True)
    seen = "asked for" if lab.stub.requests() else "taken as it is"
    lab.deviation("NGX-027", seen, conforms="taken as it is", deviates="asked for")
    lab.settle(queries=2)
    assert asked(lab) == ["[::1]"]
    lab.claim(could_not("[::1]", NOT_FOUND))


@pytest.mark.parametrize(
    "name",
    ["a..test", "x" * 256, f"a.{'x' * 256}"],
    ids=["empty-label", "256-octets", "256-octets-last"],
)
def test_no_name(lab: Lab, name: str) -> None:
    """No query can be made of an empty label, or of one that is longer than an octet can say: there
    is no such name."""
    lab.stub.record("other.test", "A", lab.address("responder"))
    start(lab, name, "other.test", name)
    ask(lab, 0, 0, 0)
    ask(lab, 1, 1, 2)
    ask(lab, 2, 0, 0)
    lab.claim(could_not(name, NOT_FOUND), 2)


@pytest.mark.parametrize(
    "name",
    [f"{'l' * 64}.test", f"{'l' * 255}.test", f"a.{'l' * 64}", f"a.{'l' * 255}"],
    ids=["64-first", "255-first", "64-last", "255-last"],
)
def test_a_label_that_is_too_long(lab: Lab, name: str) -> None:
    """What nginx makes of it is no query: what should be the length of its label is none."""
    lab.exempt("query-form", "it is no query")
    start(lab, name)
    lab.handshake(name="site-0.staplelab.test")
    lab.settle(so_far=True)
    lab.step(31)
    lab.settle(queries=0)
    sent = "sent" if lab.stub.events("malformed") else "not found"
    lab.deviation("NGX-028", sent, conforms="not found", deviates="sent")
    lab.claim(could_not(name, TIMED_OUT))
    lab.claim("DNS error (1: Format error), query id:", 4)


#: their CRC-32, by which nginx looks for a name, is the same
ALIKE = (
    ("cnyri.test", "vmkwtd.test"),
    ("bzbolzo.test", "nfdcmti.test"),
    ("fkxllon.test", "fnbps.test"),
)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("pair", ALIKE, ids=lambda pair: pair[0])
def test_names_of_one_checksum(lab: Lab, pair: tuple[str, str], turned: bool) -> None:
    """They are told apart by their letters."""
    one, other = reversed(pair) if turned else pair
    lab.stub.record(one, "A", lab.address("responder"))
    lab.stub.record(other, "A", lab.address("responder-2"))
    start(lab, one, other, one, other)
    for site in range(4):
        ask(lab, site, 1, 0 if site > 1 else 2)
    listeners = [one["listener"] for one in lab.responder.requests()]
    assert listeners == ["responder", "responder-2"] * 2


def test_many_names(lab: Lab) -> None:
    """Each has what is its own, however many there are."""
    hosts = [f"{'xyz'[number % 3]}{number}.staplelab.test" for number in range(24)]
    for number, host in enumerate(hosts):
        lab.stub.record(host, "A", lab.address(("responder", "responder-2")[number % 2]))
    start(lab, *hosts, *hosts)
    for site in range(len(hosts)):
        ask(lab, site, 1, 2)
    for site in range(len(hosts), 2 * len(hosts)):
        ask(lab, site, 1, 0)
    listeners = [one["listener"] for one in lab.responder.requests()]
    assert listeners == ["responder", "responder-2"] * len(hosts)
