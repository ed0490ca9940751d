"""Several addresses: in the order of the response at first, turned at random from the cache.

Observed on nginx 1.22.1; the rule is in ngx_resolver_export.
"""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from suites.resolver.asking import CLOSED, OCSP_HOST, ipv6, peers, start

FOUR, ALSO_FOUR, SIX = "responder", "responder-2", "[::1]"
ORDERS = {
    (FOUR, ALSO_FOUR, SIX),
    (ALSO_FOUR, FOUR, SIX),
    (SIX, FOUR, ALSO_FOUR),
    (SIX, ALSO_FOUR, FOUR),
    (FOUR, SIX, ALSO_FOUR),
    (ALSO_FOUR, SIX, FOUR),
}
VISITS = 24


def orders(lab: Lab, resolver: str) -> list[tuple[str, ...]]:
    """In which order the three addresses are tried by each of many fetches."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("nginx tries the first address alone before 1.19.0")
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), lab.address("responder-2"))
    lab.stub.record(OCSP_HOST, "AAAA", ipv6(lab))
    lab.inject("accept-then-fin")
    start(lab, resolver=f"{lab.resolver()} {resolver}")
    for visit in range(VISITS):
        lab.handshake(name="site-0.staplelab.test")
        lab.settle(3, queries=0 if visit and "1d" in resolver else 2)
        lab.step(301)
    tried = peers(lab)
    lab.claim(CLOSED, 3 * VISITS)
    return [tuple(tried[at : at + 3]) for at in range(0, len(tried), 3)]


def test_from_the_cache(lab: Lab) -> None:
    """The families stay together, as in a circle; where it begins, and which of a family is the
    first, is drawn.  What the draws have in common fails by chance in one run of 10^6."""
    first, *others = orders(lab, "valid=1d")
    assert first == (FOUR, ALSO_FOUR, SIX)
    assert set(others) <= ORDERS
    assert len({one.index(SIX) for one in others}) > 1
    assert len({one.index(FOUR) < one.index(ALSO_FOUR) for one in others}) == 2


def test_from_a_response(lab: Lab) -> None:
    """As they came, IPv4 first."""
    assert set(orders(lab, "valid=1s")) == {(FOUR, ALSO_FOUR, SIX)}


def test_many_of_each_family(lab: Lab) -> None:
    """All that came are tried, in their order."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("nginx tries the first address alone before 1.19.0")
    own = lab.address("responder")
    lab.stub.record(OCSP_HOST, "A", own, lab.address("responder-2"), own)
    lab.stub.record(OCSP_HOST, "AAAA", ipv6(lab), f"::ffff:{own}", ipv6(lab))
    lab.inject("accept-then-fin")
    start(lab)
    lab.handshake(name="site-0.staplelab.test")
    lab.settle(6, queries=2)
    assert peers(lab) == [FOUR, ALSO_FOUR, FOUR, SIX, "[::ffff:responder]", SIX]
    lab.claim(CLOSED, 6)
