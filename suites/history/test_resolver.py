"""Bugs of the resolver."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.world import OCSP_HOST
from staplelab.servers.config import Site

#: nothing can be sent there
UNREACHABLE = "255.255.255.255"
TIMED_OUT = f"{OCSP_HOST} could not be resolved (110: Operation timed out)"


def test_1_3_2_da8bb2263_what_could_not_be_sent_again_is_sent_again(lab: Lab) -> None:
    """After 5 s the second name server is tried, which cannot be reached, and after 10 s the first
    one again."""
    lab.inject("drop-query", times=2)
    lab.start(resolver=f"{lab.resolver()} {UNREACHABLE}")
    lab.handshake()
    lab.settle(queries=2)
    lab.step(5)
    lab.settle()
    lab.step(5)
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.claim("connect() failed", level="crit")


def test_1_7_4_7e52432a0_asked_again_after_a_response_of_no_use(lab: Lab) -> None:
    """A response with another ID is not taken, and 5 s later the query is sent again."""
    lab.inject("wrong-id", times=2)
    lab.start()
    lab.handshake()
    lab.settle(queries=2)
    lab.step(5)
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.claim("wrong ident", times=2)


def test_1_7_5_da46eed53_each_one_who_waits_is_told_of_the_end(lab: Lab) -> None:
    """Two server{} wait for one name, in vain; both ask again when their time has come."""
    names = ("www.staplelab.test", "second.staplelab.test")
    lab.inject("drop-query")
    sites = [Site(server_name=name, resolver=None) for name in names]
    lab.start(*sites, http=f"resolver {lab.resolver()};")
    for name in names:
        lab.handshake(name=name)
    lab.settle(queries=2)
    lab.step(30)
    lab.settle(queries=2)
    lab.claim(TIMED_OUT, times=2)
    lab.heal()
    lab.step(301)
    for name in names:
        lab.handshake(name=name)
    lab.settle(connections=2, queries=2)
    for name in names:
        assert lab.handshake(name=name).verdict == "GOOD"


def test_1_9_3_f470cd2b8_nothing_to_repeat_keeps_no_worker(lab: Lab) -> None:
    """The name is known and the fetch has ended: an old worker ends at once."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.reload()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


def test_1_13_3_6330817a9_a_query_for_nobody_keeps_no_worker(lab: Lab) -> None:
    """The look-up has failed after 7 s, and its query would be repeated, or forgotten, after 10."""
    lab.inject("drop-query")
    lab.start(directives=("resolver_timeout 7s;",))
    lab.handshake()
    lab.settle(queries=2)
    lab.step(5)
    lab.settle(queries=2)
    lab.step(2)
    lab.settle()
    lab.claim(TIMED_OUT)
    lab.quit()


def test_1_15_0_4ac8036e7_a_socket_that_fails_is_given_up(lab: Lab) -> None:
    """The name server is away: the kernel says so when AAAA is sent after A.  What is asked once it
    is back comes from another socket."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    (before,) = {query["client_port"] for query in lab.stub.requests()}
    lab.step(3601)
    lab.kill("stub")
    assert lab.handshake().verdict == "GOOD"
    lab.wait_for_log("send() failed (111: Connection refused)", 2)
    lab.revive("stub")
    lab.step(5)
    lab.settle(connections=1, queries=2)
    after = {query["client_port"] for query in lab.stub.requests()[2:]}
    assert len(after) == 1 and before not in after
    lab.claim("send() failed (111: Connection refused) while resolving", times=2)
