"""What a configuration or a certificate asks for, and nginx does not look at."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

#: a path that makes the whole request longer than 255 octets
LONG = "/" + "ocsp/" * 40


@pytest.mark.requirement("E2")
def test_a_long_url(lab: Lab) -> None:
    lab.start(directives=(f"ssl_stapling_responder {lab.responder_url(LONG)};",))
    lab.handshake()
    lab.settle(connections=1)
    (request,) = lab.responder.requests()
    assert len(lab.responder_url(request["path"])) > 255
    lab.deviation("NGX-042", request["method"].lower(), conforms="post", deviates="get")
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("H2")
def test_must_staple_without_stapling(lab: Lab) -> None:
    """Nobody is told, at the start or later, that every client that heeds the certificate fails."""
    lab.start(certificates=("must-staple",), stapling=False)
    seen = lab.handshake()
    lab.settle()
    told = any("must-staple" in line.text or "status_request" in line.text
               for line in lab.log_lines(""))
    assert not told
    lab.deviation("NGX-004", seen.verdict, conforms="GOOD", deviates="NO_STAPLE_MUST_STAPLE")
