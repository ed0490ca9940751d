"""What becomes of clients whose certificates nginx checks (ssl_ocsp), in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from staplelab.drill import faults
from staplelab.drill.experiments_clients import HEALTHY, REMEMBERED, REVOKED
from staplelab.drill.findings import Advice, Answer, Finding, span
from staplelab.drill.measured import Client


def of_clients(judged: Answer) -> Iterator[Finding]:
    """None where no client is asked for a certificate."""
    clients = {one.name: one for one in judged.measured.clients}
    if not clients:
        return
    healthy = clients.get(HEALTHY)
    if healthy is not None and not healthy.accepted:
        yield Finding(
            "clients-locked-out",
            "outage",
            "Clients with good certificates are refused, though the responder is well: "
            f"{_got(healthy)}, {healthy.said or 'and nginx says nothing of it'}.",
            1,
            "clients",
            advice=_leaf_alone(judged) if judged.site.ocsp == "on" else None,
        )
        return
    locked = [one for one in clients.values() if one.name in faults.ALL and not one.accepted]
    if locked:
        yield _locked_out(judged, locked)
    yield from _remembered(judged, clients.get(REMEMBERED))
    revoked = clients.get(REVOKED)
    if revoked is not None:
        yield _revoked(revoked)


def _leaf_alone(judged: Answer) -> Advice:
    return Advice(
        "ssl_ocsp",
        "ssl_ocsp leaf;",
        0,
        "nginx asks about the client's certificate alone, and not about an authority's, which may "
        "name no responder",
        _at(judged, "ssl_ocsp"),
    )


def _locked_out(judged: Answer, locked: list[Client]) -> Finding:
    ways = "; ".join(f"{faults.ALL[one.name].words}: {_got(one)}" for one in locked)
    return Finding(
        "clients-locked-out",
        "outage",
        "While the responder or the name server is down, every client that shows a certificate is "
        f"locked out, from the first second to the last ({ways}).",
        len(locked),
        "faults",
        nginx_cannot="nginx lets nobody in whose certificate it could not ask about",
        advice=Advice(
            "ssl_ocsp",
            "ssl_ocsp off; (with ssl_crl and a list that you fetch)",
            0,
            "no responder is asked",
            _at(judged, "ssl_ocsp"),
        ),
    )


def _got(one: Client) -> str:
    what = "the connection is closed" if one.status is None else f"HTTP {one.status}"
    return f"{what} after {span(one.waited)}" if one.waited else what


def _at(judged: Answer, directive: str) -> str:
    found = judged.site.place_of(directive)
    return "" if found is None else str(found)


def _remembered(judged: Answer, one: Client | None) -> Iterator[Finding]:
    if one is None:
        return
    if one.accepted:
        yield Finding(
            "clients-remembered",
            "good",
            "A client that was let in before the outage is let in during it, as long as the answer "
            f"about it is valid{'' if one.until is None else ', ' + span(one.until)} "
            "(ssl_ocsp_cache), and nginx is not restarted.",
            one.until,
            "s",
        )
        return
    yield Finding(
        "clients-remembered",
        "outage",
        "A client that was let in a second before the outage is locked out by it, too: nginx "
        "remembers no answer.",
        0,
        "s",
        advice=Advice(
            "ssl_ocsp_cache",
            "ssl_ocsp_cache shared:ocsp:1m;",
            judged.validity,
            "it is let in as long as the last answer about it is valid",
            _at(judged, "ssl_ocsp_cache"),
        ),
    )


def _revoked(one: Client) -> Finding:
    if one.accepted:
        return Finding(
            "clients-revoked",
            "risk",
            "A client whose certificate was revoked a minute ago is let in: nginx remembers the "
            "old answer as long as that is valid (ssl_ocsp_cache).",
            1,
            "clients",
        )
    return Finding(
        "clients-revoked",
        "good",
        f"A client whose certificate was revoked a minute ago is refused ({_got(one)}).",
        0,
        "clients",
    )
