"""Answers of a drill that a test makes up, for what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from staplelab.drill import sentences
from staplelab.drill.findings import Answer
from staplelab.drill.measured import Client, Measured, Outage, Revocation, Span, Start
from staplelab.drill.model import (
    CertificateAtSite,
    Change,
    Place,
    Stapling,
    Twin,
    TwinCertificate,
    TwinSite,
)
from staplelab.drill.outage import DAY
from staplelab.drill.report import Report
from staplelab.drill.thresholds import Held
from staplelab.servers.sut import ServerUnderTest

WEEK = 7 * DAY
PLACE = Place("nginx.conf", 7)


def certificate(**choices: Any) -> TwinCertificate:
    known: dict[str, Any] = {
        "id": "leaf-1",
        "file": "www.pem",
        "place": PLACE,
        "read": True,
        "why_not_read": "",
        "names": ("www.example.org",),
        "key": "p256",
        "original_key": "EC secp256r1",
        "must_staple": False,
        "ocsp_urls": ("http://ocsp.ca.example/",),
        "remaining": 60 * DAY,
        "shape": "leaf and intermediates",
    }
    return TwinCertificate(**{**known, **choices})


def site(at_site: CertificateAtSite, name: str) -> TwinSite:
    return TwinSite(
        name=name,
        place=PLACE,
        names=(name,),
        context="http",
        sni=name,
        socket="443",
        listen="127.0.0.1:1",
        default=True,
        proxy_protocol=False,
        reachable=True,
        why_unreachable="",
        rejects=False,
        certificates=(at_site,),
        stapling=at_site.stapling,
        why=at_site.why,
        resolver=None,
        verify_client="off",
        ocsp="off",
        client_certificate=None,
        protocols=(),
    )


def outage(lost: int | None = WEEK - 3599, length: int = WEEK) -> Outage:
    """From the worst moment; lost until 212 s after its end."""
    if lost is None:
        return Outage("worst", length, None, None, 0, True, life=(Span(0, length, True),))
    life = (Span(0, lost, True), Span(lost, length + 212, False))
    return Outage("worst", length, lost, 212, length + 212 - lost, True, life=life)


def answer(
    *,
    name: str = "www.example.org",
    stapling: Stapling = "on",
    why: str = "",
    bare: int | None = 4,
    lost: int | None = WEEK - 3599,
    clients: tuple[Client, ...] = (),
    **choices: Any,
) -> Answer:
    """One with a start, an outage of a week, and a revocation."""
    at_site = CertificateAtSite(certificate(**choices), stapling, why, PLACE)
    measured = Measured(start=Start(4, bare), clients=list(clients))
    if bare is not None:
        measured.outages.append(outage(lost))
        measured.revocation = Revocation(3601, WEEK + 1, "NO_STAPLE")
    made = Answer([(site(at_site, name), at_site)], stapling, why, WEEK, measured)
    sentences.answer(made)
    return made


def report(*answers: Answer, held: tuple[Held, ...] = (), hides: str = "") -> Report:
    twin = Twin(
        conf=Path("/etc/nginx/nginx.conf"),
        sites=tuple(member[0] for one in answers for member in one.members),
        changes=[Change("path", PLACE, "pid /run/nginx.pid", "the lab's", hides)],
        complaints=[],
        unread=[],
        hosts=(),
        name_servers=(),
        worker_processes="4",
        workers=4,
        description={},
    )
    server = ServerUnderTest("/nginx", "1.22.1", "OpenSSL", "3.0.15", "OpenSSL 3.0.15", False)
    return Report(server, twin, WEEK, "as a test says", list(answers), list(held), 1.5)
