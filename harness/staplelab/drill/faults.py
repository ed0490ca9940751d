"""What is broken in a drill: names for the report, and what brings each about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from staplelab.drill.model import TwinSite
from staplelab.drill.scene import Drilled


@dataclass(frozen=True)
class Broken:
    """One fault."""

    name: str
    #: as it stands in a sentence: "while ..."
    words: str
    inject: Callable[[Drilled, TwinSite], None]
    #: a fetch may begin without anybody noticing
    hidden: bool = False
    #: whether there is such a thing at that site
    applies: Callable[[TwinSite], bool] = lambda _: True


def asks_names(site: TwinSite) -> bool:
    """Whether name servers are asked for the responder while the server runs."""
    return site.resolver is not None and bool(site.resolver.name_servers)


def _has_several(site: TwinSite) -> bool:
    return site.resolver is not None and len(site.resolver.name_servers) > 1


def _responder(fault: str, **params: Any) -> Callable[[Drilled, TwinSite], None]:
    return lambda lab, _: lab.responder.inject(fault, **params)


def _stub(fault: str, **params: Any) -> Callable[[Drilled, TwinSite], None]:
    return lambda lab, _: lab.stub.inject(fault, **params)


def _first_silent(lab: Drilled, site: TwinSite) -> None:
    assert site.resolver is not None
    lab.stub.inject("drop-query", match={"listener": site.resolver.name_servers[0].listener})


RESPONDER: Sequence[Broken] = (
    Broken("refused", "the responder refuses connections", _responder("connection-refused")),
    Broken("silent", "the responder accepts and says nothing", _responder("accept-then-silence")),
    Broken("5xx", "the responder answers 503", _responder("http-5xx")),
    Broken("try-later", "the responder says tryLater", _responder("status-try-later")),
    Broken("slow", "the responder takes 30 s", _responder("fixed-latency", ms=30000)),
    Broken(
        "egress-closed",
        "a firewall swallows what goes to the responder",
        _responder("connect-timeout"),
        hidden=True,
    ),
)
NAMES: Sequence[Broken] = (
    Broken("dns-fails", "the name servers say SERVFAIL", _stub("servfail")),
    Broken("dns-silent", "the name servers say nothing", _stub("drop-query")),
    Broken(
        "first-name-server-dead",
        "the first of the name servers says nothing",
        _first_silent,
        applies=_has_several,
    ),
    Broken(
        "ipv6-broken",
        "the name servers fail for AAAA alone",
        _stub("per-type-divergence", type="AAAA", rcode=2),
    ),
)
ALL = {one.name: one for one in (*RESPONDER, *NAMES)}


def for_site(site: TwinSite) -> list[Broken]:
    """Those that there can be at a site."""
    return [one for one in ALL.values() if one.applies(site)]
