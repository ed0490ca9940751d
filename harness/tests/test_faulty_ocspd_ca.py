"""faulty-ocspd --ca: CAs of one's own beside a manifest, each with its default and its index.txt,
and one clear line for what is wrong."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from ocspd import PROGRAM, Ocspd, mint, post, running
from program_environment import environment

INDEX = (
    "R\t301231235959Z\t291231000000Z,CACompromise\tA1\tunknown\t/CN=revoked\n"
    "V\t301231235959Z\t\tA2\tunknown\t/CN=valid\n"
    "E\t291231235959Z\t\tA3\tunknown\t/CN=expired\n"
)


def signed(key: ec.EllipticCurvePrivateKey, name: str, serial: int = 1) -> x509.Certificate:
    """A certificate by its own key, and by its names one of that CA."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2029, 1, 1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
    )


def make_ca(folder: Path, name: str) -> list[str]:
    """NAME.pem and NAME.key, in the order of --ca."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(key, name)
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, *private))
    return [str(folder / f"{name}.pem"), str(folder / f"{name}.key")]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ca")
    (folder / "index.txt").write_text(INDEX)
    arguments = ["--ca", *make_ca(folder, "one"), "--index", str(folder / "index.txt")]
    arguments += ["--default", "unknown", "--ca", *make_ca(folder, "two")]
    arguments += ["--ca", *make_ca(folder, "three"), "--default", "revoked"]
    with running(folder, mint(folder), *arguments, "--listen", "127.0.0.1:0") as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd) -> Iterator[Ocspd]:
    program.reset()
    yield program
    program.reset()


def ask(ocspd: Ocspd, ca: str, serial: int, folder: Path | None = None) -> ocsp.OCSPResponse:
    """What is said of a serial of that CA, signed by its key."""
    path = (folder or ocspd.log.parent) / f"{ca}.pem"
    issuer = x509.load_pem_x509_certificate(path.read_bytes())
    key = issuer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        signed(ec.generate_private_key(ec.SECP256R1()), ca, serial), issuer, hashes.SHA256()
    )
    request = builder.build().public_bytes(serialization.Encoding.DER)
    response = ocsp.load_der_ocsp_response(ocspd.fetch(post(request)).body)
    if response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    return response


@pytest.mark.parametrize(
    ("ca", "serial", "status"),
    [
        ("one", 0xA1, OCSPCertStatus.REVOKED),
        ("one", 0xA2, OCSPCertStatus.GOOD),
        ("one", 0xA3, OCSPCertStatus.GOOD),
        ("one", 0xA4, OCSPCertStatus.UNKNOWN),
        ("two", 0xA1, OCSPCertStatus.GOOD),
        ("two", 2**158, OCSPCertStatus.GOOD),
        ("three", 0xA1, OCSPCertStatus.REVOKED),
    ],
)
def test_each_ca_speaks_for_itself(
    ocspd: Ocspd, ca: str, serial: int, status: OCSPCertStatus
) -> None:
    assert ask(ocspd, ca, serial).certificate_status is status
    assert ocspd.events("request")[0]["certificates"] == [None]


def test_the_index_tells_time_and_reason(ocspd: Ocspd) -> None:
    response = ask(ocspd, "one", 0xA1)
    assert response.revocation_reason is x509.ReasonFlags.ca_compromise
    said = ocspd.control.call("GET", "/v1/certificates/a1")
    assert said["revocation_time"] == "2029-12-31T00:00:00Z"
    assert (said["certificate"], said["issuer"], said["reason"]) == (None, "one", 2)
    # what is revoked by default has been so since the start, and stays so however the clock moves
    ocspd.elapse(3600)
    assert ask(ocspd, "three", 5).revocation_reason is None


def test_the_manifest_is_there_as_without(ocspd: Ocspd) -> None:
    response = ocsp.load_der_ocsp_response(ocspd.fetch().body)
    assert response.certificate_status is OCSPCertStatus.GOOD
    assert ocspd.events("request")[0]["certificates"] == ["www"]


def test_another_ca_is_unauthorized(ocspd: Ocspd, tmp_path: Path) -> None:
    make_ca(tmp_path, "stranger")
    response = ask(ocspd, "stranger", 0xA1, tmp_path)
    assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_any_serial_is_set_until_the_reset(ocspd: Ocspd) -> None:
    call = ocspd.control.call
    listed = call("GET", "/v1/certificates")
    assert call("GET", "/v1/certificates/beef")["status"] == "unknown"
    call("PUT", "/v1/certificates/beef", {"status": "revoked", "reason": 1, "validity": 60})
    for ca in ("one", "two", "three"):
        assert ask(ocspd, ca, 0xBEEF).revocation_reason is x509.ReasonFlags.key_compromise
    assert ask(ocspd, "one", 0xBEEE).certificate_status is OCSPCertStatus.UNKNOWN
    assert len(call("GET", "/v1/certificates")["certificates"]) == len(listed["certificates"]) + 3
    call("DELETE", "/v1/certificates/beef")
    assert ask(ocspd, "one", 0xBEEF).certificate_status is OCSPCertStatus.UNKNOWN
    call("PUT", "/v1/certificates/a1", {"status": "good"})
    assert ask(ocspd, "one", 0xA1).certificate_status is OCSPCertStatus.GOOD
    call("PUT", "/v1/certificates/beef", {"status": "revoked"})
    call("POST", "/v1/reset", {})
    assert call("GET", "/v1/certificates") == listed
    assert ask(ocspd, "one", 0xA1).certificate_status is OCSPCertStatus.REVOKED


def test_another_ca_signs(ocspd: Ocspd) -> None:
    """The id of a CA is the name of its file."""
    ocspd.fault("signed-by-other-ca", signer="two")
    with pytest.raises(InvalidSignature):
        ask(ocspd, "one", 0xA1)
    assert ocspd.events("response")[0]["faults"] == ["signed-by-other-ca"]


def test_rules_match_such_a_serial(ocspd: Ocspd) -> None:
    rule: dict[str, Any] = {"sequence": [{"do": [{"fault": "cert-status-revoked"}]}]}
    ocspd.rules({"match": {"serial": "0xA2"}, **rule})
    assert ask(ocspd, "one", 0xA2).certificate_status is OCSPCertStatus.REVOKED
    assert ask(ocspd, "one", 0xA3).certificate_status is OCSPCertStatus.GOOD


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], "give --pki DIR, a folder that pki-mint made, or --ca CERT KEY"),
        (["--ca", "ca.pem"], "--ca needs two values: CERT KEY"),
        (["--ca", "ca.pem", "--default", "good"], "--ca needs two values: CERT KEY"),
        (["--ca", "ca.pem", "other.key"], "other.key: not the private key of"),
        (["--ca", "ca.key", "ca.key"], "ca.key: not a certificate in PEM"),
        (["--ca", "no.pem", "ca.key"], "no.pem: No such file"),
        (["--default", "good", "--ca", "ca.pem", "ca.key"], "the --ca CERT KEY before it"),
        (["--ca", "ca.pem", "ca.key", "--default", "revokd"], "the nearest is: revoked"),
        (["--ca", "ca.pem", "ca.key", "--index", "bad.txt"], "bad.txt: line 2: begins with \"X\""),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, arguments: list[str], wanted: str) -> None:
    make_ca(tmp_path, "ca")
    make_ca(tmp_path, "other")
    (tmp_path / "bad.txt").write_text(INDEX.splitlines(True)[0] + "X" + INDEX[1:])
    done = subprocess.run(
        [PROGRAM, "--listen", "127.0.0.1:0", *arguments],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )
    assert done.returncode in (1, 2) and done.stdout == ""
    assert wanted in done.stderr and done.stderr.count("\n") == 1
