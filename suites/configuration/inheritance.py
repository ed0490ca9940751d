"""The table: each directive in http{} and in server{}, and how its effect is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """What comes of a directive: the first fetch and what follows it."""

    verdict: str = "GOOD"
    connections: int = 1
    queries: int = 2
    #: where nginx came to the responder, and to the name server
    at: str = "responder"
    asked: str = "stub"
    #: lines of the log, by their level
    log: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Directive:
    """One of them, with two values and without any.  `{...}` are filled in by the scenario."""

    name: str
    one: str
    another: str
    of_one: Effect
    of_another: Effect
    of_none: Effect
    #: what else stands in the server{}
    beside: tuple[str, ...] = ()
    #: who signs the response
    signer: str | None = None


STAPLING = ("ssl_stapling on;",)
RESOLVER = ("resolver {stub};",)
NOBODY = Effect("NO_STAPLE", connections=0, queries=0)
REFUSED = Effect("NO_STAPLE", log={"error": "OCSP_basic_verify() failed"})

DIRECTIVES = (
    Directive(
        "ssl_stapling",
        *("ssl_stapling on;", "ssl_stapling off;"),
        *(Effect(), NOBODY, NOBODY),
        beside=RESOLVER,
    ),
    # a delegate whose certificate has no id-kp-OCSPSigning
    Directive(
        "ssl_stapling_verify",
        *("ssl_stapling_verify on;", "ssl_stapling_verify off;"),
        *(REFUSED, Effect("UNAUTHORIZED_SIGNER"), Effect("UNAUTHORIZED_SIGNER")),
        beside=(*STAPLING, *RESOLVER, "ssl_trusted_certificate {trusted};"),
        signer="delegate-no-eku",
    ),
    Directive(
        "ssl_stapling_responder",
        *("ssl_stapling_responder {url-2};", "ssl_stapling_responder {url-name};"),
        *(Effect(queries=0, at="responder-2"), Effect(), Effect()),
        beside=(*STAPLING, *RESOLVER),
    ),
    # none that is empty is none
    Directive(
        "ssl_stapling_responder-empty",
        *("ssl_stapling_responder {url-2};", 'ssl_stapling_responder "";'),
        *(Effect(queries=0, at="responder-2"), Effect(), Effect()),
        beside=(*STAPLING, *RESOLVER),
    ),
    # that of an error, which nobody would staple that fetches
    Directive(
        "ssl_stapling_file",
        *("ssl_stapling_file {file};", 'ssl_stapling_file "";'),
        *(Effect("ERROR_STATUS", connections=0, queries=0), Effect(), Effect()),
        beside=(*STAPLING, *RESOLVER),
    ),
    # a delegate is judged to a root
    Directive(
        "ssl_trusted_certificate",
        *("ssl_trusted_certificate {trusted};", "ssl_trusted_certificate {rogue};"),
        *(Effect(), REFUSED, REFUSED),
        beside=(*STAPLING, *RESOLVER, "ssl_stapling_verify on;"),
        signer="delegate",
    ),
    Directive(
        "resolver",
        *("resolver {stub};", "resolver {stub-2};"),
        *(Effect(), Effect(asked="stub-2")),
        Effect(
            queries=0,
            log={"warn": "no resolver defined to resolve ocsp.staplelab.test while requesting"},
        ),
        beside=STAPLING,
    ),
)

#: which value stands in http{}, which in server{}, which one counts
LEVELS = {
    "nowhere": ("none", "none", "none"),
    "http": ("one", "none", "one"),
    "server": ("none", "one", "one"),
    "overridden": ("another", "one", "one"),
    "overridden-the-other-way": ("one", "another", "another"),
}
