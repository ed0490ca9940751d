"""One client, and all that is to come of its certificate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from staplelab.parts.client import Handshake
from staplelab.scenario.lab import Lab

GOOD = "SUCCESS"
REVOKED = "FAILED:certificate revoked"
UNKNOWN = "FAILED:certificate status unknown"
#: whatever has gone wrong
FAILED = "FAILED:certificate status request failed"

#: what a client sees that is refused in stream{}
CLOSED = "the request failed: the server closed the connection"

#: of an http{} site: the page of a client that is refused says why, too
SAYS_WHY = ("error_page 495 @refused;", "location @refused { return 400 $ssl_client_verify; }")

#: faults of a responder that bring no answer, and nginx's line about each
FAILURES = {
    "http-5xx": None,
    "status-try-later": "OCSP response not successful (3: trylater)",
    "bad-signature": "OCSP_basic_verify() failed",
    "wrong-serial": "certificate status not found in the OCSP response",
    "next-update-past": "OCSP_check_validity() failed",
    "fin-mid-headers": "OCSP responder prematurely closed connection",
}

_REFUSED = "client SSL certificate verify error: "


def check(
    lab: Lab,
    certificate: str | None,
    said: str,
    *options: str,
    asked: Sequence[str] = (),
    name: str = "www.staplelab.test",
    queries: int | None = None,
    connections: int | None = None,
) -> Handshake:
    """A client of an http{} site that presents this certificate: $ssl_client_verify has to be
    `said`, and the certificates that a responder was asked about these, in this order; each in a
    connection of its own, unless `connections` says how many there are."""

    def holds(seen: Handshake) -> None:
        status = 400 if said.startswith("FAILED") else 200
        found = (seen.status, seen.http["body"] if seen.http else None)
        assert found == (status, said), f"{found}, not {(status, said)}: {seen.failure}"

    if connections is None:
        connections = len(asked)
    return _client(lab, certificate, said, options, holds, asked, name, connections, queries)


def check_in_stream(
    lab: Lab,
    certificate: str | None,
    said: str,
    *options: str,
    asked: Sequence[str] = (),
    name: str = "www.staplelab.test",
    queries: int | None = None,
) -> Handshake:
    """The same of a stream{} site, which says nothing at all to a client that it refuses."""

    def holds(seen: Handshake) -> None:
        got = seen.http.get("body") if seen.http else None
        if said.startswith("FAILED"):
            assert got is None, f"a client was let in, {got!r}, that is refused for {said!r}"
            assert seen.failure == CLOSED, seen.failure
        else:
            assert got == said, f"{got!r}, not {said!r}: {seen.failure}"

    return _client(lab, certificate, said, options, holds, asked, name, len(asked), queries)


def _client(
    lab: Lab,
    certificate: str | None,
    said: str,
    options: Sequence[str],
    holds: Callable[[Handshake], None],
    asked: Sequence[str],
    name: str,
    connections: int,
    queries: int | None,
) -> Handshake:
    """A client, and what holds of it wherever it is."""
    before = len(lab.responder.requests())
    position = lab.nginx.log_position()
    seen = lab.handshake("--get", "/", *options, name=name, certificate=certificate)
    lab.settle(connections, queries)
    holds(seen)
    new = lab.responder.requests()[before:]
    certificates = [one for request in new for one in request["certificates"]]
    assert certificates == list(asked), f"asked about {certificates}, not {list(asked)}"
    lines = [str(line) for line in lab.nginx.log(position) if _REFUSED in line.text]
    reasons = [line.partition(" while ")[0] for line in lines]
    refused = said.startswith("FAILED:")
    assert reasons == [f"[info] {_REFUSED}{said.partition(':')[2]}"] * refused, lines
    return seen


def by_address(lab: Lab, path: str = "/", at: str = "responder") -> str:
    """The directive that names a responder so that no name server is asked."""
    return f"ssl_ocsp_responder http://{lab.address(at)}:{lab.responder.port}{path};"
