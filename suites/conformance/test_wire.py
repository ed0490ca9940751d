"""Where a staple stands among the octets of a handshake, and what a client's odd extensions do to
it."""

from __future__ import annotations

import hashlib
import sys

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.conformance import hello
from suites.conformance.hello import STATUS_REQUEST, STATUS_REQUEST_V2, Flight, status_request
from suites.conformance.messages import EXTENSIONS, handshake_messages, in_entries

FULL = ("ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone")
STAPLED = (*FULL[:2], "CertificateStatus", *FULL[2:])
ASKS = (STATUS_REQUEST, status_request())
DECODE_ERROR = 50


def flight(
    lab: Lab, *extensions: tuple[int, bytes], name: str | None = "www.staplelab.test"
) -> Flight:
    """What nginx sends to a ClientHello of TLS 1.2 with these extensions."""
    octets = hello.client_hello(*extensions, name=name).hex()
    done = lab.run(sys.executable, "-I", "-S", hello.__file__, lab.nginx.listen, octets)
    assert done.status == 0, done.stderr
    return hello.read(bytes.fromhex(done.stdout.strip()))


def warm(lab: Lab, *sites: Site) -> str:
    """A server that has a good staple; returns the hash of it."""
    lab.start(*sites)
    lab.handshake()
    lab.settle(connections=1)
    staple = lab.handshake().staple
    assert staple is not None
    return str(staple["sha256"])


def sha256(octets: bytes | None) -> str | None:
    return None if octets is None else hashlib.sha256(octets).hexdigest()


@pytest.mark.requirement("A1")
def test_not_asked(lab: Lab) -> None:
    """RFC 6066, section 8: neither the message nor the extension."""
    warm(lab)
    seen = flight(lab)
    assert seen.messages == FULL
    assert STATUS_REQUEST not in seen.extensions


@pytest.mark.requirement("A2", "A5")
def test_the_order_of_messages(lab: Lab) -> None:
    """An empty status_request in the ServerHello, and the message directly behind Certificate."""
    staple = warm(lab)
    seen = flight(lab, ASKS)
    assert seen.messages == STAPLED
    assert seen.extensions[STATUS_REQUEST] == b""
    assert sha256(seen.staple) == staple
    (response,) = lab.responder.events("response")
    assert response["sha256"] == staple


@pytest.mark.requirement("A3")
def test_nothing_at_hand(lab: Lab) -> None:
    """The extension without the message would be legal, too; nginx sends neither."""
    lab.start()
    seen = flight(lab, ASKS)
    assert seen.messages == FULL
    assert STATUS_REQUEST not in seen.extensions
    lab.settle(connections=1)


@pytest.mark.requirement("A7")
def test_status_request_v2_alone(lab: Lab) -> None:
    """RFC 6961 is obsolete: as if nobody had asked, and nobody is asked."""
    lab.start()
    item = bytes([2]) + hello.vector(status_request()[1:], 2)
    seen = flight(lab, (STATUS_REQUEST_V2, hello.vector(item, 2)))
    assert seen.messages == FULL
    assert {STATUS_REQUEST, STATUS_REQUEST_V2}.isdisjoint(seen.extensions)
    lab.settle()
    assert lab.responder.requests() == []


@pytest.mark.requirement("A7")
def test_status_request_v2_beside_status_request(lab: Lab) -> None:
    staple = warm(lab)
    item = bytes([2]) + hello.vector(status_request()[1:], 2)
    seen = flight(lab, (STATUS_REQUEST_V2, hello.vector(item, 2)), ASKS)
    assert seen.messages == STAPLED
    assert STATUS_REQUEST in seen.extensions and STATUS_REQUEST_V2 not in seen.extensions
    assert sha256(seen.staple) == staple


@pytest.mark.requirement("A7")
def test_status_request_v2_in_tls_1_3(lab: Lab) -> None:
    """RFC 8446, 4.4.2.1: a server must not act on it, and must not send it."""
    warm(lab)
    done = lab.run(
        *("openssl", "s_client", "-msg", "-tls1_3", "-serverinfo", str(STATUS_REQUEST_V2)),
        *("-no-CAfile", "-no-CApath", "-no-CAstore", "-connect", lab.nginx.listen),
    )
    messages = handshake_messages(done.stdout)
    assert not in_entries(messages)[0]
    assert all(STATUS_REQUEST_V2 not in EXTENSIONS[name](body) for name, body in messages
               if name in EXTENSIONS)


@pytest.mark.requirement("A8")
@pytest.mark.parametrize("status_type", [0, 2, 255])
def test_unknown_status_type(lab: Lab, status_type: int) -> None:
    """As if nobody had asked: no staple, and no fetch."""
    lab.start()
    seen = flight(lab, (STATUS_REQUEST, bytes([status_type]) + b"anything"))
    assert seen.messages == FULL
    lab.settle()
    assert lab.responder.requests() == []


