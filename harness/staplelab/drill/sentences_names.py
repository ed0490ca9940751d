"""What becomes of a staple when names lead nowhere, or elsewhere, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from staplelab.drill import faults
from staplelab.drill.findings import Advice, Answer, Finding, place_of, refused, span

#: nginx asks a name server that says nothing again after so many seconds, or the next one
_RESEND = 5
#: more than one fetch
_LONG = 60
#: from one refresh to the next, where nothing is wrong
_REFRESH = 3601


def moved(judged: Answer) -> Iterator[Finding]:
    found = judged.measured.moved
    if found is None:
        return
    if found.found is not None:
        yield Finding(
            "responder-moves",
            "good",
            f"When the responder moves to another address, nginx finds it there after "
            f"{span(found.found)} at the most, and no staple is lost.",
            found.found,
            "s",
        )
    elif not faults.asks_names(judged.site):
        yield Finding(
            "responder-moves",
            "risk",
            "Without `resolver` nginx keeps the address of this morning for ever: when the "
            "responder moves, the staple ends with its validity, and only a reload brings it back.",
            None,
            "s",
            refused(judged, f"{span(judged.validity)} later"),
            Advice(
                "resolver",
                "resolver 127.0.0.53; (your own name servers)",
                _REFRESH,
                f"nginx finds the new address after {span(_REFRESH)} at the most",
            ),
        )


def name_servers(judged: Answer) -> Iterator[Finding]:
    resolver = judged.site.resolver
    silent = judged.measured.failure("dns-silent")
    if silent is None or resolver is None or not faults.asks_names(judged.site):
        return
    first = judged.measured.failure("first-name-server-dead")
    place = str(resolver.place)
    if first is None and silent.stapled is None:
        yield Finding(
            "one-name-server",
            "risk",
            "There is one name server in `resolver`: after a start nobody gets a staple as long as "
            "it says nothing.",
            None,
            "s",
            refused(judged, "as long"),
            Advice(
                "resolver",
                "resolver with a second address",
                _RESEND,
                f"the second one is asked after {_RESEND} s",
                place,
            ),
        )
    elif first is not None and (first.stapled is None or first.stapled > _LONG):
        yield Finding(
            "first-name-server-dead",
            "risk",
            f"When the first name server is dead, nobody gets a staple {_until(first.stapled)} "
            f"after a start: `resolver_timeout {resolver.timeout}s` ends the look-up before the "
            "next one is asked.",
            first.stapled,
            "s",
            refused(judged, "as long"),
            Advice(
                "resolver_timeout",
                "resolver_timeout 30s;",
                _RESEND,
                f"the next one is asked after {_RESEND} s",
                place_of(judged, "resolver_timeout") or place,
            ),
        )
    elif first is not None:
        yield Finding(
            "first-name-server-dead",
            "good",
            f"When the first name server is dead, the first staple comes after "
            f"{span(first.stapled or 0)}.",
            first.stapled,
            "s",
        )


def _until(seconds: int | None) -> str:
    return "as long" if seconds is None else f"for {span(seconds)}"


def ipv6(judged: Answer) -> Iterator[Finding]:
    broken = judged.measured.failure("ipv6-broken")
    resolver = judged.site.resolver
    if broken is None or broken.stapled is not None or resolver is None or not resolver.ipv6:
        return
    yield Finding(
        "ipv6-broken",
        "risk",
        "Where name servers fail for IPv6 addresses alone, nginx gives the whole name up, and "
        "nobody gets a staple after a start, though the IPv4 address is there.",
        None,
        "s",
        refused(judged, "as long"),
        Advice(
            "resolver",
            "resolver ... ipv6=off;",
            1,
            "only IPv4 addresses are asked for, and the second visitor has a staple",
            str(resolver.place),
        ),
    )


def no_name(judged: Answer) -> Iterator[Finding]:
    one = judged.measured.no_name
    if one is None or one.later:
        return
    host = ", ".join(judged.certificate.hosts)
    if not judged.certificate.certificate.read:
        host = "the OCSP host"
    yield Finding(
        "no-name-at-reload",
        "outage",
        f"A reload or a start while {host} does not resolve turns stapling off until the next "
        f"reload, even when names resolve again. nginx only warns: {one.said or 'nothing'}.",
        None,
        "s",
        refused(judged, "until then"),
        Advice(
            "/etc/hosts",
            f"a line for {host} in /etc/hosts, or a name server on this machine that answers when "
            "nginx starts",
            1,
            "the name resolves at every start, and the second visitor has a staple",
        ),
        nginx_cannot="nginx looks the name up when it reads its configuration, and not again",
    )
