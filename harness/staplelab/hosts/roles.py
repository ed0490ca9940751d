"""The addresses of a lab, by their roles: one table for every host.

A part has the role of its own name, and may have a second address ("responder-2").
"""

from __future__ import annotations

from dataclasses import dataclass

from staplelab.errors import check_word


@dataclass(frozen=True)
class Role:
    """One address."""

    #: the part that it belongs to
    part: str
    #: the last octet of the part's address, from 2 to 253; where all addresses lie in one network,
    #: the next one is that of its second address
    octet: int
    #: whether it is the part's second address
    second: bool = False


ROLES = {
    "nginx": Role("nginx", 2),
    "responder": Role("responder", 10),
    "responder-2": Role("responder", 10, second=True),
    "other-responder": Role("other-responder", 20),
    "beside": Role("beside", 30),
    "dnsmasq": Role("dnsmasq", 40),
    "stub": Role("stub", 53),
    "stub-2": Role("stub", 53, second=True),
}


def find(name: str) -> Role:
    """The role of that name; LabError names the nearest."""
    check_word("role", name, ROLES)
    return ROLES[name]