MALFORMED = {
    "empty": b"",
    "type-alone": b"\1",
    "list-too-long": b"\1\0\5\0\0",
    "no-extensions": b"\1\0\0",
    "extensions-too-long": b"\1\0\0\0\7",
    "octets-behind": status_request() + b"\0",
    "empty-responder-id": status_request(responders=hello.vector(b"", 2)),
    "responder-id-not-der": status_request(responders=hello.vector(b"\xff\xff", 2)),
    "extensions-not-der": status_request(extensions=b"\xff\xff"),
}


@pytest.mark.requirement("A8")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed(lab: Lab, body: bytes) -> None:
    """decode_error, and the next client is served."""
    warm(lab)
    seen = flight(lab, (STATUS_REQUEST, body))
    assert (seen.messages, seen.alert) == ((), DECODE_ERROR)
    assert lab.handshake().verdict == "GOOD"
    (line,) = lab.log_lines("SSL_do_handshake() failed")
    assert line.level in ("crit", "info")
    if line.level == "crit":  # with 1.22.1; 1.26.3 takes it for a client's ways
        lab.claim("SSL_do_handshake() failed", level="crit")


def by_key(number: int) -> bytes:
    """A ResponderID: the hash of a key."""
    inner = b"\x04\x14" + number.to_bytes(20, "big")
    return b"\xa2" + bytes([len(inner)]) + inner


#: one Extension id-pkix-ocsp-nonce in Extensions
NONCE = bytes.fromhex("301f301d06092b06010505073001020410") + b"\x04\x0e" + b"staplelab-test"

ODD = {
    "one-responder": status_request(responders=hello.vector(by_key(1), 2)),
    "many-responders": status_request(
        responders=b"".join(hello.vector(by_key(number), 2) for number in range(1000))
    ),
    "nonce": status_request(extensions=NONCE),
}


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_wishes_about_the_response(lab: Lab, body: bytes) -> None:
    """nginx has one response for everybody: who signed it and a nonce are not chosen by clients."""
    staple = warm(lab)
    seen = flight(lab, (STATUS_REQUEST, body))
    assert seen.messages == STAPLED, seen
    assert sha256(seen.staple) == staple
    lab.settle()
    assert len(lab.responder.requests()) == 1


@pytest.mark.requirement("A14")
@pytest.mark.parametrize("name", [None, "nobody.staplelab.test"], ids=["no-name", "unknown-name"])
def test_the_default_server(lab: Lab, name: str | None) -> None:
    """Certificate and staple are those of the first server{}."""
    other = Site(certificates=("other",), server_name="other.staplelab.test")
    staple = warm(lab, Site(), other)
    seen = flight(lab, ASKS, name=name)
    assert seen.messages == STAPLED
    assert sha256(seen.staple) == staple
    (www,) = {one for one in (flight(lab, ASKS).leaf,)}
    assert seen.leaf == www


@pytest.mark.requirement("A4", "A6")
def test_tls_1_3(lab: Lab) -> None:
    """The response stands in the leaf's entry, type 5, and nowhere else."""
    staple = warm(lab)
    done = lab.run(
        *("openssl", "s_client", "-msg", "-tls1_3", "-status"),
        *("-no-CAfile", "-no-CApath", "-no-CAstore", "-connect", lab.nginx.listen),
    )
    messages = handshake_messages(done.stdout)
    named = [name for name, _ in messages]
    assert named[:4] == ["ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify"]
    for name, body in messages:
        if name in EXTENSIONS:
            assert STATUS_REQUEST not in EXTENSIONS[name](body), name
    leaf, *others = in_entries(messages)
    assert others == [{}], "the issuing authority's entry has no extension"
    assert set(leaf) == {STATUS_REQUEST}
    body = leaf[STATUS_REQUEST]
    assert body[0] == 1 and int.from_bytes(body[1:4], "big") == len(body) - 4
    assert sha256(body[4:]) == staple


@pytest.mark.requirement("A11")
def test_early_data(lab: Lab) -> None:
    """ssl_early_data changes nothing about who gets a staple: the full handshake does, the
    resumed one, in which early data would be sent, has no certificate to staple to."""
    lab.start(directives=("ssl_early_data on;",))
    lab.handshake("--tls", "1.3")
    lab.settle(connections=1)
    full, resumed = lab.handshakes_of("--resume", "--tls", "1.3")
    assert (full.verdict, resumed.verdict) == ("GOOD", "RESUMED_NO_STATUS")
    lab.settle()
    assert len(lab.responder.requests()) == 1
