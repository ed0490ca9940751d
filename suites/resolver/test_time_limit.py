"""resolver_timeout: to the second, none at all, and what comes when it is over.

Observed on nginx 1.22.1; the rules are in ngx_resolver_set_timeout and ngx_resolver_resend: a query
that nobody waits for any more stands until it would be sent again.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.dns.table import RESEND
from suites.resolver.asking import OCSP_HOST, TIMED_OUT, ask, could_not, rule, site_of, start

HOST = "host.staplelab.test"
LINE = could_not(HOST, TIMED_OUT)


def late(seconds: float) -> dict[str, object]:
    return {"fault": "answer-delay", "ms": int(seconds * 1000)}


def twice(fault: str, delay: dict[str, object]) -> dict[str, object]:
    """The first queries for A and AAAA meet this."""
    do = [{"fault": fault}, delay]
    return {"match": {"qname": HOST}, "sequence": [{"times": 2, "do": do}]}


@pytest.mark.parametrize(
    ("written", "seconds", "repeated"),
    [(None, 30, 2), ("1s", 1, 0), ("4s", 4, 0), ("7s", 7, 2), ("1500ms", 1.5, 0), ("2m", 120, 2)],
)
def test_to_the_second(lab: Lab, written: str | None, seconds: float, repeated: int) -> None:
    lab.inject("drop-query")
    start(lab, HOST, timeout=written)
    ask(lab, 0, 0, 2)
    lab.step(seconds - 0.1)
    lab.settle(queries=repeated)
    assert not lab.log_lines(LINE)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(LINE)


@pytest.mark.parametrize("directive", ["http", "server", "both"])
def test_where_it_is_written(lab: Lab, directive: str) -> None:
    """In the server{} it counts before that of http{}."""
    lab.inject("drop-query")
    here = ("resolver_timeout 4s;",) if directive != "http" else ()
    outside = {"http": "resolver_timeout 4s;", "server": "", "both": "resolver_timeout 9s;"}
    lab.start(Site(directives=here), http=outside[directive])
    lab.handshake()
    lab.settle(queries=2)
    lab.step(3.9)
    lab.settle(queries=0)
    assert not lab.log_lines("could not be resolved")
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))


def test_in_a_location(lab: Lab) -> None:
    """There it has no effect on stapling."""
    lab.inject("drop-query")
    lab.start(directives=("location /here { resolver_timeout 1s; }",))
    lab.handshake()
    lab.settle(queries=2)
    lab.step(29.9)
    lab.settle(queries=2)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))


def test_none(lab: Lab) -> None:
    """resolver_timeout 0: nginx asks until somebody answers."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject("drop-query")
    start(lab, HOST, timeout="0")
    ask(lab, 0, 0, 2)
    for _ in range(3):
        lab.step(3600)
        lab.settle(queries=2)
    lab.heal()
    lab.step(RESEND)
    lab.settle(1, queries=2)
    assert lab.handshake(name=site_of(0)).verdict == "GOOD"


def comes_too_late(lab: Lab) -> None:
    """The look-up is given up after 3 s; what comes a second later is for nobody."""
    start(lab, HOST, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3)
    lab.settle(queries=0)
    lab.claim(LINE)
    lab.step(1)
    lab.settle(queries=0)


def test_a_response_after_it(lab: Lab) -> None:
    """Nobody waits for it any more, and yet it is believed: the next one finds it."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject("answer-delay", ms=4000)
    comes_too_late(lab)
    ask(lab, 1, 1, 0)


def test_an_alias_after_it(lab: Lab) -> None:
    """It is believed; its target is asked for once somebody wants it."""
    lab.stub.record("target.staplelab.test", "A", lab.address("responder"))
    leads = {"fault": "cname-single", "target": "target.staplelab.test", "in_message": False}
    lab.stub.rules([rule(HOST, None, leads, late(4))])
    comes_too_late(lab)
    ask(lab, 1, 1, 2)


def test_an_error_after_it(lab: Lab) -> None:
    """It is for nobody, and not kept."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.stub.rules([twice("servfail", late(4))])
    start(lab, HOST, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3)
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(LINE)
    ask(lab, 1, 1, 2)


