"""What nginx does with every fault of its name server: the table that two suites walk.

Observed on nginx 1.22.1 first, then written down; the rules are in ngx_resolver.c
(ngx_resolver_process_response, _process_a, _resend).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from staplelab.servers.error_log import REFUSED as CONNECTION_REFUSED

NONE = "NO_STAPLE"
GOOD = "GOOD"

NOT_RESOLVED = "ocsp.staplelab.test could not be resolved"
SERVER_FAILURE = f"{NOT_RESOLVED} (2: Server failure)"
NOT_FOUND = f"{NOT_RESOLVED} (3: Host not found)"
UNIMPLEMENTED = f"{NOT_RESOLVED} (4: Unimplemented)"
REFUSED = f"{NOT_RESOLVED} (5: Operation refused)"
TIMED_OUT = f"{NOT_RESOLVED} (110: Operation timed out)"

#: resolver_timeout is 30 s, then this step has passed it
PAST_TIMEOUT = 31.0
#: nginx asks again after 5 s
RESEND = 5.1


@dataclass(frozen=True)
class Row:
    """One fault and what comes of it."""

    fault: str
    #: what the client concludes once the look-up and the fetch have ended
    verdict: str = NONE
    #: lines of level warn and above, with how often each is logged
    log: dict[str, int] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    match: dict[str, str] = field(default_factory=dict)
    scope: str = "global"
    #: queries, all counted, of one look-up
    queries: int = 2
    #: connections to the responder that follow
    connections: int = 0
    #: connections over TCP that the name server refuses, at first and after each step
    refused: int = 0
    #: lab seconds after which the look-up ends, step by step
    elapse: tuple[float, ...] = ()
    #: its id in the register; a server that conforms comes to GOOD
    deviation: str | None = None

    @property
    def id(self) -> str:
        values = [*self.match.values(), *self.params.values()]
        return "-".join([self.fault, *(str(v).strip("[]'") for v in values)])


RCODES = (
    Row("servfail", log={SERVER_FAILURE: 1}),
    Row("nxdomain", log={NOT_FOUND: 1}),
    Row("refused", log={REFUSED: 1}),
    Row("notimp", log={UNIMPLEMENTED: 1}),
    Row(
        "formerr",
        log={"DNS error (1: Format error)": 4, TIMED_OUT: 1},
        queries=4,
        elapse=(PAST_TIMEOUT,),
    ),
    Row(
        "rcode-unassigned",
        log={"DNS error (6: Unknown error)": 4, TIMED_OUT: 1},
        queries=4,
        elapse=(PAST_TIMEOUT,),
    ),
    Row("nodata", log={NOT_FOUND: 1}),
    Row("rcode-with-answers", log={SERVER_FAILURE: 1}),
    Row(
        "per-type-divergence",
        log={SERVER_FAILURE: 1},
        deviation="NGX-021",
    ),
)

LOSS = (
    Row("drop-query", log={TIMED_OUT: 1}, queries=4, elapse=(PAST_TIMEOUT,)),
    Row("drop-first-n", GOOD, params={"n": 2}, queries=4, connections=1, elapse=(RESEND,)),
    Row("answer-delay", GOOD, params={"ms": 2000}, connections=1, elapse=(2,)),
    Row(
        "answer-delay",
        # nginx gives up after 30 s; what comes once it has forgotten the name is thrown away
        log={TIMED_OUT: 1, " response for ocsp.staplelab.test": 2},
        params={"ms": 31000},
        queries=4,
        elapse=(30.5, 1, 31),
    ),
)

HEADER = (
    Row("wrong-id", log={"wrong ident": 4, TIMED_OUT: 1}, queries=4, elapse=(PAST_TIMEOUT,)),
    Row(
        "qr-bit-clear",
        log={"invalid UDP DNS response": 4, TIMED_OUT: 1},
        queries=4,
        elapse=(PAST_TIMEOUT,),
    ),
    Row("truncated-udp", GOOD, queries=4, connections=1),
    *(
        # of A alone: two queries that share a TCP connection would share its end, or not
        Row(
            "tc-then-tcp-fails",
            log={TIMED_OUT: 1, **logged},
            params={"mode": mode},
            match={"qtype": "A"},
            queries=queries,
            refused=int(mode == "refused"),
            elapse=(PAST_TIMEOUT,),
        )
        for mode, queries, logged in (
            ("silent", 4, {}),
            ("reset", 4, {"recv() failed (104: Connection reset by peer) while resolving": 2}),
            ("refused", 2, {f"recv() failed {CONNECTION_REFUSED} while resolving": 2}),
        )
    ),
)

WIRE = (
    Row(
        "message-cut",
        log={"short DNS response": 4, TIMED_OUT: 1},
        queries=4,
        elapse=(PAST_TIMEOUT,),
    ),
    Row(
        "compression-loop",
        log={"compression pointers loop": 1, TIMED_OUT: 1},
        elapse=(PAST_TIMEOUT,),
    ),
)

CONTENT = (
    Row("cname-single", GOOD, connections=1),
    Row("cname-chain", GOOD, params={"n": 10}, connections=1),
    Row("cname-loop", log={NOT_FOUND: 1}),
    Row("ttl-zero", GOOD, connections=1),
)

ROWS = RCODES + LOSS + HEADER + WIRE + CONTENT


def case_id(row: Row) -> str:
    return row.id
