"""How these scenarios make nginx ask: server{}s that share one resolver, so one cache of names,
each with a fetch of its own to spend."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from staplelab.hosts.base import NO_IPV6
from staplelab.parts.topology import OCSP_HOST  # noqa: F401
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

#: what is said of a fetch from an address that is of no use
CLOSED = "OCSP responder prematurely closed connection"

NOT_FOUND = "(3: Host not found)"
SERVER_FAILURE = "(2: Server failure)"
UNIMPLEMENTED = "(4: Unimplemented)"
REFUSED = "(5: Operation refused)"
TIMED_OUT = "(110: Operation timed out)"

#: what is said otherwise before 1.19.3
_WORDS = {
    "unexpected DNS response for": "unexpected response for",
    "N in DNS response for": "N response for",
    "name is out of DNS response": "name is out of response",
}
#: of an address that the lab does not know by a name
_PORT = re.compile(r":\d+$")
_TRIED = re.compile(r", responder: ([^ ,]+), peer: ([^ ,]+)")


def site_of(number: int) -> str:
    """The server_name of a site."""
    return f"site-{number}.staplelab.test"


def start(
    lab: Lab,
    *hosts: str,
    sites: int = 0,
    resolver: str | None = None,
    timeout: str | None = None,
    **choices: Any,
) -> None:
    """As many server{} as there are `hosts`, each asking another host for its staple; or `sites`
    that all ask the one in the certificate."""
    asked = [*hosts, *[None] * (sites or not hosts)]
    for host in filter(None, hosts):
        lab.host_entry(host, lab.address("responder"))
    limit = f" resolver_timeout {timeout};" if timeout else ""
    lab.start(
        *(
            Site(server_name=site_of(number), resolver=None, directives=_asks(lab, host))
            for number, host in enumerate(asked)
        ),
        http=f"resolver {resolver or lab.resolver()};{limit}",
        **choices,
    )


def _asks(lab: Lab, host: str | None) -> tuple[str, ...]:
    if host is None:
        return ()
    return (f"ssl_stapling_responder http://{host}:{lab.responder.port}/;",)


def ask(lab: Lab, site: int, connections: int = 0, queries: int = 0, **more: Any) -> None:
    """A client comes to that site, so nginx looks its responder up; then all is at rest."""
    lab.handshake(name=site_of(site))
    lab.settle(connections, queries, **more)


def rule(qname: str, qtype: str | None, *faults: str | Mapping[str, Any], **more: Any) -> Any:
    """The name server does this to that question."""
    match = {"qname": qname, **({"qtype": qtype} if qtype else {}), **more}
    return {"match": match, "sequence": [{"do": [_use(one) for one in faults]}]}


def _use(one: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"fault": one} if isinstance(one, str) else one


def peers_by_host(lab: Lab, text: str = CLOSED) -> dict[str, list[str]]:
    """The addresses that nginx has tried in vain for each host, in order."""
    tried: dict[str, list[str]] = {}
    for line in lab.log_lines(text):
        found = _TRIED.search(lab.shared(line.text))
        if found:
            tried.setdefault(found[1], []).append(_PORT.sub("", found[2]))
    return tried


def peers(lab: Lab, text: str = CLOSED) -> list[str]:
    """All of these addresses, in order."""
    return [one for tried in peers_by_host(lab, text).values() for one in tried]


def could_not(host: str, why: str) -> str:
    """The line of a look-up that failed."""
    return f"{host} could not be resolved {why}"


def claim_all(lab: Lab) -> None:
    """All that `errors` has told by now is expected: the scenario has looked at it."""
    lines = (line.text for line in lab.nginx.log() if line.level == "error")
    for text, times in sorted(Counter(lines).items(), key=lambda one: -len(one[0])):
        lab.claim(text, times)


def errors(lab: Lab) -> list[str]:
    """What nginx has said at level error, without what a fetch adds; in the words of 1.19.3."""
    lines = [line.text for line in lab.nginx.log() if line.level == "error"]
    return [lab.shared(one).partition(" while requesting")[0] for one in lines]


def words(lab: Lab, text: str) -> str:
    """A line of 1.19.3 as this nginx says it."""
    if lab.server.within(">=1.19.3"):
        return text
    if re.match("unexpected RR|compression pointers", text):
        return text.replace(" in DNS response", "")
    for new, old in _WORDS.items():
        text = text.replace(new, old)
    return text


def ipv6(lab: Lab) -> str:
    """The responder's IPv6 address; without one the scenario is not applicable."""
    if not lab.has_listener("stub-6"):
        lab.not_applicable(NO_IPV6)
    return lab.responder.listener("responder-6")[0]