def test_a_response_after_the_query_is_forgotten(lab: Lab) -> None:
    """At the time at which it would be sent again it is not: what comes then, nginx did not ask."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject("answer-delay", ms=6000, times=2)
    start(lab, HOST, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3)
    lab.settle(queries=0)
    lab.claim(LINE)
    lab.step(2.5)
    lab.settle(queries=0)
    lab.step(0.5)
    lab.settle(queries=0)
    lab.claim(f" response for {HOST}", 2)
    ask(lab, 1, 1, 2)


def test_asked_anew_while_the_query_stands(lab: Lab) -> None:
    """With another ID: what the old query brings is not taken any more."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    steps = [{"times": 2, "do": [late(3.5)]}, {"do": [late(1)]}]
    lab.stub.rules([{"match": {"qname": HOST}, "sequence": steps}])
    start(lab, HOST, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3.2)
    lab.settle(queries=0)
    lab.claim(LINE)
    ask(lab, 1, 0, 2)
    lab.step(0.3)
    lab.settle(queries=0)
    lab.claim("wrong ident", 2)
    lab.step(0.7)
    lab.settle(1, queries=0)
    ids = {one["id"] for one in lab.stub.requests(qtype="A")}
    assert len(ids) == 2


@pytest.mark.parametrize("silent", ["AAAA", None])
def test_a_response_that_comes_twice(lab: Lab, silent: str | None) -> None:
    """To a query that was repeated before its response came: the second one is not expected."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    rules = [rule(HOST, "A", late(6))]
    if silent:
        rules.append(rule(HOST, "AAAA", "drop-query"))
    lab.stub.rules(rules)
    start(lab, HOST, timeout="14s")
    ask(lab, 0, 0, 2)
    lab.step(RESEND)
    lab.settle(queries=2 if silent else 1)
    lab.step(0.9)
    lab.settle(0 if silent else 1, queries=0)
    lab.step(5.1)
    lab.settle(queries=1 if silent else 0)
    lab.claim(f" response for {HOST}")
    if silent:
        lab.step(3)
        lab.settle(queries=0)
        lab.claim(LINE)


def test_format_error_for_nobody(lab: Lab) -> None:
    """CVE-2016-0742: FORMERR once nothing is asked any more, looked for in an empty queue."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.stub.rules([twice("formerr", late(6))])
    start(lab, HOST, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3)
    lab.step(2.5)
    lab.settle(queries=0)
    lab.claim(LINE)
    lab.step(0.5)
    lab.settle(queries=0)
    lines = [line.text for line in lab.log_lines("DNS error")]
    assert [lab.shared(one) for one in lines] == ["DNS error (1: Format error), query id:N"] * 2
    lab.claim("DNS error (1: Format error), query id:", 2)
    ask(lab, 1, 1, 2)


def test_format_error_while_others_are_asked_for(lab: Lab) -> None:
    """The line names the one that it is about; an ID that nobody has, no one."""
    hosts = [f"h{number}.staplelab.test" for number in range(4)]
    octets = {"fault": "message-octets", "octets": "8181 0000 0000 0000 0000"}
    rules = [rule(host, None, "drop-query") for host in hosts[1:]]
    lab.stub.rules([rule(hosts[0], None, octets, late(1)), *rules])
    start(lab, *hosts, timeout="3s")
    for site in range(4):
        ask(lab, site, 0, 2)
    lab.step(1)
    lab.settle(queries=0)
    lines = [lab.shared(line.text) for line in lab.log_lines("DNS error")]
    assert lines == [f'DNS error (1: Format error), query id:N, name:"{hosts[0]}"'] * 2
    lab.claim("DNS error (1: Format error), query id:", 2)
    lab.step(2.1)
    lab.settle(queries=0)
    for host in hosts:
        lab.claim(could_not(host, TIMED_OUT))
