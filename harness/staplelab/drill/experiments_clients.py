"""The experiments about clients' certificates (`ssl_ocsp`): who is locked out, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from staplelab.drill import faults
from staplelab.drill.faults import Broken
from staplelab.drill.measured import Client
from staplelab.drill.model import TwinSite
from staplelab.drill.outage import Terms
from staplelab.drill.scene import Drilled, Scene, Visitor
from staplelab.parts.client import Handshake

#: nginx gives a client up after client_header_timeout, 60 s where nobody has said otherwise
_LONGEST = 190
_GET = ("--get", "/")
HEALTHY, REMEMBERED, REVOKED = "healthy", "remembered", "revoked"
#: nginx's own responses to a client whose certificate it does not take; None: it has closed
_REFUSALS = (None, 400, 495, 496)
_REASON = re.compile(r"client SSL certificate verify error: (.*?)(?: while |,|$)")
_FAULTS = ("refused", "silent", "5xx", "dns-silent")


@dataclass(frozen=True)
class About:
    name: str
    run: Callable[[Scene, Terms], Sequence[object]]


def _serial(lab: Drilled, scene: Scene) -> str:
    assert scene.site.client_certificate is not None
    return lab.pki.certificates[scene.site.client_certificate].serial


def _comes(lab: Drilled, visitor: Visitor) -> tuple[Handshake, int]:
    """A client, from its handshake to its response; how long that takes."""
    begin = lab.elapsed
    waiting = lab.waiting(visitor, *visitor.client, *_GET)
    waiting.await_stop("request")
    lab.settle(so_far=True)
    while not waiting.ended and waiting.waits() and lab.elapsed - begin < _LONGEST:
        lab.step(1)
        lab.settle(so_far=True)
    waited = lab.elapsed - begin
    return waiting.close() if not waiting.ended else waiting.result(), waited


def _seen(name: str, handshake: Handshake, waited: int, healthy: int | None) -> Client:
    accepted = healthy not in _REFUSALS and handshake.status == healthy
    return Client(name, handshake.status, accepted, waited)


def _why(lab: Drilled) -> str:
    """What the server has said of a client that it refused."""
    found = [_REASON.search(line.text) for line in lab.nginx.log()]
    return next((one[1] for one in found if one is not None), "")


def _remembered(lab: Drilled, visitor: Visitor, healthy: int | None, validity: int) -> Client:
    """Of whom nginx has heard a second ago: let in or not, and for how long."""
    one = _seen(REMEMBERED, *_comes(lab, visitor), healthy)
    if not one.accepted:
        return one
    let_in = False
    for second in (validity - 1, validity, validity + 1):  # the answer is valid to about then
        lab.step(second - lab.elapsed)
        before, let_in = let_in, _seen(REMEMBERED, *_comes(lab, visitor), healthy).accepted
        if before and not let_in:
            return replace(one, until=second)
    return one


def _tried(scene: Scene, terms: Terms, broken: Broken) -> list[object]:
    """A healthy client first, then one that meets the fault with nothing remembered, in a second
    start; then one in the first start's situation: nginx may remember what it was told."""
    found: list[object] = []
    lab = scene.open()
    try:
        visitor = scene.begin(lab)
        lab.responder.certificate(_serial(lab, scene), validity=terms.validity)
        handshake, waited = _comes(lab, visitor)
        healthy = handshake.status
        if broken.name == _FAULTS[0]:
            found.append(replace(_seen(HEALTHY, handshake, waited, healthy), said=_why(lab)))
        broken.inject(lab, scene.site)
        if broken.name == _FAULTS[0]:
            found.append(_remembered(lab, visitor, healthy, terms.validity))
        visitor = scene.restart(lab)
        handshake, waited = _comes(lab, visitor)
        found.append(_seen(broken.name, handshake, waited, healthy))
    finally:
        scene.close(lab)
    return found


def _revoked(scene: Scene, terms: Terms) -> list[object]:
    lab = scene.open()
    try:
        visitor = scene.begin(lab)
        handshake, _ = _comes(lab, visitor)
        healthy = handshake.status
        lab.responder.certificate(_serial(lab, scene), status="revoked", validity=terms.validity)
        lab.step(61)
        handshake, waited = _comes(lab, visitor)
        return [_seen(REVOKED, handshake, waited, healthy)]
    finally:
        scene.close(lab)


def for_site(site: TwinSite) -> list[About]:
    """None where no client is asked for a certificate that is then checked."""
    if site.client_certificate is None or site.ocsp == "off":
        return []
    chosen = [one for one in faults.for_site(site) if one.name in _FAULTS]

    def tried(broken: Broken) -> Callable[[Scene, Terms], Sequence[object]]:
        return lambda scene, terms: _tried(scene, terms, broken)

    return [
        *(About(f"clients, {one.name}", tried(one)) for one in chosen),
        About("clients, revoked", _revoked),
    ]
