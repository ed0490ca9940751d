"""Every fault of the responder: what the standard asks for, and what nginx does and logs.

Observed on nginx 1.22.1 first, then written down; the sources of the rules are in
ngx_event_openssl_stapling.c (the handlers, in the order in which they judge a response).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from staplelab.scenario.case import (
    ENDS,
    NONE,
    OLD,
    TAKES,
    Behaviour,
    Case,
    logs,
    new,
    with_verify,
)
from staplelab.servers.error_log import REFUSED

TIMED_OUT = "OCSP responder timed out (110: Connection timed out)"
CLOSED = "OCSP responder prematurely closed connection"
RESET = "recv() failed (104: Connection reset by peer)"
INVALID = "OCSP responder sent invalid response"
CONTENT_TYPE = 'OCSP responder sent invalid "Content-Type" header'
NOT_SUCCESSFUL = "OCSP response not successful"
#: what the TLS library refuses is logged with its reasons, in words of its own, which nobody claims
D2I = "d2i_OCSP_RESPONSE() failed"
BASIC = "OCSP_response_get1_basic() failed"
VERIFY = "OCSP_basic_verify() failed"
VALIDITY = "OCSP_check_validity() failed"
NOT_FOUND = "certificate status not found in the OCSP response"
REVOKED = 'certificate status "revoked" in the OCSP response'
UNKNOWN = 'certificate status "unknown" in the OCSP response'

#: nginx gives a fetch 60 s from its connect, then this step has passed it
PAST_TIMEOUT = (61.0,)


def revoked(fault: str) -> Case:
    """Read, logged, and thrown away; a client with that certificate is refused by it."""
    kept = logs(
        REVOKED,
        outcome=OLD,
        deviation="NGX-010",
        client_log=(),
        refusal="certificate revoked",
    )
    return Case(fault, ENDS, kept)


def times_out(**more: Any) -> Behaviour:
    """The fetch is given up.  One about a client's certificate has no time of its own: what ends is
    the time that nginx has for the client."""
    return logs(TIMED_OUT, **{"elapse": PAST_TIMEOUT, **more}, client_log=(), refusal=None)


ENVELOPE = (
    Case("status-malformed-request", nginx=logs(f"{NOT_SUCCESSFUL} (1: malformedrequest)")),
    Case("status-internal-error", nginx=logs(f"{NOT_SUCCESSFUL} (2: internalerror)")),
    Case("status-try-later", nginx=logs(f"{NOT_SUCCESSFUL} (3: trylater)")),
    Case("status-sig-required", nginx=logs(f"{NOT_SUCCESSFUL} (5: sigrequired)")),
    Case("status-unauthorized", nginx=logs(f"{NOT_SUCCESSFUL} (6: unauthorized)")),
    Case("success-without-response-bytes", nginx=logs(BASIC)),
    Case("empty-response", nginx=logs(D2I)),
    Case("not-der", nginx=logs(D2I)),
    Case("der-truncated", nginx=logs(D2I)),
    Case(
        "der-trailing-garbage",
        TAKES,
        Behaviour(outcome=new("UNPARSEABLE"), deviation="NGX-011"),
    ),
)

SINGLE_RESPONSE = (
    revoked("cert-status-revoked"),
    revoked("cert-status-revoked-with-reason"),
    Case(
        "cert-status-unknown",
        nginx=logs(UNKNOWN, client_log=(), refusal="certificate status unknown"),
    ),
    Case("wrong-serial", nginx=logs(NOT_FOUND)),
    # about a client's certificate nginx verifies without OCSP_TRUSTOTHER: OpenSSL sees the issuer
    Case("wrong-issuer-name-hash", nginx=logs(NOT_FOUND, client_log=(VERIFY,))),
    Case("wrong-issuer-key-hash", nginx=logs(NOT_FOUND, client_log=(VERIFY,))),
    Case("cert-id-hash-other", TAKES, logs(NOT_FOUND, outcome=OLD, deviation="NGX-012")),
)

TIME = (
    Case("this-update-future", nginx=logs(VALIDITY)),
    # clocks differ: 300 s are allowed for
    Case("this-update-future", (new("NOT_YET_VALID"),), params={"offset": 200}),
    Case("next-update-past", nginx=logs(VALIDITY)),
    Case(
        "next-update-past",
        nginx=Behaviour(outcome=NONE, deviation="NGX-008"),
        params={"offset": 100},
        tolerable=True,
    ),
    Case(
        "next-update-absent",
        nginx=Behaviour(outcome=new("NO_NEXT_UPDATE"), deviation="NGX-007"),
    ),
    Case("next-update-before-this-update", nginx=logs(VALIDITY)),
    Case("short-validity", TAKES),
)


def believed(fault: str, verdict: str, deviation: str) -> tuple[Case, Case]:
    """A signer that nobody should believe: nginx does unless it is told to verify."""
    off = Behaviour(outcome=new(verdict), deviation=deviation)
    return Case(fault, nginx=off, verify=False), Case(fault, nginx=logs(VERIFY), verify=True)


SIGNATURE = (
    Case("bad-signature", nginx=logs(VERIFY)),
    *believed("signed-by-other-ca", "UNAUTHORIZED_SIGNER", "NGX-013"),
    Case("delegated-signer-missing", nginx=logs(VERIFY)),
    *believed("delegated-signer-no-eku", "UNAUTHORIZED_SIGNER", "NGX-014"),
    *believed("delegated-signer-expired", "SIGNER_EXPIRED", "NGX-015"),
    Case("responder-id-wrong", nginx=logs(VERIFY)),
)

CONNECTION = (
    Case(
        "connection-refused",
        nginx=logs(REFUSED, CLOSED, connections=0, refused=1, next_address="taken"),
    ),
    Case(
        "connect-timeout",
        nginx=times_out(connections=0, next_address="taken"),
    ),
    Case("accept-then-silence", nginx=times_out(next_address="taken")),
    Case("accept-then-fin", nginx=logs(CLOSED, next_address="taken")),
    Case("rst-on-accept", nginx=logs(RESET, CLOSED, next_address="taken")),
    Case("rst-after-request", nginx=logs(RESET, CLOSED, next_address="taken")),
    Case("rst-mid-body", nginx=logs(RESET, D2I)),
    Case("fin-mid-headers", nginx=logs(CLOSED, next_address="in vain")),
    Case("truncated-body", nginx=logs(D2I)),
    Case(
        "no-close-keepalive",
        TAKES,
        times_out(outcome=OLD, deviation="NGX-016", next_address="in vain"),
    ),
    Case("fixed-latency", TAKES, Behaviour(elapse=(30,)), params={"ms": 30000}),
    Case(
        "fixed-latency",
        nginx=times_out(elapse=(60.5,), next_address="taken"),
        params={"ms": 61000},
    ),
    Case("slow-headers", TAKES, Behaviour(elapse=(50,)), params={"ms": 100}),
    Case(
        "slow-headers",
        nginx=times_out(next_address="in vain"),
        params={"ms": 2000},
    ),
    Case("slow-body", TAKES, Behaviour(elapse=(50,)), params={"ms": 10}),
    Case(
        "slow-body",
        nginx=times_out(next_address="in vain"),
        params={"ms": 1000},
    ),
)

HTTP = (
    Case("http-4xx"),
    Case("http-4xx", params={"code": 429}),
    Case("http-5xx"),
    Case("http-5xx", params={"code": 500}),
    Case("http-redirect"),
    Case("captive-portal", nginx=logs(CONTENT_TYPE, next_address="in vain")),
    Case("garbage-then-close", nginx=logs(INVALID, next_address="taken")),
    Case("content-type-wrong", nginx=logs(CONTENT_TYPE, next_address="in vain")),
    Case("content-type-missing", TAKES),
    Case(
        "content-type-params",
        TAKES,
        logs(CONTENT_TYPE, outcome=OLD, deviation="NGX-017", next_address="in vain"),
    ),
    Case("content-length-too-long", TAKES),
    Case("content-length-too-short", TAKES),
    Case("chunked-to-http10", nginx=logs(D2I)),
    # the buffer is full of the first header, and so it is when the next response comes
    Case("header-oversized", nginx=logs(CLOSED, next_address="in vain", next_log=(CLOSED,))),
    Case(
        "body-oversized",
        TAKES,
        # nginx reads 16384 octets, of which the head is 139
        Behaviour(outcome=new("UNPARSEABLE"), deviation="NGX-011", octets=16245),
    ),
)

SEQUENCES = (
    replace(revoked("good-then-revoked"), params={"n": 1}, healthy_first=True),
    Case(
        "good-then-error",
        nginx=logs(f"{NOT_SUCCESSFUL} (3: trylater)"),
        params={"n": 1},
        healthy_first=True,
    ),
    Case("fail-first-n", params={"n": 1}),
)

TABLE = (*ENVELOPE, *SINGLE_RESPONSE, *TIME, *SIGNATURE, *CONNECTION, *HTTP, *SEQUENCES)

#: each with ssl_stapling_verify off and on
CASES = tuple(with_verify(TABLE))
#: those that the first fetch can meet
FROM_THE_FIRST = tuple(case for case in CASES if not case.healthy_first)
#: where it makes no difference to what is asked whether nginx verifies signatures
VERIFIED = tuple(case for case in with_verify(TABLE, True) if not case.healthy_first)
#: about a client's certificate: nginx always verifies signatures then
ABOUT_CLIENTS = tuple(
    replace(case, verify=None) for case in TABLE if case.verify in (None, True)
)

#: which cases hold which line of the checklist (scenario/requirements.py)
HOLDS = {
    "A5": "der-trailing-garbage-*",
    "C8": "next-update-absent-*",
    "D1": "cert-status-revoked-*",
    "D2": "cert-status-unknown-*",
    "D3": "status-*",
    "D4": "wrong-serial-*",
    "D5": ("wrong-issuer-*", "cert-id-hash-other-*"),
    "D7": "bad-signature-*",
    "D8": "signed-by-other-ca-*",
    "D9": ("delegated-signer-no-eku-*", "delegated-signer-expired-*"),
    "D11": ("delegated-signer-missing-*", "responder-id-wrong-*"),
    "D12": "this-update-future-*",
    "D13": "next-update-past-*",
    "D15": ("empty-response-*", "not-der-*", "der-*", "success-without-response-bytes-*"),
    "E3": "no-close-keepalive-*",
    "E4": "chunked-to-http10-*",
    "E5": "http-redirect-*",
    "E6": ("http-4xx-*", "http-5xx-*", "fail-first-n-*"),
    "E7": "content-type-*",
    "E8": ("slow-*", "fixed-latency-*"),
    "E9": ("header-oversized-*", "body-oversized-*"),
    "E10": ("rst-*", "fin-*", "accept-then-fin-*", "truncated-body-*", "connection-refused-*"),
    "J3": ("status-*", "bad-signature-*", "wrong-serial-*", "not-der-*", "garbage-then-close-*"),
}
#: and where a good staple is there already
HOLDS_AT_REFRESH = {
    **HOLDS,
    "C5": "*",
    "D1": ("cert-status-revoked-*", "good-then-revoked-*"),
    "D3": ("status-*", "good-then-error-*"),
}
#: and where a client's certificate is asked about
HOLDS_ABOUT_CLIENTS = {
    "K1": "*",
    "K6": ("bad-signature", "signed-by-other-ca", "delegated-signer-*"),
}
