"""What pki-mint makes of its profiles, judged by cryptography and by `openssl verify`."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pki_mint import (
    DAY,
    NOW,
    PROFILES,
    Minted,
    openssl_verify,
    options,
    pem_blocks,
    run,
    spki,
    validity,
)

OCSP_URL = "http://ocsp.staplelab.test:8080/"


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mint") / "pool"


@pytest.fixture(scope="module")
def standard(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Minted:
    folder = tmp_path_factory.mktemp("standard") / "out"
    done = run(*options(pool), PROFILES / "standard.json", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return Minted(folder)


@pytest.fixture(scope="module")
def aia_forms(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Minted:
    folder = tmp_path_factory.mktemp("aia") / "out"
    done = run(*options(pool), PROFILES / "aia-forms.json", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return Minted(folder)


@pytest.fixture(scope="module")
def chains(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Minted:
    folder = tmp_path_factory.mktemp("chains") / "out"
    done = run(*options(pool), PROFILES / "chains.json", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return Minted(folder)


def test_cross_certificates(chains: Minted, tmp_path: Path) -> None:
    """One name, one key, two issuers: the same leaf is verified on either way, by OpenSSL."""
    one, other = (chains.folder / f"{name}.key" for name in ("issuing", "cross"))
    assert one.read_bytes() == other.read_bytes()
    for between, root, ends in (
        ("issuing", "root", ": OK\n"),
        ("cross", "other-root", ": OK\n"),
        ("cross", "root", ""),
        ("namesake", "root", ""),
    ):
        files = [chains.folder / f"{name}.pem" for name in (between, root)]
        said = openssl_verify(chains, "www", "-CAfile", files[1], "-untrusted", files[0])
        assert said.endswith(ends) and (": OK" in said) == bool(ends), said


STANDARD = {
    # id: role, issuer, key, serial
    "root": ("authority", "root", "rsa2048", "1"),
    "issuing": ("authority", "root", "rsa2048", "a"),
    "rogue": ("authority", "rogue", "rsa2048", "1"),
    "delegate": ("signer", "issuing", "rsa2048", "d1"),
    "delegate-no-eku": ("signer", "issuing", "rsa2048", "d2"),
    "delegate-wrong-eku": ("signer", "issuing", "rsa2048", "d3"),
    "delegate-expired": ("signer", "issuing", "rsa2048", "d4"),
    "delegate-rogue": ("signer", "rogue", "rsa2048", "d5"),
    "www": ("leaf", "issuing", "p256", "1001"),
    "www-rsa": ("leaf", "issuing", "rsa2048", "1002"),
    "must-staple": ("leaf", "issuing", "p256", "1003"),
    "www-ed25519": ("leaf", "issuing", "ed25519", "1004"),
    "other": ("leaf", "issuing", "p256", "1005"),
}


def test_manifest_of_the_standard_profile(standard: Minted) -> None:
    assert (standard.manifest["name"], standard.manifest["now"]) == ("standard", NOW)
    found = {
        name: (e["role"], e["issuer"], e["key"], e["serial"])
        for name, e in standard.manifest["certificates"].items()
    }
    assert found == STANDARD
    assert standard.names() == list(STANDARD)


@pytest.mark.parametrize("name", STANDARD)
def test_manifest_says_what_the_certificate_says(standard: Minted, name: str) -> None:
    entry, certificate = standard.entry(name), standard.certificate(name)
    usage = standard.extension(name, x509.ExtendedKeyUsage)
    words = {ExtendedKeyUsageOID.OCSP_SIGNING: "ocsp-signing",
             ExtendedKeyUsageOID.SERVER_AUTH: "server-auth"}
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    assert format(certificate.serial_number, "x") == entry["serial"]
    assert [n.value for n in common_names] == [entry["subject"]]
    assert certificate.issuer == standard.certificate(entry["issuer"]).subject
    assert validity(certificate) == (entry["not_before"], entry["not_after"])
    assert standard.urls(name) == entry["ocsp_urls"]
    assert (standard.extension(name, x509.TLSFeature) is not None) == entry["must_staple"]
    assert [words[u] for u in usage or []] == [u for u in [entry["eku"]] if u != "none"]
    assert (entry["certificate"], entry["private_key"]) == (f"{name}.pem", f"{name}.key")
    assert ("chain" in entry, "trusted" in entry) == ((entry["role"] == "leaf"),) * 2


@pytest.mark.parametrize("name", STANDARD)
def test_private_key_fits_and_is_of_its_type(standard: Minted, name: str) -> None:
    key = standard.private_key(name)
    kinds = {
        "p256": ec.EllipticCurvePrivateKey,
        "rsa2048": rsa.RSAPrivateKey,
        "ed25519": ed25519.Ed25519PrivateKey,
    }
    assert isinstance(key, kinds[standard.entry(name)["key"]])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        assert key.curve.name == "secp256r1"
    if isinstance(key, rsa.RSAPrivateKey):
        assert key.key_size == 2048
    assert spki(key.public_key()) == spki(standard.certificate(name).public_key())


def test_every_certificate_has_a_key_of_its_own(standard: Minted) -> None:
    keys = {spki(standard.certificate(name).public_key()) for name in STANDARD}
    assert len(keys) == len(STANDARD)


@pytest.mark.parametrize("name", STANDARD)
def test_signed_by_its_issuer_and_nobody_else(standard: Minted, name: str) -> None:
    certificate = standard.certificate(name)
    issuer = standard.entry(name)["issuer"]

    def verify(authority: str) -> None:
        key = standard.certificate(authority).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(
            certificate.signature,
            certificate.tbs_certificate_bytes,
            padding.PKCS1v15(),
            hashes.SHA256(),
        )

    verify(issuer)
    for other in {"root", "issuing", "rogue"} - {issuer}:
        with pytest.raises(InvalidSignature):
            verify(other)


def test_chains_verify(standard: Minted) -> None:
    folder = standard.folder
    for name in standard.leaves():
        said = openssl_verify(
            standard, name, "-CAfile", folder / "root.pem",
            "-untrusted", folder / f"{name}.chain.pem", "-purpose", "sslserver",
            "-verify_hostname", f"{'other' if name == 'other' else 'www'}.staplelab.test",
        )
        assert said == f"{folder}/{name}.pem: OK\n"
        said = openssl_verify(standard, name, "-CAfile", folder / f"{name}.trusted.pem")
        assert said == f"{folder}/{name}.pem: OK\n"


def test_chains_do_not_verify_where_they_should_not(standard: Minted) -> None:
    chain = standard.folder / "www.chain.pem"
    rogue = openssl_verify(
        standard, "www", "-CAfile", standard.folder / "rogue.pem", "-untrusted", chain
    )
    assert "unable to get local issuer certificate" in rogue
    trusted = ("-CAfile", standard.folder / "www.trusted.pem")
    assert "certificate has expired" in openssl_verify(standard, "www", *trusted, at=NOW + 91 * DAY)
    assert "not yet valid" in openssl_verify(standard, "www", *trusted, at=NOW - 2 * DAY)
    assert "hostname mismatch" in openssl_verify(
        standard, "other", *trusted, "-verify_hostname", "www.staplelab.test"
    )


def test_chain_and_trusted_files(standard: Minted) -> None:
    one = {n: pem_blocks(standard.folder / f"{n}.pem")[0] for n in standard.names()}
    for name in standard.leaves():
        entry = standard.entry(name)
        assert (entry["chain"], entry["trusted"]) == (f"{name}.chain.pem", f"{name}.trusted.pem")
        chain = [one[name], one["issuing"]]
        assert pem_blocks(standard.folder / entry["chain"]) == chain
        assert pem_blocks(standard.folder / entry["trusted"]) == [one["issuing"], one["root"]]


def test_files_and_modes(standard: Minted) -> None:
    expected = {"manifest.json"}
    for name in standard.names():
        expected |= {f"{name}.pem", f"{name}.key"}
    for name in standard.leaves():
        expected |= {f"{name}.chain.pem", f"{name}.trusted.pem"}
    found = {f.name: stat.S_IMODE(f.stat().st_mode) for f in standard.folder.iterdir()}

    assert set(found) == expected
    assert stat.S_IMODE(standard.folder.stat().st_mode) == 0o700
    assert {mode for name, mode in found.items() if name.endswith(".key")} == {0o600}
    assert all(mode & 0o022 == 0 for mode in found.values())
    assert [f.name for f in standard.folder.parent.iterdir()] == ["out"]


def test_validity_is_relative_to_now(standard: Minted) -> None:
    days = {"authority": (-365, 3650), "signer": (-1, 30), "leaf": (-1, 90)}
    for name in standard.names():
        first, last = days[standard.entry(name)["role"]]
        if name == "delegate-expired":
            first, last = -60, -30
        assert validity(standard.certificate(name)) == (NOW + first * DAY, NOW + last * DAY)


def test_leaf_extensions(standard: Minted) -> None:
    for name in standard.leaves():
        host = "other" if name == "other" else "www"
        names = standard.extension(name, x509.SubjectAlternativeName)
        usage = standard.extension(name, x509.KeyUsage)
        assert list(names) == [x509.DNSName(f"{host}.staplelab.test")]
        assert standard.extension(name, x509.BasicConstraints).ca is False
        assert usage.digital_signature
        assert not (usage.key_encipherment or usage.key_cert_sign or usage.crl_sign)
        assert standard.urls(name) == [OCSP_URL]


def test_must_staple_extension_octets(standard: Minted) -> None:
    assert standard.entry("must-staple")["must_staple"] is True
    extension = standard.certificate("must-staple").extensions.get_extension_for_class(
        x509.TLSFeature
    )
    assert extension.critical is False
    # OID 1.3.6.1.5.5.7.1.24, OCTET STRING { SEQUENCE { INTEGER 5 } }
    octets = bytes.fromhex("06082b06010505070118" "04053003020105")
    der = {n: standard.certificate(n).tbs_certificate_bytes for n in standard.names()}
    assert [name for name in standard.names() if octets in der[name]] == ["must-staple"]


def test_signers_differ_only_in_what_their_names_say(standard: Minted) -> None:
    expected = {
        "delegate": [ExtendedKeyUsageOID.OCSP_SIGNING],
        "delegate-no-eku": None,
        "delegate-wrong-eku": [ExtendedKeyUsageOID.SERVER_AUTH],
        "delegate-expired": [ExtendedKeyUsageOID.OCSP_SIGNING],
        "delegate-rogue": [ExtendedKeyUsageOID.OCSP_SIGNING],
    }
    assert [n for n in standard.names() if standard.entry(n)["role"] == "signer"] == list(expected)
    for name, usages in expected.items():
        usage = standard.extension(name, x509.ExtendedKeyUsage)
        assert (None if usage is None else list(usage)) == usages
        assert standard.extension(name, x509.OCSPNoCheck) is not None
        assert standard.extension(name, x509.BasicConstraints).ca is False
    assert standard.extension("www", x509.OCSPNoCheck) is None


def test_authorities_may_sign_certificates_and_answers(standard: Minted) -> None:
    for name in ("root", "issuing", "rogue"):
        constraints = standard.certificate(name).extensions.get_extension_for_class(
            x509.BasicConstraints
        )
        usage = standard.extension(name, x509.KeyUsage)
        assert (constraints.critical, constraints.value.ca) == (True, True)
        assert usage.key_cert_sign
        assert usage.crl_sign
        assert usage.digital_signature


def test_key_identifiers(standard: Minted) -> None:
    for name in standard.names():
        certificate, issuer = standard.certificate(name), standard.entry(name)["issuer"]
        subject = standard.extension(name, x509.SubjectKeyIdentifier)
        authority = standard.extension(name, x509.AuthorityKeyIdentifier)
        assert subject == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
        if issuer == name:
            assert authority is None
        else:
            above = standard.extension(issuer, x509.SubjectKeyIdentifier)
            assert authority.key_identifier == above.digest


def test_aia_forms(aia_forms: Minted) -> None:
    expected = {
        "no-aia": [],
        "aia-https": ["https://ocsp.staplelab.test:8080/"],
        "aia-ipv4": ["http://127.0.0.7:8080/"],
        "aia-path": ["http://ocsp.staplelab.test:8080/ocsp"],
        "aia-two": [OCSP_URL, OCSP_URL + "second"],
        "aia-unresolvable": ["http://nowhere.staplelab.test:8080/"],
        "aia-first-https": ["https://ocsp.staplelab.test:8080/", OCSP_URL],
        "aia-http-alone": ["http://"],
        "aia-bracket": ["http://[::1/"],
        "aia-issuers-alone": [],
    }
    for name in aia_forms.leaves():
        assert aia_forms.entry(name)["ocsp_urls"] == aia_forms.urls(name)
    assert {name: aia_forms.urls(name) for name in expected} == expected
    assert aia_forms.extension("no-aia", x509.AuthorityInformationAccess) is None


def test_a_pool_is_filled_once_and_used_in_order(
    standard: Minted, aia_forms: Minted, pool: Path, tmp_path: Path
) -> None:
    files = sorted(pool.iterdir())
    # as many as the standard profile needs
    assert [f.name for f in files] == [f"rsa2048-{i:02}.pem" for i in range(1, 10)]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE(pool.stat().st_mode) == 0o700

    rsa_names = [n for n in standard.names() if standard.entry(n)["key"] == "rsa2048"]
    for file, name in zip(files, rsa_names, strict=True):
        assert (standard.folder / f"{name}.key").read_bytes() == file.read_bytes()
    assert (aia_forms.folder / "issuing.key").read_bytes() == files[1].read_bytes()

    before = [(f.read_bytes(), f.stat().st_mtime_ns) for f in files]
    again = tmp_path / "again"
    assert run(*options(pool), PROFILES / "standard.json", again).returncode == 0
    assert [(f.read_bytes(), f.stat().st_mtime_ns) for f in sorted(pool.iterdir())] == before
    # RSA signatures are deterministic: the same keys at the same time give the same certificates
    for name in rsa_names:
        assert (again / f"{name}.pem").read_bytes() == (
            standard.folder / f"{name}.pem"
        ).read_bytes()
