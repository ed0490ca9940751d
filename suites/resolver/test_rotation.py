"""One address and several: in the order of the response at first, turned at random from the cache.

Observed on nginx 1.22.1; the rule is in ngx_resolver_export.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.resolver.asking import CLOSED, OCSP_HOST, ask, ipv6, peers, site_of, start

#: two of each family, as they stand in the responses
FOUR = ("responder", "responder-2")
SIX = ("[::1]", "[::ffff:responder]")
VISITS = 24

Order = tuple[str, ...]


def turned(order: Order, by: int) -> Order:
    return order[by:] + order[:by]


#: how an order comes about: where the circle of all four begins, and the two of IPv4, and of IPv6
DRAWS: dict[Order, tuple[int, int, int]] = {
    turned(turned(FOUR, four) + turned(SIX, six), begin): (begin, four, six)
    for begin in range(4)
    for four in range(2)
    for six in range(2)
}


def orders(lab: Lab, valid: str) -> list[Order]:
    """In which order the addresses are tried by each of many fetches."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("nginx tries the first address alone before 1.19.0")
    own, six = lab.address("responder"), ipv6(lab)
    lab.stub.record(OCSP_HOST, "A", own, lab.address("responder-2"))
    lab.stub.record(OCSP_HOST, "AAAA", six, f"::ffff:{own}")
    lab.inject("accept-then-fin")
    start(lab, resolver=f"{lab.resolver()} valid={valid}")
    for visit in range(VISITS):
        lab.handshake(name=site_of(0))
        lab.settle(4, queries=0 if visit and valid == "1d" else 2)
        lab.step(301)
    tried = peers(lab)
    lab.claim(CLOSED, 4 * VISITS)
    return [tuple(tried[at : at + 4]) for at in range(0, len(tried), 4)]


def test_from_the_cache(lab: Lab) -> None:
    """The families stay together, as in a circle; where it begins, and which of a family is the
    first, is drawn.  That a draw is always the same happens by chance in one run of 10^6."""
    first, *others = orders(lab, "1d")
    assert first == FOUR + SIX
    assert set(others) <= DRAWS.keys()
    for draw in range(3):
        assert len({DRAWS[one][draw] for one in others}) > 1


def test_from_a_response(lab: Lab) -> None:
    """As they came, IPv4 first."""
    assert set(orders(lab, "1s")) == {FOUR + SIX}


def test_many_of_each_family(lab: Lab) -> None:
    """All that came are tried, in their order."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("nginx tries the first address alone before 1.19.0")
    own = lab.address("responder")
    lab.stub.record(OCSP_HOST, "A", own, lab.address("responder-2"), own)
    lab.stub.record(OCSP_HOST, "AAAA", ipv6(lab), f"::ffff:{own}", ipv6(lab))
    lab.inject("accept-then-fin")
    start(lab)
    lab.handshake(name=site_of(0))
    lab.settle(6, queries=2)
    assert peers(lab) == [*FOUR, FOUR[0], *SIX, SIX[0]]
    lab.claim(CLOSED, 6)


@pytest.mark.parametrize(
    ("fours", "sixes"), [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2)]
)
def test_how_many(lab: Lab, fours: int, sixes: int) -> None:
    """All of both families and nothing else, from the response and from the cache."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("nginx tries the first address alone before 1.19.0")
    own, six = lab.address("responder"), ipv6(lab)
    lab.stub.forget(OCSP_HOST, "A")
    for rrtype, values in (
        ("A", (own, lab.address("responder-2"))[:fours]),
        ("AAAA", (six, f"::ffff:{own}")[:sixes]),
    ):
        if values:
            lab.stub.record(OCSP_HOST, rrtype, *values)
    lab.inject("accept-then-fin")
    start(lab, sites=2)
    wanted = sorted((*FOUR[:fours], *SIX[:sixes]))
    for site, queries in enumerate((2, 0)):
        ask(lab, site, len(wanted), queries)
    assert sorted(peers(lab)) == sorted(wanted * 2)
    lab.claim(CLOSED, 2 * len(wanted))
