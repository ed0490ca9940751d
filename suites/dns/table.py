"""Every fault of the name server: what should come of it, and what nginx does and logs.

Observed on nginx 1.22.1 first, then written down; the rules are in ngx_resolver.c
(ngx_resolver_process_response, _process_a, _resend).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from staplelab.scenario.case import OLD, TAKES, Behaviour, Case
from staplelab.servers.error_log import REFUSED as CONNECTION_REFUSED

NOT_RESOLVED = "ocsp.staplelab.test could not be resolved"
SERVER_FAILURE = f"{NOT_RESOLVED} (2: Server failure)"
NOT_FOUND = f"{NOT_RESOLVED} (3: Host not found)"
UNIMPLEMENTED = f"{NOT_RESOLVED} (4: Unimplemented)"
REFUSED = f"{NOT_RESOLVED} (5: Operation refused)"
TIMED_OUT = f"{NOT_RESOLVED} (110: Operation timed out)"

#: resolver_timeout is 30 s, then this step has passed it
PAST_TIMEOUT = (31.0,)
#: nginx asks again after 5 s
RESEND = 5.1


def fails(fault: str, log: str, **more: Any) -> Case:
    """The name is not resolved: this is logged once, and nobody is asked for a status."""
    return Case(fault, nginx=Behaviour((log,), connections=0, **more))


def times_out(
    fault: str, log: dict[str, int] | None = None, *, queries: int = 4, **more: Any
) -> Case:
    """nginx asks anew after 5 s and gives up after 30 s."""
    more = {"elapse": PAST_TIMEOUT, **more}
    lines = {TIMED_OUT: 1, **(log or {})}
    return Case(fault, nginx=Behaviour(lines, connections=0, queries=queries, **more))


RCODES = (
    fails("servfail", SERVER_FAILURE),
    fails("nxdomain", NOT_FOUND),
    fails("refused", REFUSED),
    fails("notimp", UNIMPLEMENTED),
    times_out("formerr", {"DNS error (1: Format error)": 4}),
    times_out("rcode-unassigned", {"DNS error (6: Unknown error)": 4}),
    fails("nodata", NOT_FOUND),
    fails("rcode-with-answers", SERVER_FAILURE),
    replace(
        fails("per-type-divergence", SERVER_FAILURE, outcome=OLD, deviation="NGX-021"),
        asks=TAKES,
    ),
)

LOSS = (
    times_out("drop-query"),
    Case(
        "drop-first-n",
        TAKES,
        Behaviour(queries=4, elapse=(RESEND,), late=True),
        params={"n": 2},
    ),
    Case("answer-delay", TAKES, Behaviour(elapse=(2,), late=True), params={"ms": 2000}),
    replace(
        # nginx gives up after 30 s; what comes once it has forgotten the name is thrown away
        times_out("answer-delay", {" response for ocsp.staplelab.test": 2}, elapse=(30.5, 1, 31)),
        params={"ms": 31000},
    ),
)

HEADER = (
    times_out("wrong-id", {"wrong ident": 4}),
    times_out("qr-bit-clear", {"invalid UDP DNS response": 4}),
    Case("truncated-udp", TAKES, Behaviour(queries=4)),
    *(
        # of A alone: two queries that share a TCP connection would share its end, or not
        replace(
            times_out("tc-then-tcp-fails", log, queries=queries, refused=int(mode == "refused")),
            params={"mode": mode},
            match={"qtype": "A"},
        )
        for mode, queries, log in (
            ("silent", 4, {}),
            ("reset", 4, {"recv() failed (104: Connection reset by peer) while resolving": 2}),
            ("refused", 2, {f"recv() failed {CONNECTION_REFUSED} while resolving": 2}),
        )
    ),
)

WIRE = (
    times_out("message-cut", {"short DNS response": 4}),
    times_out("compression-loop", {"compression pointers loop": 1}, queries=2),
)

CONTENT = (
    Case("cname-single", TAKES),
    Case("cname-chain", TAKES, params={"n": 10}),
    fails("cname-loop", NOT_FOUND),
    Case("ttl-zero", TAKES),
)

CASES = RCODES + LOSS + HEADER + WIRE + CONTENT
