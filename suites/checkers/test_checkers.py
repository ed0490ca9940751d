"""curl, gnutls-cli and openssl s_client beside staple-check, at the same servers.

Where they disagree docs/verdicts.md says who is right.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.checkers import programs
from suites.checkers.programs import NONE, TAKEN
from suites.checkers.servers import KINDS, Kind, start

at_every_server = pytest.mark.parametrize("kind", KINDS)


def judged(lab: Lab, kind: str) -> Kind:
    """Starts that server, of which staple-check is right."""
    here = start(lab, kind)
    ours = lab.handshake()
    assert ours.verdict == here.verdict, ours.reason
    return here


@at_every_server
def test_curl(lab: Lab, kind: str) -> None:
    """Who asks for --cert-status wants a staple: none is as bad as a bad one.  It is right about
    each of these."""
    here = judged(lab, kind)
    assert programs.curl(lab) == here.curl


@at_every_server
def test_gnutls(lab: Lab, kind: str) -> None:
    """It takes tryLater, which is no response at all, as it takes none; staple-check is right to
    tell them apart."""
    here = judged(lab, kind)
    assert programs.gnutls(lab) == here.gnutls


@at_every_server
def test_s_client(lab: Lab, kind: str) -> None:
    """It ends with 0 whatever the staple says: who greps for "OCSP Response Data" takes each of
    these for good."""
    here = judged(lab, kind)
    assert programs.s_client(lab) == (TAKEN if here.stapled else NONE)
