"""The directive `resolver`: its words, and where it stands.

Observed on nginx 1.22.1; the rules are in ngx_resolver_create, and in ngx_http_ssl_module.c
(ngx_http_ssl_init, which gives stapling the resolver of the server{}).
"""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.error_log import REFUSED as CONNECTION_REFUSED
from staplelab.servers.refused import Refused
from suites.dns.table import RESEND
from suites.resolver.asking import NOT_FOUND, ask, could_not, ipv6, site_of, start


def types(lab: Lab) -> list[str]:
    return [one["qtype"] for one in lab.stub.requests()]


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    ("words", "asked", "versions"),
    [
        ("", ["A", "AAAA"], ""),
        ("ipv6=on", ["A", "AAAA"], ""),
        ("ipv6=off", ["A"], ""),
        ("ipv6=off ipv6=on", ["A", "AAAA"], ""),
        ("ipv4=on", ["A", "AAAA"], ">=1.23.1"),
        ("ipv4=off", ["AAAA"], ">=1.23.1"),
        ("ipv4=off ipv4=on", ["A", "AAAA"], ">=1.23.1"),
        ("ipv4=on ipv6=off", ["A"], ">=1.23.1"),
        ("ipv4=off ipv6=on", ["AAAA"], ">=1.23.1"),
    ],
)
def test_families(lab: Lab, words: str, asked: list[str], versions: str) -> None:
    """Who is asked for what; the name has an address of each family."""
    if not lab.server.within(versions):
        lab.not_applicable("ipv4= came with nginx 1.23.1")
    lab.stub.record(OCSP_HOST, "AAAA", ipv6(lab))
    start(lab, resolver=f"{lab.resolver()} {words}")
    ask(lab, 0, 1, len(asked))
    assert types(lab) == asked
    first = "responder-6" if asked == ["AAAA"] else "responder"
    assert [one["listener"] for one in lab.responder.requests()] == [first]


@pytest.mark.parametrize("words", ["ipv6=off", "ipv4=off"])
def test_the_only_family_is_left_out(lab: Lab, words: str) -> None:
    """The name has no address, then; the query that is left is sent again, over TCP, too."""
    if words == "ipv4=off":
        if not lab.server.within(">=1.23.1"):
            lab.not_applicable("ipv4= came with nginx 1.23.1")
    elif lab.has_listener("stub-6"):
        lab.stub.record(OCSP_HOST, "AAAA", ipv6(lab))
        lab.stub.forget(OCSP_HOST, "A")
    else:
        lab.stub.forget(OCSP_HOST, "A")
    qtype = "A" if words == "ipv6=off" else "AAAA"
    lab.stub.rules(
        [
            {
                "match": {"transport": "udp"},
                "sequence": [
                    {"times": 1, "do": [{"fault": "drop-query"}]},
                    {"do": [{"fault": "truncated-udp"}]},
                ],
            }
        ]
    )
    start(lab, resolver=f"{lab.resolver()} {words}")
    ask(lab, 0, 0, 1)
    lab.step(RESEND)
    lab.settle(queries=2)
    asked = [(one["transport"], one["qtype"]) for one in lab.stub.requests()]
    assert asked == [("udp", qtype), ("udp", qtype), ("tcp", qtype)]
    lab.claim(could_not(OCSP_HOST, NOT_FOUND))


@pytest.mark.parametrize(
    ("words", "reason", "versions"),
    [
        ("{stub} ipv6=of", "invalid parameter: ipv6=of", ""),
        ("{stub} ipv6=", "invalid parameter: ipv6=", ""),
        ("{stub} ipv4=of", "invalid parameter: ipv4=of", ">=1.23.1"),
        ("{stub} ipv4=off ipv6=off", '"ipv4" and "ipv6" cannot both be "off"', ">=1.23.1"),
        ("{stub} ipv4=off", 'host not found in resolver "ipv4=off"', "<1.23.1"),
        ("{stub} valid=1x", "invalid parameter: valid=1x", ""),
        ("{stub} valid=", "invalid parameter: valid=", ""),
        ("valid=300s", "no name servers defined", ""),
        ("valid=300s ipv6=off", "no name servers defined", ""),
        ("127.0.0.1:99999", 'invalid port in resolver "127.0.0.1:99999"', ""),
        ("127.0.0.1:", 'invalid port in resolver "127.0.0.1:"', ""),
        ("[::1", 'invalid host in resolver "[::1"', ""),
        ("{stub} ipv5=off", 'host not found in resolver "ipv5=off"', ""),
        ("{stub}; resolver {stub}", '"resolver" directive is duplicate', ""),
        ("{stub}; resolver_timeout 1x", '"resolver_timeout" directive invalid value', ""),
        ("{stub}; resolver_timeout 1s 2s", 'invalid number of arguments in "resolver_timeout"', ""),
        ("", 'invalid number of arguments in "resolver"', ""),
    ],
    ids=lambda one: one.replace("{stub}", "stub") if isinstance(one, str) else None,
)
def test_refused(lab: Lab, words: str, reason: str, versions: str) -> None:
    if not lab.server.within(versions):
        lab.not_applicable(f"it is refused by nginx {versions}")
    lab.start(resolver=words.format(stub=lab.resolver()), expect=Refused(reason))


