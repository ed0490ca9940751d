"""What nginx does with every fault of the responder: the table that two suites walk.

Observed on nginx 1.22.1 first, then written down; the sources of the rules are in
ngx_event_openssl_stapling.c (the handlers, in the order in which they judge a response).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from staplelab.scenario import register
from staplelab.servers.error_log import REFUSED
from staplelab.servers.sut import ServerUnderTest

NONE = "NO_STAPLE"
GOOD = "GOOD"

TIMED_OUT = "OCSP responder timed out (110: Connection timed out)"
CLOSED = "OCSP responder prematurely closed connection"
RESET = "recv() failed (104: Connection reset by peer)"
INVALID = "OCSP responder sent invalid response"
CONTENT_TYPE = 'OCSP responder sent invalid "Content-Type" header'
NOT_SUCCESSFUL = "OCSP response not successful"
D2I = "d2i_OCSP_RESPONSE() failed"
VERIFY = "OCSP_basic_verify() failed"
VALIDITY = "OCSP_check_validity() failed"
NOT_FOUND = "certificate status not found in the OCSP response"

#: nginx gives a fetch 60 s from its connect, then this step has passed it
PAST_TIMEOUT = 61.0


@dataclass(frozen=True)
class Row:
    """One fault and what comes of it."""

    fault: str
    #: what the client concludes once the fetch has ended; NONE: nginx refused the response
    verdict: str = NONE
    #: lines that nginx logs at level error for one fetch
    log: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    #: ssl_stapling_verify: None for both
    verify: bool | None = None
    #: connections to the responder for one fetch, and those that it refuses
    connections: int = 1
    refused: int = 0
    #: lab seconds after which nginx gives up, or the response is complete
    elapse: float = 0
    #: its id in the register
    deviation: str | None = None
    #: the verdict of a server that does not deviate (any more)
    conforming: str = NONE
    #: the fault itself lets the first request pass
    healthy_first: bool = False
    #: nginx takes the response as a success, yet does not serve it
    taken_unserved: bool = False

    def expected(self, server: ServerUnderTest) -> str:
        """The verdict that this server is known to bring about."""
        if self.deviation is not None and not register.find(self.deviation).holds_for(server):
            return self.conforming
        return self.verdict

    def taken(self, server: ServerUnderTest) -> bool:
        """nginx lets the response take the place of the staple it has."""
        return self.taken_unserved or self.expected(server) != NONE

    @property
    def id(self) -> str:
        values = "-".join(str(value) for value in self.params.values())
        return f"{self.fault}{f'-{values}' if values else ''}"


def both(off: Row, on: Row) -> tuple[Row, Row]:
    return replace(off, verify=False), replace(on, verify=True)


ENVELOPE = (
    Row("status-malformed-request", log=(f"{NOT_SUCCESSFUL} (1: malformedrequest)",)),
    Row("status-internal-error", log=(f"{NOT_SUCCESSFUL} (2: internalerror)",)),
    Row("status-try-later", log=(f"{NOT_SUCCESSFUL} (3: trylater)",)),
    Row("status-sig-required", log=(f"{NOT_SUCCESSFUL} (5: sigrequired)",)),
    Row("status-unauthorized", log=(f"{NOT_SUCCESSFUL} (6: unauthorized)",)),
    Row("success-without-response-bytes", log=("OCSP_response_get1_basic() failed",)),
    Row("empty-response", log=(D2I,)),
    Row("not-der", log=(D2I,)),
    Row("der-truncated", log=(D2I,)),
    Row("der-trailing-garbage", "UNPARSEABLE", conforming=GOOD, deviation="NGX-011"),
)

SINGLE_RESPONSE = (
    Row("cert-status-revoked", log=('certificate status "revoked" in the OCSP response',)),
    Row(
        "cert-status-revoked-with-reason",
        log=('certificate status "revoked" in the OCSP response',),
    ),
    Row("cert-status-unknown", log=('certificate status "unknown" in the OCSP response',)),
    Row("wrong-serial", log=(NOT_FOUND,)),
    Row("wrong-issuer-name-hash", log=(NOT_FOUND,)),
    Row("wrong-issuer-key-hash", log=(NOT_FOUND,)),
    Row("cert-id-hash-other", log=(NOT_FOUND,), conforming=GOOD, deviation="NGX-012"),
)

TIME = (
    Row("this-update-future", log=(VALIDITY,)),
    Row("this-update-future", "NOT_YET_VALID", params={"offset": 200}),
    Row("next-update-past", log=(VALIDITY,)),
    Row("next-update-past", params={"offset": 100}, taken_unserved=True),
    Row("next-update-absent", "NO_NEXT_UPDATE", deviation="NGX-007"),
    Row("next-update-before-this-update", log=(VALIDITY,)),
    Row("short-validity", GOOD),
)

SIGNATURE = (
    Row("bad-signature", log=(VERIFY,)),
    *both(
        Row("signed-by-other-ca", "UNAUTHORIZED_SIGNER", deviation="NGX-013"),
        Row("signed-by-other-ca", log=(VERIFY,)),
    ),
    Row("delegated-signer-missing", log=(VERIFY,)),
    *both(
        Row("delegated-signer-no-eku", "UNAUTHORIZED_SIGNER", deviation="NGX-014"),
        Row("delegated-signer-no-eku", log=(VERIFY,)),
    ),
    *both(
        Row("delegated-signer-expired", "SIGNER_EXPIRED", deviation="NGX-015"),
        Row("delegated-signer-expired", log=(VERIFY,)),
    ),
    Row("responder-id-wrong", log=(VERIFY,)),
)

CONNECTION = (
    Row("connection-refused", log=(REFUSED, CLOSED), connections=0, refused=1),
    Row("connect-timeout", log=(TIMED_OUT,), connections=0, elapse=PAST_TIMEOUT),
    Row("accept-then-silence", log=(TIMED_OUT,), elapse=PAST_TIMEOUT),
    Row("accept-then-fin", log=(CLOSED,)),
    Row("rst-on-accept", log=(RESET, CLOSED)),
    Row("rst-after-request", log=(RESET, CLOSED)),
    Row("rst-mid-body", log=(RESET, D2I)),
    Row("fin-mid-headers", log=(CLOSED,)),
    Row("truncated-body", log=(D2I,)),
    Row(
        "no-close-keepalive",
        log=(TIMED_OUT,),
        elapse=PAST_TIMEOUT,
        conforming=GOOD,
        deviation="NGX-016",
    ),
    Row("fixed-latency", GOOD, params={"ms": 30000}, elapse=30),
    Row("fixed-latency", log=(TIMED_OUT,), params={"ms": 61000}, elapse=60.5),
    Row("slow-headers", GOOD, params={"ms": 100}, elapse=50),
    Row("slow-headers", log=(TIMED_OUT,), params={"ms": 2000}, elapse=PAST_TIMEOUT),
    Row("slow-body", GOOD, params={"ms": 10}, elapse=50),
    Row("slow-body", log=(TIMED_OUT,), params={"ms": 1000}, elapse=PAST_TIMEOUT),
)

HTTP = (
    Row("http-4xx"),
    Row("http-4xx", params={"code": 429}),
    Row("http-5xx"),
    Row("http-5xx", params={"code": 500}),
    Row("http-redirect"),
    Row("captive-portal", log=(CONTENT_TYPE,)),
    Row("garbage-then-close", log=(INVALID,)),
    Row("content-type-wrong", log=(CONTENT_TYPE,)),
    Row("content-type-missing", GOOD),
    Row("content-type-params", log=(CONTENT_TYPE,), conforming=GOOD, deviation="NGX-017"),
    Row("content-length-too-long", GOOD),
    Row("content-length-too-short", GOOD),
    Row("chunked-to-http10", log=(D2I,)),
    Row("header-oversized", log=(CLOSED,)),
    Row("body-oversized", "UNPARSEABLE", conforming=GOOD, deviation="NGX-011"),
)

SEQUENCES = (
    Row(
        "good-then-revoked",
        log=('certificate status "revoked" in the OCSP response',),
        params={"n": 1},
        healthy_first=True,
    ),
    Row(
        "good-then-error",
        log=(f"{NOT_SUCCESSFUL} (3: trylater)",),
        params={"n": 1},
        healthy_first=True,
    ),
    Row("fail-first-n", params={"n": 1}),
)

ROWS = ENVELOPE + SINGLE_RESPONSE + TIME + SIGNATURE + CONNECTION + HTTP + SEQUENCES


def cases(rows: tuple[Row, ...] = ROWS) -> Iterator[tuple[Row, bool]]:
    """Every row with ssl_stapling_verify off and on."""
    for row in rows:
        for verify in (False, True):
            if row.verify in (None, verify):
                yield row, verify


def case_id(case: tuple[Row, bool]) -> str:
    row, verify = case
    return f"{row.id}-verify-{'on' if verify else 'off'}"
