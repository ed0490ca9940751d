"""A certificate that is renewed, and the minutes after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from staplelab.parts.pki import Certificate
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site


def chain_of(certificate: Certificate) -> str:
    assert certificate.chain is not None
    return certificate.chain.read_text()


def site(lab: Lab) -> tuple[Site, Path, Path]:
    """A server{} with files of the scenario's own: certificate 1001 and its key."""
    before = lab.certificate("www")
    chain = lab.file("chain.pem", chain_of(before))
    key = lab.file("key.pem", before.private_key.read_text())
    words = (f"ssl_certificate {chain};", f"ssl_certificate_key {key};")
    return Site(certificates=(), trusted=before, directives=words), chain, key


@pytest.mark.parametrize("later", [0, 1], ids=["same-second", "next-second"])
def test_in_place(lab: Lab, later: int) -> None:
    """The same two files, written over; as fast as a script that renews and reloads."""
    described, *files = site(lab)
    lab.start(described)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().serial == "1001"
    after = lab.certificate("www-rsa")
    for file, text in zip(files, (chain_of(after), after.private_key.read_text()), strict=True):
        second = int(file.stat().st_mtime)
        file.write_text(text)
        os.utime(file, (second + later, second + later))
    lab.reload()
    serial = str(lab.handshake().serial)
    if later:
        assert serial == "1002"
    else:
        lab.deviation("NGX-039", serial, conforms="1002", deviates="1001")
    lab.settle(connections=1)
    stapled = lab.handshake()
    assert (stapled.serial, stapled.verdict) == (serial, "GOOD")
    assert [request["serials"] for request in lab.responder.requests()] == [["1001"], [serial]]


def test_by_another_file(lab: Lab) -> None:
    """A file that takes the other's place (rename) is another one, within the same second, too."""
    described, *files = site(lab)
    lab.start(described)
    lab.handshake()
    lab.settle(connections=1)
    after = lab.certificate("www-rsa")
    for file, text in zip(files, (chain_of(after), after.private_key.read_text()), strict=True):
        times = file.stat()
        new = lab.file(f"{file.name}.new", text)
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
        new.rename(file)
    lab.reload()
    assert lab.handshake().serial == "1002"
    lab.settle(connections=1)
    stapled = lab.handshake()
    assert (stapled.serial, stapled.verdict) == ("1002", "GOOD")


def test_unknown_to_its_responder_at_first(lab: Lab) -> None:
    """A certificate of this minute, which the responder has not heard of: each visitor of the
    first 300 s has no staple, and the next one makes nginx ask again."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.inject("status-unauthorized", times=1)
    lab.reconfigure(certificates=("www-rsa",))
    assert lab.handshake().serial == "1002"
    lab.settle(connections=1)
    for _ in range(5):
        lab.step(60)
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.settle()
    lab.step(1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    stapled = lab.handshake()
    assert (stapled.serial, stapled.verdict) == ("1002", "GOOD")
    lab.claim("OCSP response not successful (6: unauthorized)")


def a_visitor_each_minute(lab: Lab, validity: int) -> list[str]:
    """What the visitors of the 18 minutes after the first fetch get; each sixth makes nginx ask."""
    lab.responder.certificate("1001", validity=validity)
    lab.start()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    seen = []
    for minute in range(1, 19):
        lab.step(60)
        seen.append(str(lab.handshake().verdict))
        lab.settle(connections=int(minute % 6 == 0))
    return seen


def test_responses_for_five_minutes(lab: Lab) -> None:
    """One visitor in six has no staple, for ever: the one who finds it expired is the first for
    whom nginx may ask."""
    seen = a_visitor_each_minute(lab, 300)
    assert [verdict for number, verdict in enumerate(seen, 1) if number % 6] == ["GOOD"] * 15
    for verdict in seen[5::6]:
        lab.deviation("NGX-006", verdict, conforms="GOOD", deviates="NO_STAPLE")


def test_responses_for_six_minutes(lab: Lab) -> None:
    """They are enough for a visitor a minute."""
    assert a_visitor_each_minute(lab, 360) == ["GOOD"] * 18
