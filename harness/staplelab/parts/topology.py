"""Topologies: which parts stand beside the server, and who is asked.

Responder and stub are always there, for they live as long as a pytest process.  The parts that a
topology adds live as long as the scenario that chose it by the mark `topology`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.hosts.base import Host
from staplelab.parts.dnsmasq import Dnsmasq
from staplelab.parts.part import Part
from staplelab.parts.pki import STANDARD, Minted
from staplelab.parts.responder import OcspResponder

OCSP_HOST = "ocsp.staplelab.test"
OTHER_OCSP_HOST = "other-ocsp.staplelab.test"


@dataclass(frozen=True)
class Ground:
    """What a new part can build on."""

    host: Host
    #: the scenario's folder
    folder: Path
    pki: Minted
    #: the port of every responder
    ocsp_port: int
    #: the parts that are there already, by their names
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Topology:
    """One choice of parts."""

    #: what is there, as docs/writing-scenarios.md has it
    summary: str
    #: what starts each part that it adds, in this order
    adds: tuple[Callable[[Ground], Part], ...] = ()
    #: the part that nginx's `resolver` names
    resolver: str = "stub"
    #: the hosts in certificates' OCSP URLs, each with the role or listener that it resolves to
    names: Mapping[str, str] = field(default_factory=lambda: {OCSP_HOST: "responder"})
    #: the PKI profile of its scenarios
    profile: str = STANDARD


def _dnsmasq(ground: Ground) -> Part:
    upstream = ground.parts["stub"].resolver()
    return Dnsmasq("dnsmasq", ground.host, ground.folder, upstream)


def _other_responder(ground: Ground) -> Part:
    name = "other-responder"
    listeners = {name: ground.host.address(name)}
    return OcspResponder(name, ground.host, ground.pki, listeners, ground.ocsp_port)


STANDARD_TOPOLOGY = "standard"
TOPOLOGIES = {
    STANDARD_TOPOLOGY: Topology("nginx asks the stub for names, and then the responder"),
    "dnsmasq": Topology(
        "nginx asks dnsmasq, a real one with its cache on, which asks the stub",
        adds=(_dnsmasq,),
        resolver="dnsmasq",
    ),
    "two-responders": Topology(
        "certificates of two authorities (`www`, `other`), each with a responder at an address and "
        "a URL of its own: `responder`, `other-responder`",
        adds=(_other_responder,),
        names={OCSP_HOST: "responder", OTHER_OCSP_HOST: "other-responder"},
        profile="two-responders",
    ),
    "ipv6": Topology(
        "the responder has an IPv6 address alone",
        names={OCSP_HOST: "responder-6"},
    ),
}
