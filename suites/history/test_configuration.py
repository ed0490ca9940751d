"""Bugs in what nginx makes of its configuration."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers import sanitizer
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused


def test_1_23_2_35fce4226_a_cache_without_a_size(lab: Lab) -> None:
    """Refused; where it is not mended, nginx reads past the end of the word before it does."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("ssl_ocsp_cache came with nginx 1.19.0")
    if sanitizer.is_in(lab.server.path) and not lab.server.within(">=1.23.2"):
        lab.not_applicable("before 1.23.2 nginx has this bug, and a sanitizer ends it there")
    lab.start(
        directives=("ssl_ocsp_cache shared:name;",),
        expect=Refused('invalid OCSP cache "shared:name"'),
    )


@pytest.mark.requirement("A12")
def test_1_29_3_25b03d650_compressed_certificates(lab: Lab) -> None:
    """A certificate that is compressed when nginx starts is sent without a staple: the two are
    refused together since."""
    if not lab.server.within(">=1.29.3"):
        lab.not_applicable("ssl_certificate_compression came with nginx 1.29.1")
    reason = '"ssl_stapling" is incompatible with "ssl_certificate_compression"'
    lab.start(directives=("ssl_certificate_compression on;",), expect=Refused(reason))
    lab.start(Site(stapling=False, directives=("ssl_certificate_compression on;",)))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
