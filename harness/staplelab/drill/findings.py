"""What is said of one class of certificates at sites: findings, each a sentence with its number."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from staplelab.drill.measured import Measured
from staplelab.drill.model import CertificateAtSite, TwinSite
from staplelab.times import offset

#: how bad it is, the worst first
GRAVITIES = ("outage", "risk", "limit", "good")


@dataclass(frozen=True)
class Advice:
    """What would change a number."""

    #: the directive by its name, and how it would read
    directive: str
    text: str
    #: what the number would become; None: there would be none
    becomes: float | None
    #: that in words
    then: str
    #: where the directive stands, or "" where it stands nowhere
    place: str = ""


@dataclass(frozen=True)
class Finding:
    """One sentence."""

    id: str
    gravity: str
    sentence: str
    #: None: it never happens, or does not end
    number: float | None
    #: "s", "visitors", "responses"
    unit: str
    #: what somebody with a must-staple certificate sees of it; "" where it is the same
    must_staple: str = ""
    advice: Advice | None = None
    #: nginx cannot do otherwise, whatever the configuration says
    nginx_cannot: str = ""


@dataclass
class Answer:
    """All of one class: alike in everything that matters, judged once, named all."""

    #: (site, certificate) of all; the first was tried
    members: list[tuple[TwinSite, CertificateAtSite]]
    stapling: str
    why: str
    validity: int
    measured: Measured
    findings: list[Finding] = field(default_factory=list)

    @property
    def site(self) -> TwinSite:
        return self.members[0][0]

    @property
    def certificate(self) -> CertificateAtSite:
        return self.members[0][1]

    @property
    def must_staple(self) -> bool:
        return self.certificate.certificate.must_staple

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(site.name for site, _ in self.members))

    def finding(self, name: str) -> Finding | None:
        return next((one for one in self.findings if one.id == name), None)

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self.findings]


def span(seconds: float) -> str:
    """A span to the second, without the units of which there are none: 7 d 1 s."""
    words = offset(seconds)[1:].split(" ")
    pairs = [f"{count} {unit}" for count, unit in zip(words[::2], words[1::2]) if count != "0"]
    return " ".join(pairs) or "0 s"


def place_of(judged: Answer, directive: str) -> str:
    """Where that directive stands; "" where it is nowhere."""
    found = judged.site.place_of(directive)
    return "" if found is None else str(found)


def refused(judged: Answer, how: str) -> str:
    """What a must-staple certificate makes of a missing staple."""
    if judged.must_staple:
        return f"Must-staple: strict browsers refuse the site {how}."
    return ""


def in_order(findings: list[Finding]) -> list[Finding]:
    """The worst first; of the same gravity in the order in which they were found."""
    return sorted(findings, key=lambda one: GRAVITIES.index(one.gravity))
