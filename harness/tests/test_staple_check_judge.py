"""staple-check --judge: captured responses of every kind that others test theirs with."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp
from ocsp_der import UNKNOWN, Plan, Single, encode, extension, key_of, name_of, revoked
from staple_check import EXIT, run
from staple_pki import DAY, NOW, Hierarchy, Identity

AT = int((NOW - NOW.utcfromtimestamp(0)).total_seconds())
NONCE = "1.3.6.1.5.5.7.48.1.2"
SCTS = "1.3.6.1.4.1.11129.2.4.5"


class Everybody(Hierarchy):
    """A hierarchy, and others under its names or with its keys."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        #: the issuer's name with another key, its key under another name, and the issuer again,
        #: under a signature that is wrong
        self.other_key = Identity(folder, "Issuing", 21, self.root)
        self.other_name = Identity(folder, "Other", 22, self.root, key=self.issuing.key)
        der = self.issuing.certificate.public_bytes(serialization.Encoding.DER)
        self.flawed = x509.load_der_x509_certificate(der[:-1] + bytes([der[-1] ^ 1]))
        #: the delegate's certificate, under a signature that is wrong
        der = self.delegate.certificate.public_bytes(serialization.Encoding.DER)
        self.flawed_delegate = der[:-1] + bytes([der[-1] ^ 1])
        self.other_delegate = Identity(folder, "Delegate", 23, self.issuing)

    @property
    def plan(self) -> Plan:
        return Plan(self.www.certificate, self.issuing.certificate, self.issuing.certificate,
                    self.issuing.key, AT)

    @property
    def by_delegate(self) -> Plan:
        return self.plan.but(signer=self.delegate.certificate, key=self.delegate.key,
                             embedded=[der_of(self.delegate.certificate)])


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Everybody:
    return Everybody(tmp_path_factory.mktemp("pki"))


def judge(response: bytes, folder: Path, leaf: Identity, trusted: x509.Certificate | None = None,
          *more: Any) -> dict[str, Any]:
    """What is said of it; the exit code is the verdict's."""
    (folder / "response").write_bytes(response)
    arguments: list[Any] = ["--judge", folder / "response", "--leaf", leaf.pem, "--at", AT, *more]
    if trusted is not None:
        (folder / "trusted.pem").write_bytes(trusted.public_bytes(serialization.Encoding.PEM))
        arguments += ["--trusted", folder / "trusted.pem"]
    done = run(*map(str, arguments))
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == EXIT[found["verdict"]]
    return found


def one(**changes: Any) -> Callable[[Everybody], Plan]:
    """A response of the issuer with one SingleResponse like that."""
    return lambda pki: pki.plan.but(singles=[Single(**changes)])


def plain(**changes: Any) -> Callable[[Everybody], Plan]:
    return lambda pki: pki.plan.but(**changes)


REVOKED = revoked(AT - 7200, 1)

