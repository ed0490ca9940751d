"""One client, and all that is to come of its certificate."""

from __future__ import annotations

from collections.abc import Sequence

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
    `said`, and the certificates that a responder was asked about these, in this order; each
    in a connection of its own, unless `connections` says how many there are."""
    seen = _client(lab, certificate, said, options, asked, name, queries, connections)
    status = 400 if said.startswith("FAILED") else 200
    found = (seen.status, seen.http["body"] if seen.http else None)
    assert found == (status, said), f"{found}, not {(status, said)}: {seen.failure}"
    return seen


def check_in_stream(
    lab: Lab,
    certificate: str | None,
    said: str,
    *options: str,
    asked: Sequence[str] = (),
    name: str = "www.staplelab.test",
    queries: int | None = None,
    connections: int | None = None,
) -> Handshake:
    """The same of a stream{} site, which says nothing at all to a client that it refuses."""
    seen = _client(lab, certificate, said, options, asked, name, queries, connections)
    if said.startswith("FAILED"):
        assert (seen.status, seen.failure) == (None, CLOSED), seen.http
    else:
        assert seen.http is not None and seen.http.get("body") == said, seen.http
    return seen


def _client(
    lab: Lab,
    certificate: str | None,
    said: str,
    options: Sequence[str],
    asked: Sequence[str],
    name: str,
    queries: int | None,
    connections: int | None,
) -> Handshake:
    """A client, and what holds of it wherever it is."""
    before = len(lab.responder.requests())
    position = lab.nginx.log_position()
    seen = lab.handshake("--get", "/", *options, name=name, certificate=certificate)
    lab.settle(len(asked) if connections is None else connections, queries)
    new = lab.responder.requests()[before:]
    certificates = [one for request in new for one in request["certificates"]]
    assert certificates == list(asked), f"asked about {certificates}, not {list(asked)}"
    refused = [str(line) for line in lab.nginx.log(position) if _REFUSED in line.text]
    reason = said.removeprefix("FAILED:") if said.startswith("FAILED:") else None
    expected = [] if reason is None else [f"[info] {_REFUSED}{reason} while "]
    assert [line[: line.find(" while ") + 7] for line in refused] == expected, refused
    return seen


def by_address(lab: Lab, path: str = "/", at: str = "responder") -> str:
    """The directive that names a responder so that no name server is asked."""
    return f"ssl_ocsp_responder http://{lab.address(at)}:{lab.responder.port}{path};"