def test_a_name_of_several_servers(lab: Lab) -> None:
    """Its addresses are name servers each, one after the other; to one of them nothing can be
    sent."""
    name, port = "ns.staplelab.test", lab.resolver().rpartition(":")[2]
    lab.host_entry(name, lab.address("stub"), "255.255.255.255")
    hosts = [f"h{number}.staplelab.test" for number in range(4)]
    for host in hosts:
        lab.stub.record(host, "A", lab.address("responder"))
    start(lab, *hosts, resolver=f"{name}:{port}")
    unsent = []
    for site in range(4):
        ask(lab, site, 1, 2)
        unsent.append(len(lab.log_lines(f"while resolving, resolver: 255.255.255.255:{port}")))
    assert unsent in ([0, 1, 1, 2], [1, 1, 2, 2])
    lab.claim("while resolving, resolver: 255.255.255.255", 2, level="crit")


def test_the_port_that_is_not_said(lab: Lab) -> None:
    """It is 53, where nobody listens here."""
    start(lab, resolver=f"{lab.address('nginx')} ipv6=off", timeout="1s")
    lab.handshake(name=site_of(0))
    lab.wait_for_log(CONNECTION_REFUSED)
    lab.step(1.1)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, "(110: Operation timed out)"))
    lab.claim(f"while resolving, resolver: {lab.address('nginx')}:53")


# ----- where it stands -----


def fetch(lab: Lab, queries: int) -> list[str]:
    """The listeners of the name server that were asked."""
    lab.handshake()
    lab.settle(1, queries)
    assert lab.handshake().verdict == "GOOD"
    return [one["listener"] for one in lab.stub.requests()]


def test_in_http(lab: Lab) -> None:
    lab.start(resolver=None, http=f"resolver {lab.resolver()};")
    assert fetch(lab, 2) == ["stub", "stub"]


def test_in_server(lab: Lab) -> None:
    """It counts before that of http{}."""
    lab.start(resolver=lab.resolver("stub-2"), http=f"resolver {lab.resolver()};")
    assert fetch(lab, 2) == ["stub-2", "stub-2"]


@pytest.mark.parametrize("outside", [True, False], ids=["http-has-one", "http-has-none"])
def test_in_a_location(lab: Lab, outside: bool) -> None:
    """There it has no effect on stapling: what stands outside counts, or the address that the name
    had when nginx read its configuration."""
    http = f"resolver {lab.resolver()};" if outside else ""
    location = f"location /here {{ resolver {lab.resolver('stub-2')}; }}"
    lab.start(resolver=None, http=http, directives=(location,))
    assert fetch(lab, 2 if outside else 0) == (["stub", "stub"] if outside else [])
    if not outside:
        lab.claim(f"no resolver defined to resolve {OCSP_HOST}", level="warn")


def test_each_directive_has_a_cache(lab: Lab) -> None:
    """Those who share one share what it knows, and its turn among the servers."""
    both = f"{lab.resolver()} {lab.resolver('stub-2')}"
    shared = [Site(server_name=site_of(number), resolver=None) for number in (0, 1)]
    own = [Site(server_name=site_of(number), resolver=both) for number in (2, 3)]
    lab.start(*shared, *own, http=f"resolver {both};")
    for site, queries in enumerate((2, 0, 2, 2)):
        ask(lab, site, 1, queries)
    assert [one["listener"] for one in lab.stub.requests(qtype="A")] == ["stub"] * 3


def test_each_worker_has_a_cache(lab: Lab) -> None:
    lab.needs(workers=True)
    sites = [Site(server_name=site_of(number), resolver=None) for number in (0, 1)]
    lab.start(*sites, http=f"resolver {lab.resolver()};", workers=2)
    for worker in lab.nginx.wait_for_workers(2):
        with lab.nginx.only(worker):
            ask(lab, 0, 1, 2)
            ask(lab, 1, 1, 0)