KINDS: dict[str, tuple[str, Callable[[Everybody], Plan]]] = {
    "by the issuer": ("GOOD", plain()),
    "by the issuer, named": ("GOOD", plain(by_name=True)),
    "by a delegate": ("GOOD", lambda pki: pki.by_delegate),
    "version stands there": ("UNPARSEABLE", plain(version=bytes.fromhex("a003020101"))),
    "invalid signature": ("BAD_SIGNATURE", plain(signature_flaw=1)),
    "invalid signature of a delegate": (
        "BAD_SIGNATURE", lambda pki: pki.by_delegate.but(signature_flaw=1)),
    "wrong responderID": (
        "UNAUTHORIZED_SIGNER", lambda pki: pki.plan.but(named=pki.rogue.certificate)),
    "wrong issuer name hash": ("NOT_FOR_THIS_CERT", one(name=b"no name")),
    "wrong issuer key hash": ("NOT_FOR_THIS_CERT", one(key=b"no key")),
    "delegate missing": ("UNAUTHORIZED_SIGNER", lambda pki: pki.by_delegate.but(embedded=[])),
    "delegate without EKU": (
        "UNAUTHORIZED_SIGNER",
        lambda pki: pki.plan.but(signer=pki.plain.certificate, key=pki.plain.key,
                                 embedded=[der_of(pki.plain.certificate)])),
    "wrong key in the delegate's certificate": (
        "BAD_SIGNATURE",
        lambda pki: pki.by_delegate.but(named=pki.other_delegate.certificate, by_name=True,
                                        embedded=[der_of(pki.other_delegate.certificate)])),
    "invalid signature on the delegate's certificate": (
        "UNAUTHORIZED_SIGNER", lambda pki: pki.by_delegate.but(embedded=[pki.flawed_delegate])),
    "certificates that nobody needs": (
        "GOOD", lambda pki: pki.plan.but(embedded=[der_of(pki.rogue.certificate)])),
    **{f"CertID by {hash}": ("GOOD", one(hash=hash))
       for hash in ("sha224", "sha256", "sha384", "sha512")},
    "serial that is no INTEGER of DER": ("UNPARSEABLE", one(serial=bytes.fromhex("001001"))),
    "no SingleResponse": ("NOT_FOR_THIS_CERT", plain(singles=[])),
    "another certificate's": ("NOT_FOR_THIS_CERT", one(serial=b"\x77")),
    "another type": ("UNPARSEABLE", plain(type=bytes.fromhex("06092b0601050507300102"))),
    "an extension": ("GOOD", plain(extensions=[extension("1.2.3.4")])),
    "a critical extension": ("UNPARSEABLE", plain(extensions=[extension("1.2.3.4", True)])),
    "a critical nonce": ("GOOD", plain(extensions=[extension(NONCE, True)])),
    "a single extension": ("GOOD", one(extensions=[extension("1.2.3.4")])),
    "a critical single extension": ("UNPARSEABLE", one(extensions=[extension("1.2.3.4", True)])),
    "critical SCTs": ("GOOD", one(extensions=[extension(SCTS, True)])),
    "critical SCTs in the wrong place": ("UNPARSEABLE", plain(extensions=[extension(SCTS, True)])),
    "a critical nonce in the wrong place": (
        "UNPARSEABLE", one(extensions=[extension(NONCE, True)])),
    "before thisUpdate": ("NOT_YET_VALID", one(this_update=1)),
    "at thisUpdate": ("GOOD", one(this_update=0)),
    "at nextUpdate": ("GOOD", one(next_update=0)),
    "after nextUpdate": ("EXPIRED", one(next_update=-1)),
    "without nextUpdate": ("NO_NEXT_UPDATE", one(next_update=None)),
    "revoked": ("REVOKED", one(status=revoked(AT - 7200))),
    "revoked with a reason": ("REVOKED", one(status=REVOKED)),
    "revoked without nextUpdate": ("REVOKED", one(status=REVOKED, next_update=None)),
    "unknown": ("UNKNOWN", one(status=UNKNOWN)),
    "unknown without nextUpdate": ("UNKNOWN", one(status=UNKNOWN, next_update=None)),
    "good and unknown": ("UNKNOWN", plain(singles=[Single(), Single(status=UNKNOWN)])),
    "good and revoked": ("REVOKED", plain(singles=[Single(), Single(status=REVOKED)])),
    "another's and good": ("GOOD", plain(singles=[Single(serial=b"\x77"), Single()])),
    "produced before thisUpdate": ("GOOD", plain(produced_at=-9999)),
    "produced after nextUpdate": ("GOOD", plain(produced_at=9999)),
    "bytes beside tryLater": ("ERROR_STATUS", plain(status=b"\x0a\x01\x03")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(pki: Everybody, tmp_path: Path, kind: str) -> None:
    verdict, make = KINDS[kind]
    found = judge(encode(make(pki)), tmp_path, pki.www, pki.issuing.certificate)
    assert found["verdict"] == verdict, found["reason"]


RAW = {
    "malformedRequest": ("ERROR_STATUS", "30030a0101"),
    "a status that is not assigned": ("ERROR_STATUS", "30030a0111"),
    "successful without a response": ("UNPARSEABLE", "30030a0100"),
    "nothing": ("UNPARSEABLE", ""),
    "no DER": ("UNPARSEABLE", "3082"),
    "no BasicOCSPResponse": (
        "UNPARSEABLE", "30180a0100a0133011" + "06092b0601050507300101" + "04043002" + "0500"),
}


@pytest.mark.parametrize("kind", RAW)
def test_raw_ones(pki: Everybody, tmp_path: Path, kind: str) -> None:
    verdict, response = RAW[kind]
    found = judge(bytes.fromhex(response), tmp_path, pki.www, pki.issuing.certificate)
    assert found["verdict"] == verdict, found["reason"]


ISSUERS = {
    "another name": ("NOT_FOR_THIS_CERT", lambda pki: pki.other_name.certificate),
    "another key": ("NOT_FOR_THIS_CERT", lambda pki: pki.other_key.certificate),
    "an invalid signature": ("GOOD", lambda pki: pki.flawed),
    "nobody": ("NOT_FOR_THIS_CERT", lambda pki: None),
}


@pytest.mark.parametrize("kind", ISSUERS)
def test_issuers_certificate_with(pki: Everybody, tmp_path: Path, kind: str) -> None:
    verdict, make = ISSUERS[kind]
    for plan in (pki.plan, pki.by_delegate):
        found = judge(encode(plan), tmp_path, pki.www, make(pki))
        assert found["verdict"] == verdict, found["reason"]


def test_the_encoder_agrees_with_another_reader(pki: Everybody) -> None:
    read = ocsp.load_der_ocsp_response(encode(pki.by_delegate))
    assert read.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert read.serial_number == pki.www.certificate.serial_number
    assert read.certificates == [pki.delegate.certificate]
    key = key_of(pki.issuing.certificate)
    assert key.hex() in der_of(pki.issuing.certificate).hex()
    assert name_of(pki.issuing.certificate) in der_of(pki.www.certificate)


def test_what_is_said(pki: Everybody, tmp_path: Path) -> None:
    found = judge(encode(pki.by_delegate), tmp_path, pki.www, pki.issuing.certificate)
    assert list(found) == ["verdict", "reason", "leaf", "staple", "remarks"]
    assert found["leaf"]["serial"] == "1001"
    assert found["staple"]["signer"]["kind"] == "delegate"
    assert [one["remark"] for one in found["remarks"]] == ["no-nocheck"]


def test_time_skew_and_chain(pki: Everybody, tmp_path: Path) -> None:
    response = encode(pki.plan)
    for at, skew, verdict in [(AT + 3600, 0, "GOOD"), (AT + 3601, 0, "EXPIRED"),
                              (AT + 3601, 1, "GOOD"), (AT - 3601, 0, "NOT_YET_VALID"),
                              (f"{NOW - DAY:%Y-%m-%dT%H:%M:%SZ}", 0, "NOT_YET_VALID")]:
        found = judge(response, tmp_path, pki.www, pki.issuing.certificate, "--at", at, "--skew",
                      skew)
        assert found["verdict"] == verdict
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pki.www.pem.read_bytes() + pki.issuing.pem.read_bytes())
    assert judge(response, tmp_path, pki.www, None, "--leaf", chain)["verdict"] == "GOOD"


def test_pem_and_der(pki: Everybody, tmp_path: Path) -> None:
    text = base64.encodebytes(encode(pki.plan)).decode()
    pem = f"-----BEGIN OCSP RESPONSE-----\n{text}-----END OCSP RESPONSE-----\n".encode()
    der = tmp_path / "leaf.der"
    der.write_bytes(der_of(pki.www.certificate))
    found = judge(pem, tmp_path, pki.www, pki.issuing.certificate, "--leaf", der)
    assert found["verdict"] == "GOOD"


def test_what_openssl_writes(pki: Everybody, tmp_path: Path) -> None:
    (tmp_path / "index.txt").write_text(
        f"R\t{(NOW + 20 * DAY).strftime('%y%m%d%H%M%SZ')}\t{NOW.strftime('%y%m%d%H%M%SZ')},"
        f"keyCompromise\t1001\tunknown\t/CN=www\n")
    request, response = tmp_path / "request", tmp_path / "out"
    for command in (
        ["-issuer", pki.issuing.pem, "-cert", pki.www.pem, "-reqout", request],
        ["-index", tmp_path / "index.txt", "-rsigner", pki.issuing.pem, "-rkey",
         pki.issuing.key_file, "-CA", pki.issuing.pem, "-reqin", request, "-respout", response,
         "-nmin", "60"],
    ):
        subprocess.run(["openssl", "ocsp", *command], check=True, capture_output=True, timeout=30)
    done = run("--judge", response, "--leaf", pki.www.pem, "--trusted", pki.issuing.pem)
    assert json.loads(done.stdout)["verdict"] == "REVOKED", done.stdout
    assert done.returncode == EXIT["REVOKED"]


def test_weak_and_unknown_algorithms(pki: Everybody, tmp_path: Path) -> None:
    """MD5 and RSA-1024, where the library still signs so; an OID that nobody knows."""
    response = encode(pki.plan)
    unknown = response.replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f"))
    found = judge(unknown, tmp_path, pki.www, pki.issuing.certificate)
    assert found["verdict"] == "UNSUPPORTED_ALGORITHM"
    assert "1.2.840.10045.4.3.127" in found["reason"]

    for bits, verdict in ((1024, "WEAK_SIGNATURE"), (2048, "GOOD")):
        key = rsa.generate_private_key(65537, bits)
        issuer = Identity(tmp_path, f"RSA {bits}", bits, key=key)
        leaf = Identity(tmp_path, "leaf", bits + 1, issuer)
        made = (
            ocsp.OCSPResponseBuilder()
            .add_response(leaf.certificate, issuer.certificate, hashes.SHA1(),
                          ocsp.OCSPCertStatus.GOOD, NOW, NOW + DAY, None, None)
            .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )
        assert judge(made, tmp_path, leaf, issuer.certificate)["verdict"] == verdict


def test_a_leaf_that_cannot_be_read(pki: Everybody, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    found = judge(b"0", tmp_path, pki.www, pki.issuing.certificate, "--leaf", bad)
    assert (found["verdict"], found["leaf"]) == ("UNPARSEABLE", None)
    assert [one["remark"] for one in found["remarks"]] == ["leaf-unreadable"]


@pytest.mark.parametrize(("arguments", "words"), [
    (["--judge", "/none", "--leaf", "/none"], "--judge /none: No such file or directory"),
    (["--judge", "/dev/null"], "--judge needs --leaf FILE beside it"),
    (["--judge", "/dev/null", "--leaf", "/dev/null"], "--leaf /dev/null: no certificate in it"),
    (["--leaf", "x", "h:1"], "--leaf is accepted with --judge FILE"),
    (["--judge", "x", "--leaf", "x", "h:1"], "--judge is accepted without HOST:PORT"),
    (["--judge", "x", "--leaf", "x", "--at", "now"], "--at 'now': seconds since 1970"),
])
def test_refusals(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
