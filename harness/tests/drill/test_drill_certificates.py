"""Twins of certificates: what they have of the originals, as cryptography reads it."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from drill_originals import MOMENT, Folder, authority, leaf
from test_drill_sites import sut

from staplelab.drill.model import Change, Twin, TwinCertificate
from staplelab.drill.originals import KEY_FILE
from staplelab.drill.twin import make
from staplelab.parts.clock import EPOCH
from staplelab.places import build_folder, key_pool_option

_TLS = "ssl_certificate a.pem; ssl_certificate_key a.key;"
_PORT = 8888


class Minted:
    """The twin's PKI, minted."""

    def __init__(self, twin: Twin, folder: Path) -> None:
        self.twin = twin
        description = folder / "description.json"
        description.write_text(json.dumps(twin.description))
        self.folder = folder / "minted"
        argv = [build_folder() / "bin" / "pki-mint", f"--now={EPOCH}", *key_pool_option()]
        argv += [f"--set=ocsp_port={_PORT}", "--set=ocsp_address=127.0.0.9"]
        subprocess.run([*map(str, argv), str(description), str(self.folder)], check=True)

    def named(self, id_: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / f"{id_}.pem").read_bytes())

    def file(self, named: str) -> list[x509.Certificate]:
        """What stands in the twin of a file."""
        return [self.named(id_) for id_ in self.twin.source.files.pki.files[named]]

    def titles(self, named: str) -> list[str]:
        return [one.subject.rfc4514_string().removeprefix("CN=") for one in self.file(named)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "conf")


def read(folder: Folder, more: str = "", tls: str = _TLS) -> Twin:
    http = f"server {{ listen 443 ssl; server_name www.example.org; {tls} {more} }}"
    return make(folder.conf(http), server=sut(), moment=MOMENT.timestamp())


def mint(folder: Folder, more: str = "", tls: str = _TLS) -> Minted:
    return Minted(read(folder, more, tls), folder.path.parent)


def only(twin: Twin) -> TwinCertificate:
    ((at,),) = [site.certificates for site in twin.sites]
    return at.certificate


def told(twin: Twin, kind: str) -> list[Change]:
    return [change for change in twin.changes if change.kind == kind]


def names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return list(extension.value.get_values_for_type(x509.DNSName))


