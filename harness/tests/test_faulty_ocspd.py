"""faulty-ocspd without faults: other people's clients are content with it, and requests that are
none are told so."""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from ocspd import Ocspd, get, mint, ocsp_request, post, running, verifies
from program_environment import environment

from staplelab.parts.clock import EPOCH
from staplelab.waiting import BOUND_SECONDS

HAS_IPV6 = " lo\n" in Path("/proc/net/if_inet6").read_text() if socket.has_ipv6 else False

MALFORMED = bytes([0x30, 0x03, 0x0A, 0x01, 1])
UNAUTHORIZED = bytes([0x30, 0x03, 0x0A, 0x01, 6])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    arguments = ["--pki", str(mint(folder, "aia-forms")), "--listen", "127.0.0.1:0"]
    arguments += ["--listen", "any=0.0.0.0:0"]
    if HAS_IPV6:
        arguments += ["--listen", "six=[::1]:0"]
    with running(folder, mint(folder), *arguments) as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd) -> Iterator[Ocspd]:
    program.reset()
    yield program
    program.reset()


# ----- healthy responses, by other people's judgement -----


def client(ocspd: Ocspd, *argv: str | Path) -> str:
    """What a client program says, on the same clock as the responder."""
    done = subprocess.run(
        argv,
        env=environment(ocspd.clock.path),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    return done.stdout + done.stderr


def openssl(ocspd: Ocspd, *arguments: str | Path) -> str:
    address, port = ocspd.place()
    pki = ocspd.pki
    return client(
        ocspd,
        *("openssl", "ocsp", "-issuer", pki / "issuing.pem", *arguments),
        *("-url", f"http://{address}:{port}/", "-CAfile", pki / "root.pem"),
    )


@pytest.mark.parametrize("name", ["www", "www-rsa", "must-staple", "www-ed25519", "delegate"])
def test_openssl_is_content(ocspd: Ocspd, name: str) -> None:
    said = openssl(ocspd, "-cert", ocspd.pki / f"{name}.pem")
    assert "Response verify OK" in said
    assert f"{name}.pem: good" in said
    assert "WARNING" not in said  # no nonce in the response, it would say


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_openssl_is_content_with_several_certificates(ocspd: Ocspd, algorithm: str) -> None:
    names = ["www", "other", "delegate"]
    asked = [word for n in names for word in (f"-{algorithm}", "-cert", ocspd.pki / f"{n}.pem")]
    said = openssl(ocspd, *asked)
    assert "Response verify OK" in said
    assert [f"{name}.pem: good" in said for name in names] == [True] * 3
    request = ocspd.wait("request")
    assert request["certificates"] == names
    assert request["serials"] == ["1001", "1005", "d1"]
    assert request["hash_algorithms"] == [algorithm] * 3
    assert request["nonce"] is True


def test_openssl_sees_what_the_control_api_says(ocspd: Ocspd) -> None:
    state = {"status": "revoked", "reason": 4, "revocation_time": -60, "signer": "delegate"}
    ocspd.control.call("PUT", "/v1/certificates/1001", state)
    said = openssl(ocspd, "-cert", ocspd.pki / "www.pem")
    assert "Response verify OK" in said  # by the delegate, whose certificate came along
    assert "www.pem: revoked" in said
    assert "Reason: superseded" in said
    assert "Revocation Time: Dec 31 23:59:00 2029 GMT" in said


def test_gnutls_is_content(ocspd: Ocspd) -> None:
    address, port = ocspd.place()
    issuer, cert = ocspd.pki / "issuing.pem", ocspd.pki / "www.pem"
    said = client(
        ocspd,
        *("ocsptool", f"--ask=http://{address}:{port}/", "--nonce"),
        *("--load-issuer", issuer, "--load-cert", cert, "--load-signer", issuer),
    )
    assert "Verifying OCSP Response: Success" in said
    assert "Certificate Status: good" in said


def decoded(octets: bytes) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(octets)


def test_a_get_as_nginx_sends_it(ocspd: Ocspd) -> None:
    wire = ocspd.fetch(get(ocsp_request(ocspd.pki)))
    response = decoded(wire.body)
    verifies(response, ocspd.certificate("issuing"))
    assert response.certificate_status is OCSPCertStatus.GOOD
    assert isinstance(response.hash_algorithm, hashes.SHA1)
    assert response.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.11"
    assert response.responder_name is None
    assert response.responder_key_hash == response.issuer_key_hash
    request = ocspd.wait("request")
    del request["seq"], request["time"], request["connection"]
    asked = base64.b64encode(ocsp_request(ocspd.pki)).decode()
    for plain, escaped in (("+", "%2B"), ("/", "%2F"), ("=", "%3D")):
        asked = asked.replace(plain, escaped)
    assert request == {
        "kind": "request",
        "listener": "0",
        "client": "127.0.0.1",
        "method": "GET",
        "path": f"/{asked}",
        "host": "ocsp.staplelab.test",
        "http_version": "1.0",
        "headers": 1,
        "serials": ["1001"],
        "certificates": ["www"],
        "hash_algorithms": ["sha1"],
        "nonce": False,
        "octets": len(ocsp_request(ocspd.pki)),
        "rule": None,
        "generation": request["generation"],
        "ordinal": None,
        "draw": None,
        "planned": [],
    }
    sent = ocspd.wait("response")
    del sent["seq"], sent["time"], sent["connection"]
    assert sent == {
        "kind": "response",
        "listener": "0",
        "http_status": 200,
        "response_status": "successful",
        "cert_status": "good",
        "octets": len(wire.body),
        "sha256": hashlib.sha256(wire.body).hexdigest(),
        "this_update": EPOCH,
        "next_update": EPOCH + 86400,
        "faults": [],
    }


@pytest.mark.parametrize("prefix", ["/", "//", "/ocsp/", "/a?b=c/", "/M/"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_get_below_any_prefix(ocspd: Ocspd, prefix: str, escaped: bool) -> None:
    der = ocsp_request(ocspd.pki, "www", hashes.SHA512())
    request = get(der, prefix)
    if not escaped:
        encoded = base64.b64encode(der).decode()
        assert "/" in encoded
        request = f"GET {prefix}{encoded} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    assert decoded(ocspd.fetch(request).body).serial_number == 0x1001


@pytest.mark.parametrize("listener", ["0", "any"] + (["six"] if HAS_IPV6 else []))
def test_every_listener_responds(ocspd: Ocspd, listener: str) -> None:
    assert ocspd.connect(listener).send(ocspd.request).drain() == ocspd.healthy
    accept = ocspd.wait("accept")
    assert accept["listener"] == listener
    assert accept["client"] == ("::1" if listener == "six" else "127.0.0.1")


def test_a_post_and_drops_of_a_request(ocspd: Ocspd) -> None:
    request = post(ocsp_request(ocspd.pki))
    assert ocspd.fetch(request) == ocspd.healthy
    peer = ocspd.connect()
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in request:
        peer.send(bytes([octet]))
    assert peer.drain() == ocspd.healthy


@pytest.mark.parametrize("octets", [1, 32, 128])
def test_a_nonce_is_echoed(ocspd: Ocspd, octets: int) -> None:
    nonce = bytes(range(octets))
    response = decoded(ocspd.fetch(get(ocsp_request(ocspd.pki, nonce=nonce))).body)
    (extension,) = response.extensions
    assert extension.value == x509.OCSPNonce(nonce)
    verifies(response, ocspd.certificate("issuing"))


def test_authorities_and_both_folders_are_known(ocspd: Ocspd) -> None:
    for name, signer in (("issuing", "root"), ("root", "root"), ("delegate-rogue", "rogue")):
        verifies(decoded(ocspd.fetch(get(ocsp_request(ocspd.pki, name))).body),
                 ocspd.certificate(signer))
    forms = ocspd.pki.parent / "pki-aia-forms"
    response = decoded(ocspd.fetch(get(ocsp_request(forms, "no-aia"))).body)
    assert response.certificate_status is OCSPCertStatus.GOOD
    assert ocspd.events("request")[-1]["certificates"] == ["no-aia"]


def test_one_issuer_signs_for_several_of_its_own(ocspd: Ocspd, tmp_path: Path) -> None:
    """For those of two nobody can sign: unauthorized (RFC 6960, 2.3 and 4.2.2.2)."""
    file = tmp_path / "request.der"
    asked: list[str | Path] = ["-issuer", ocspd.pki / "issuing.pem"]
    for cert in ("www", "www-rsa"):
        asked += ["-cert", ocspd.pki / f"{cert}.pem"]
    client(ocspd, "openssl", "ocsp", "-no_nonce", *asked, "-reqout", file)
    response = decoded(ocspd.fetch(post(file.read_bytes())).body)
    verifies(response, ocspd.certificate("issuing"))
    statuses = [single.certificate_status for single in response.responses]
    assert statuses == [OCSPCertStatus.GOOD] * 2
    asked += ["-issuer", ocspd.pki / "rogue.pem", "-cert", ocspd.pki / "delegate-rogue.pem"]
    client(ocspd, "openssl", "ocsp", "-no_nonce", *asked, "-reqout", file)
    assert ocspd.fetch(post(file.read_bytes())).body == bytes.fromhex("30030a0106")


# ----- requests without a status -----


def test_a_serial_that_was_never_issued_is_unknown(ocspd: Ocspd) -> None:
    der = ocsp_request(ocspd.pki).replace(b"\x02\x02\x10\x01", b"\x02\x02\x10\x99")
    response = decoded(ocspd.fetch(get(der)).body)
    verifies(response, ocspd.certificate("issuing"))
    assert (response.serial_number, response.certificate_status) == (0x1099, OCSPCertStatus.UNKNOWN)
    assert ocspd.wait("request")["certificates"] == [None]


def test_a_stranger_is_unauthorized(ocspd: Ocspd) -> None:
    der = ocsp_request(ocspd.pki)
    name_hash = ocsp.load_der_ocsp_request(der).issuer_name_hash
    assert ocspd.fetch(get(der.replace(name_hash, bytes(20)))).body == UNAUTHORIZED
    assert ocspd.wait("response")["response_status"] == "unauthorized"


@pytest.mark.parametrize(
    "request_octets",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET /favicon.ico HTTP/1.0\r\n\r\n",
        b"GET /MDA%3D HTTP/1.0\r\n\r\n",
        get(b"\x30\x00"),
        post(b""),
        post(b"\x30\x03\x0a\x01\x06"),
        post(b"\xff" * 60000),
    ],
)
def test_what_is_no_ocsp_request_is_malformed(ocspd: Ocspd, request_octets: bytes) -> None:
    wire = ocspd.fetch(request_octets)
    assert (wire.status, wire.body) == (200, MALFORMED)
    assert ocspd.wait("request")["problem"]


def test_every_cut_of_a_request_is_malformed(ocspd: Ocspd) -> None:
    der = ocsp_request(ocspd.pki, nonce=b"0123456789abcdef")
    for length in range(len(der)):
        assert ocspd.fetch(post(der[:length])).body == MALFORMED


@pytest.mark.parametrize(
    ("request_octets", "status"),
    [
        (b"HEAD / HTTP/1.0\r\n\r\n", 405),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\n\n", 400),
        (b"POST / HTTP/1.0\r\nContent-Length: 70000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/1.0\r\nA: " + b"a" * 40000, 431),
    ],
)
def test_what_is_no_http_is_refused(ocspd: Ocspd, request_octets: bytes, status: int) -> None:
    ocspd.fault("http-redirect")  # is for requests only: what is no HTTP gets no fault
    wire = ocspd.fetch(request_octets)
    assert wire.status == (302 if status == 405 else status)
    if status == 405:
        ocspd.rules()
        wire = ocspd.fetch(request_octets)
        assert (wire.status, wire.headers("Allow")) == (405, ["GET, POST"])
