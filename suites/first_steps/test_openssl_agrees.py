"""What operators run by hand says what staple-check says."""

from __future__ import annotations

import re

import pytest

from staplelab.scenario.lab import Lab


def s_client(lab: Lab, version: str) -> str:
    """What `openssl s_client -status` prints."""
    return lab.run(
        *("openssl", "s_client", "-status", f"-tls{version.replace('.', '_')}"),
        *("-no-CAfile", "-no-CApath", "-no-CAstore"),
        *("-servername", "www.staplelab.test", "-connect", lab.nginx.listen),
    ).stdout


def says_a_response(printed: str) -> bool:
    """Whether s_client has got one.  Which words it has when there is none changes from version to
    version ("no response sent", "no responses sent", "no OCSP response received")."""
    assert re.search(r"^(?:OCSP response|no OCSP response)", printed, re.MULTILINE | re.IGNORECASE)
    return "OCSP Response Data" in printed


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_staple(lab: Lab, version: str) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    ours = lab.handshake("--tls", version)
    theirs = s_client(lab, version)
    assert ours.verdict == "GOOD"
    assert says_a_response(theirs)
    assert "OCSP Response Status: successful (0x0)" in theirs
    assert "Cert Status: good" in theirs
    serial = re.search(r"Serial Number: (\w+)", theirs)
    assert serial is not None and int(serial[1], 16) == int(ours.serial, 16)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_no_response_sent(lab: Lab, version: str) -> None:
    lab.start(stapling=False)
    ours = lab.handshake("--tls", version)
    theirs = s_client(lab, version)
    assert ours.verdict == "NO_STAPLE"
    assert not says_a_response(theirs)


def test_urls_of_a_chain(lab: Lab) -> None:
    """The OCSP URLs of every certificate that the server sends, as `openssl x509 -ocsp_uri`."""
    lab.start()
    chain = lab.handshake().facts["chain"]
    lab.settle(connections=1)
    expected = []
    for name in ("www", "issuing"):
        done = lab.run(
            "openssl", "x509", "-noout", "-ocsp_uri", "-in", str(lab.certificate(name).file)
        )
        expected.append(done.stdout.split())
    assert [certificate["ocsp_urls"] for certificate in chain] == expected
    assert expected[0] == [lab.responder_url()]