def urls(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    return [one.access_location.value for one in extension.value]


def test_names_life_and_must_staple_are_the_originals(folder: Folder) -> None:
    given = ("www.example.org", "*.example.org", "a_b.example.org")
    folder.certificate("a", *given, must_staple=True, days=20.5)
    minted = mint(folder)
    twin = only(minted.twin)
    assert (twin.read, twin.names, twin.must_staple) == (True, given, True)
    assert twin.remaining == 20.5 * 86400
    made = minted.named(twin.id)
    assert names(made) == list(given)
    made.extensions.get_extension_for_class(x509.TLSFeature)
    begin = datetime.fromtimestamp(EPOCH, timezone.utc).replace(tzinfo=None)
    assert made.not_valid_after - begin == timedelta(days=20.5)
    assert begin - made.not_valid_before == timedelta(days=30)


def test_one_that_has_expired_has_a_twin_that_has(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", days=-2)
    minted = mint(folder)
    begin = datetime.fromtimestamp(EPOCH, timezone.utc).replace(tzinfo=None)
    assert minted.named(only(minted.twin).id).not_valid_after - begin == timedelta(days=-2)


@pytest.mark.parametrize(
    ("key", "kind", "instead"),
    [
        ("p256", ec.EllipticCurvePublicKey, None),
        ("p384", ec.EllipticCurvePublicKey, "a key of EC secp256r1"),
        ("rsa", rsa.RSAPublicKey, None),
        ("rsa1024", rsa.RSAPublicKey, "a key of RSA 2048"),
        ("ed25519", ed25519.Ed25519PublicKey, None),
    ],
)
def test_the_key_is_of_the_same_kind(
    folder: Folder, key: str, kind: type, instead: str | None
) -> None:
    folder.certificate("a", "www.example.org", key=key)
    minted = mint(folder)
    assert isinstance(minted.named(only(minted.twin).id).public_key(), kind)
    changed = [one.instead for one in told(minted.twin, "certificate")]
    assert changed == ([instead] if instead else [])


@pytest.mark.parametrize(
    ("behind", "shape", "titles"),
    [
        ("", "leaf", []),
        ("issuing", "leaf and intermediates", ["Example Issuing"]),
        ("issuing root", "leaf, intermediates and root", ["Example Issuing", "Example Root"]),
        ("root", "leaf, intermediates and root", ["Example Root"]),
    ],
)
def test_the_file_holds_what_the_originals_holds(
    folder: Folder, behind: str, shape: str, titles: list[str]
) -> None:
    folder.certificate("a", "www.example.org", behind=behind)
    minted = mint(folder)
    assert only(minted.twin).shape == shape
    assert minted.titles("a.pem")[1:] == titles


@pytest.mark.parametrize(
    ("original", "made"),
    [
        ("http://ocsp.ca.example", f"http://ocsp.ca.example:{_PORT}"),
        ("http://ocsp.ca.example/", f"http://ocsp.ca.example:{_PORT}/"),
        ("http://ocsp.ca.example:8080/a/b?c=d#e", f"http://ocsp.ca.example:{_PORT}/a/b?c=d#e"),
        ("HTTP://OCSP.CA.example/x", f"HTTP://OCSP.CA.example:{_PORT}/x"),
        ("http://192.0.2.1/x", f"http://127.0.0.9:{_PORT}/x"),
        ("http://[2001:db8::1]:80/x", f"http://[::1]:{_PORT}/x"),
        ("https://ocsp.ca.example/", "https://ocsp.ca.example/"),
    ],
)
def test_a_url_keeps_host_and_path(folder: Folder, original: str, made: str) -> None:
    folder.certificate("a", "www.example.org", urls=(original, "http://second.example/"))
    minted = mint(folder)
    assert only(minted.twin).ocsp_urls[0] == original
    assert urls(minted.named(only(minted.twin).id))[0] == made
    assert "second.example" in minted.twin.hosts


def test_one_without_a_url_has_a_twin_without(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", urls=())
    minted = mint(folder)
    with pytest.raises(x509.ExtensionNotFound):
        urls(minted.named(only(minted.twin).id))


def test_names_that_the_twin_cannot_have_are_told(folder: Folder) -> None:
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.1"))
    folder.certificate("a", "www.example.org", "-bad.example.org", more=(address,))
    twin = read(folder)
    assert only(twin).names == ("www.example.org",)
    (change,) = told(twin, "certificate")
    assert change.before == "names -bad.example.org, 192.0.2.1"


def test_a_certificate_in_several_servers_has_one_twin(folder: Folder) -> None:
    folder.certificate("a", "www.example.org")
    servers = "".join(f"server {{ listen 443 ssl; server_name n{n}; {_TLS} }}" for n in "12")
    twin = make(folder.conf(servers), server=sut(), moment=MOMENT.timestamp())
    assert len({site.certificates[0].certificate.id for site in twin.sites}) == 1


def test_trusted_files_have_the_same_roles(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", behind="")
    folder.write("chain.pem", folder.issuing.pem + folder.root.pem)
    folder.write("clients.pem", authority("Example Clients").pem)
    more = "ssl_trusted_certificate chain.pem; ssl_client_certificate clients.pem;"
    minted = mint(folder, more)
    assert minted.titles("chain.pem") == ["Example Issuing", "Example Root"]
    assert minted.titles("clients.pem") == ["Example Clients"]
    issuing = minted.file("chain.pem")[0]
    assert minted.named(only(minted.twin).id).issuer == issuing.subject


def test_the_servers_own_file_may_be_the_trusted_one(folder: Folder) -> None:
    folder.certificate("a", "www.example.org")
    minted = mint(folder, "ssl_trusted_certificate a.pem;")
    assert minted.titles("a.pem") == ["www.example.org", "Example Issuing"]


def test_many_authorities_that_issued_nothing_become_few(folder: Folder) -> None:
    folder.certificate("a", "www.example.org")
    others = [authority(f"Other {n}").pem for n in range(30)]
    folder.write("bundle.pem", b"".join([*others, folder.root.pem]))
    minted = mint(folder, "ssl_trusted_certificate bundle.pem;")
    titles = minted.titles("bundle.pem")
    assert "Example Root" in titles
    assert len(titles) == 5
    assert "27 authorities" in told(minted.twin, "certificate")[0].before


def test_a_cross_certificate_has_the_key_of_the_other(folder: Folder) -> None:
    old = authority("Old Root")
    cross = authority("Example Root", old, folder.root.key)
    made = leaf("www.example.org", issuer=folder.issuing)
    folder.write("a.pem", made.pem + folder.issuing.pem + cross.pem)
    folder.write("root.pem", folder.root.pem)
    minted = mint(folder, "ssl_trusted_certificate root.pem;")
    crossed, root = minted.file("a.pem")[2], minted.file("root.pem")[0]
    assert crossed.public_key().public_numbers() == root.public_key().public_numbers()
    assert crossed.issuer.rfc4514_string() == "CN=Old Root"
    assert root.issuer == root.subject == crossed.subject


def test_namesakes_stay_namesakes(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", behind="")
    folder.write("ca.pem", authority("Example Issuing", folder.root).pem)
    minted = mint(folder, "ssl_trusted_certificate ca.pem;")
    (trusted,) = minted.file("ca.pem")
    twin = minted.named(only(minted.twin).id)
    assert twin.issuer == trusted.subject
    with pytest.raises(InvalidSignature):
        trusted.public_key().verify(
            twin.signature, twin.tbs_certificate_bytes, PKCS1v15(), twin.signature_hash_algorithm
        )


def test_subjects_that_differ_keep_differing(folder: Folder) -> None:
    one, other = authority("Same"), authority("Same")
    long = authority("x" * 60)
    folder.certificate("a", "www.example.org", issuer=one, behind="")
    folder.write("ca.pem", one.pem + other.pem + long.pem)
    assert mint(folder, "ssl_client_certificate ca.pem;").titles("ca.pem")[2] == "x" * 56


# ----- what cannot be read -----


def test_a_missing_file_has_a_twin_of_what_the_server_is_called(folder: Folder) -> None:
    minted = mint(folder)
    twin = only(minted.twin)
    assert (twin.read, twin.why_not_read) == (False, "No such file or directory")
    assert (twin.names, twin.shape) == (("www.example.org",), "leaf and intermediates")
    (change,) = told(minted.twin, "unreadable")
    assert change.before == "a.pem: No such file or directory"
    assert "OCSP URL" in change.hides
    assert names(minted.named(twin.id)) == ["www.example.org"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "there is no certificate in it"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1 in it"),
    ],
)
def test_a_file_that_holds_none_is_told(folder: Folder, content: str, why: str) -> None:
    folder.write("a.pem", content)
    assert why in only(read(folder)).why_not_read


def test_missing_ones_of_one_server_have_keys_of_two_kinds(folder: Folder) -> None:
    tls = "".join(f"ssl_certificate {n}; ssl_certificate_key k;" for n in ("one.pem", "two.pem"))
    (site,) = read(folder, tls=tls).sites
    assert len({at.certificate.key for at in site.certificates}) == 2


@pytest.mark.parametrize(
    ("named", "ciphers", "key"),
    [
        ("a.pem", "", "p256"),
        ("rsa.pem", "", "rsa2048"),
        ("ecdsa.pem", "", "p256"),
        ("a.pem", "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", "rsa2048"),
        ("a.pem", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256", "p256"),
        ("a.pem", "HIGH:!aNULL", "p256"),
    ],
)
def test_the_likely_key_of_a_missing_one(
    folder: Folder, named: str, ciphers: str, key: str
) -> None:
    more = f"ssl_ciphers {ciphers};" if ciphers else ""
    twin = read(folder, more, f"ssl_certificate {named}; ssl_certificate_key k;")
    assert only(twin).key == key


def test_a_missing_trusted_file_is_what_the_certificate_needs(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", behind="")
    minted = mint(folder, "ssl_trusted_certificate none.pem;")
    assert minted.titles("none.pem") == ["Example Issuing"]  # the root is in no file
    assert told(minted.twin, "unreadable")[0].before == "none.pem: No such file or directory"


def test_a_file_that_holds_the_key_too_is_not_opened(folder: Folder) -> None:
    made = leaf("www.example.org", issuer=folder.issuing)
    folder.write("a.pem", made.pem + made.key_pem)
    os.symlink("a.pem", folder.path / "link.pem")
    for one, other in (("a.pem", "link.pem"), ("link.pem", "a.pem"), ("a.pem", "a.pem")):
        twin = read(folder, tls=f"ssl_certificate {one}; ssl_certificate_key {other};")
        assert only(twin).why_not_read == KEY_FILE


_OPENED: list[str] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _OPENED.append(str(arguments[0]))


def test_no_secret_is_opened(folder: Folder) -> None:
    folder.certificate("a", "www.example.org")
    for name in ("ticket.key", "passwords", "htpasswd", "proxy.key"):
        folder.write(name, "x" * 80)
    more = (
        "ssl_session_ticket_key ticket.key; ssl_password_file passwords;"
        "auth_basic_user_file htpasswd; ssl_dhparam a.key;"
        "location / { proxy_ssl_certificate_key proxy.key; }"
    )
    sys.addaudithook(_hear)  # stays, and does no harm
    _OPENED.clear()
    twin = read(folder, more)
    opened = [Path(name).name for name in _OPENED if str(folder.path) in name]
    assert "a.pem" in opened
    assert not {"a.key", "ticket.key", "passwords", "htpasswd", "proxy.key"} & set(opened)
    keys = {path.name for path in twin.source.reading.keys}
    assert keys == {"a.key", "ticket.key", "passwords", "htpasswd", "proxy.key"}
