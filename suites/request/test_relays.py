"""What becomes of a request behind a relay that has ideas of its own about paths.

The certificate's serial number makes the request's base64 have four slashes in a row, and pluses.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.request.octets import Recorder

pytestmark = pytest.mark.profile("aia-forms")


def through(lab: Lab, way: str, path: str = "/") -> Recorder:
    """One fetch through such a relay."""
    recorder = Recorder(lab, way)
    url = f"http://{recorder.at}{path}"
    lab.start(
        certificates=("serial-20-octets",), directives=(f"ssl_stapling_responder {url};",)
    )
    lab.handshake()
    lab.settle(connections=1)
    return recorder


def test_that_merges_slashes(lab: Lab) -> None:
    """nginx escapes those of the request, so there is nothing to merge."""
    recorder = through(lab, "merged")
    assert lab.handshake().verdict == "GOOD"
    (sent,) = recorder.requests()
    assert b"//" not in sent


def test_that_merges_slashes_of_the_url(lab: Lab) -> None:
    """Those are not nginx's to escape."""
    lab.exempt("request-form", "the relay has changed the path")
    recorder = through(lab, "merged", "/a//b/")
    assert lab.handshake().verdict == "GOOD"
    (sent,) = recorder.requests()
    assert sent.startswith(b"GET /a//b/M")
    assert lab.responder.requests()[0]["path"].startswith("/a/b/M")


def test_that_decodes(lab: Lab) -> None:
    """Slashes of the base64 stand in the path as they are: the responder still understands."""
    lab.exempt("request-form", "the relay has changed the path")
    through(lab, "decoded")
    assert "////" in lab.responder.requests()[0]["path"]
    assert lab.handshake().verdict == "GOOD"


def test_that_decodes_and_merges_slashes(lab: Lab) -> None:
    """Octets of the request are gone.  What the responder says of that is all that nginx knows."""
    lab.exempt("request-form", "the relay has changed the path")
    through(lab, "decoded_and_merged")
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.claim("OCSP response not successful (1: malformedrequest)")
