"""The merged view: which sites there are, how a client comes to each, whether it is stapled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drill_originals import MOMENT, Folder, authority, leaf

from staplelab.drill import sites as sites_module
from staplelab.drill.model import Place, Twin, TwinSite
from staplelab.drill.twin import make
from staplelab.errors import LabError
from staplelab.servers.sut import ServerUnderTest

_TLS = "ssl_certificate a.pem; ssl_certificate_key a.key;"


def sut(version: str = "1.22.1", library: str = "OpenSSL", added: str = "") -> ServerUnderTest:
    built = f"{library} 3.0.15"
    return ServerUnderTest("nginx", version, library, "3.0.15", built, False, "", added)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.certificate("a", "www.example.org", "example.org")
    return made


def twin_of(folder: Folder, http: str, server: ServerUnderTest | None = None, **more: Any) -> Twin:
    return make(folder.conf(http), server=server or sut(), moment=MOMENT.timestamp(), **more)


def site_of(folder: Folder, inner: str, http: str = "", **more: Any) -> TwinSite:
    text = f"{http}\nserver {{ listen 443 ssl; server_name www.example.org; {_TLS} {inner} }}"
    (site,) = twin_of(folder, text, **more).sites
    return site


# ----- inheritance -----


def test_a_directive_of_http_holds_wherever_it_stands(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {_TLS} ssl_protocols TLSv1.2; }}\n"
    (site,) = twin_of(folder, http + "ssl_stapling on;\nssl_protocols TLSv1.3;").sites
    assert site.stapling == "on"
    assert site.place_of("ssl_stapling") == Place("nginx.conf", 5)
    assert site.protocols == ("TLSv1.2",)


def test_a_server_without_certificates_of_its_own_has_those_of_http(folder: Folder) -> None:
    folder.certificate("b", "b.example.org", key="rsa")
    http = f"{_TLS} ssl_certificate b.pem; ssl_certificate_key b.key; server {{ listen 443 ssl; }}"
    (site,) = twin_of(folder, http).sites
    assert [one.certificate.file for one in site.certificates] == ["a.pem", "b.pem"]
    assert [one.options for one in site.certificates] == [
        ("--sigalgs", "ECDSA+SHA256"),
        ("--sigalgs", "RSA-PSS+SHA256:RSA+SHA256"),
    ]


def test_the_nearest_resolver_holds_with_its_options(folder: Folder) -> None:
    resolver = "resolver 192.0.2.1\n [2001:db8::1] # one more:\n ns.example:54 valid=5m ipv6=off;"
    site = site_of(folder, resolver + "resolver_timeout 2s;", "resolver 192.0.2.9;")
    assert site.resolver is not None
    found = [(one.original, one.listener, one.ipv6) for one in site.resolver.name_servers]
    assert found == [
        ("192.0.2.1", "name-server-1", False),
        ("[2001:db8::1]", "name-server-2", True),
        ("ns.example:54", "name-server-3", False),
    ]
    resolved = site.resolver
    assert (resolved.valid, resolved.ipv4, resolved.ipv6, resolved.timeout) == (300, True, False, 2)
    assert site_of(folder, "").resolver is None
    assert site_of(folder, "location / { resolver 192.0.2.1; }").resolver is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), ("1h30m", 5400), ("1d", 86400), ("9ms", 0), ("1x", None), ("", None)],
)
def test_times_are_read_as_nginx_reads_them(text: str, seconds: int | None) -> None:
    assert sites_module.seconds(text) == seconds


# ----- sockets and names -----


@pytest.mark.parametrize(
    ("listen", "is_site"),
    [
        ("443 ssl", True),
        ("[::]:443 ssl ipv6only=on", True),
        ("192.0.2.1:8443 ssl http2", True),
        ("unix:/run/tls.sock ssl", True),
        ("localhost:443 ssl reuseport deferred", True),
        ("443 ssl proxy_protocol", True),
        ("80", False),
        ("443 quic", True),
    ],
)
def test_a_server_with_tls_is_a_site(folder: Folder, listen: str, is_site: bool) -> None:
    sites = twin_of(folder, f"server {{ listen {listen}; {_TLS} }}").sites
    assert len(sites) == is_site
    if is_site:
        assert sites[0].reachable == ("quic" not in listen)
        assert sites[0].proxy_protocol == ("proxy_protocol" in listen)


def test_ssl_on_makes_a_site_of_every_listen(folder: Folder) -> None:
    (site,) = twin_of(folder, f"ssl on; server {{ listen 80; {_TLS} }}").sites
    assert site.socket == "80"


def test_one_ssl_makes_a_socket_tls_for_all_its_servers(folder: Folder) -> None:
    http = f"server {{ listen *:443 ssl; {_TLS} }} server {{ listen 443; server_name b; {_TLS} }}"
    assert [site.name for site in twin_of(folder, http).sites] == ["default of *:443", "b"]


@pytest.mark.parametrize(
    ("name", "sni"),
    [
        ("www.example.org", "www.example.org"),
        ("WWW.Example.ORG", "www.example.org"),
        ("*.example.org", "www.example.org"),
        (".example.org", "example.org"),
        ("www.example.*", "www.example.example"),
        (r"~^(?<user>[a-z]+)\.example\.(org|net)$", "a.example.org"),
        (r'"~^w{2,3}\d*\.example\.org$"', "ww.example.org"),
        ("_ www.example.org", "www.example.org"),
        ("_", "nobody.staplelab.invalid"),
        ('""', ""),
        ("", "nobody.staplelab.invalid"),
    ],
)
def test_a_name_is_found_that_leads_to_the_site(folder: Folder, name: str, sni: str) -> None:
    words = f"server_name {name};" if name else ""
    default = "server { listen 443 ssl default_server; ssl_reject_handshake on; }" * (
        name not in ("", "_")
    )
    http = f"{default} server {{ listen 443 ssl; {words} {_TLS} }}"
    site = twin_of(folder, http).sites[-1]
    assert (site.sni, site.reachable) == (sni, True)


def test_a_name_that_leads_elsewhere_is_passed_over(folder: Folder) -> None:
    http = (
        f"server {{ listen 443 ssl; server_name www.example.org; {_TLS} }}"
        f"server {{ listen 443 ssl; server_name *.example.org; {_TLS} }}"
        f"server {{ listen 443 ssl; server_name www.example.org; {_TLS} }}"
    )
    first, wild, doubled = twin_of(folder, http).sites
    assert (first.sni, wild.sni) == ("www.example.org", "staplelab.example.org")
    assert not doubled.reachable
    assert "www.example.org leads to the server at nginx.conf:4" in doubled.why_unreachable
    assert [site.name for site in (first, doubled)] == ["www.example.org", "www.example.org (2)"]


def test_the_second_of_two_without_names_cannot_be_reached(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {_TLS} }}\nserver {{ listen 443 ssl; {_TLS} }}"
    first, second = twin_of(folder, http).sites
    assert (first.reachable, first.default) == (True, True)
    assert (second.reachable, second.default) == (False, False)
    assert "the default server of 443 is that at nginx.conf:4" in second.why_unreachable


def test_a_default_that_every_name_passes_by_is_asked_for_no_name(folder: Folder) -> None:
    every = f"server {{ listen 443 ssl; server_name ~.; {_TLS} }}"
    http = f"server {{ listen 443 ssl; {_TLS} }} {every}"
    default, other = twin_of(folder, http).sites
    assert (default.sni, default.reachable) == ("", True)
    assert other.sni == "a"


def test_default_server_is_the_default_wherever_it_stands(folder: Folder) -> None:
    http = (
        f"server {{ listen 443 ssl; server_name a; {_TLS} }}"
        f"server {{ listen 443 ssl default_server; server_name b; {_TLS} }}"
    )
    assert [site.default for site in twin_of(folder, http).sites] == [False, True]


def test_a_site_is_picked_by_its_name(folder: Folder) -> None:
    http = "".join(
        f"server {{ listen 443 ssl; server_name n{n}.example.org m{n}.example.org; {_TLS} }}\n"
        for n in range(50)
    )
    assert len(twin_of(folder, http).sites) == 50
    for name in ("n7.example.org", "m7.example.org"):
        (site,) = twin_of(folder, http, site=name).sites
        assert site.name == "n7.example.org"
    with pytest.raises(LabError, match="no site 'n7.example.net'; the nearest is 'n7.example.org'"):
        twin_of(folder, http, site="n7.example.net")


# ----- stapling -----

ON = "ssl_stapling on;"


@pytest.mark.parametrize(
    ("server", "stapling", "why"),
    [
        (ON, "on", "asked for at ocsp.ca.example"),
        ("", "off", "there is no ssl_stapling on"),
        ("ssl_stapling off;", "off", "ssl_stapling off"),
        (f"{ON} ssl_stapling_file a.der;", "cannot-judge", "ssl_stapling_file"),
        (f"{ON} ssl_stapling_responder http://other.example/;", "on", "at other.example"),
        (f"{ON} ssl_stapling_responder https://other.example/;", "ignored", "over http:// alone"),
        (f"{ON} ssl_certificate_by_lua_block {{ x = 1 }}", "cannot-judge", "decides what is sent"),
    ],
)
def test_what_is_stapled_and_why(folder: Folder, server: str, stapling: str, why: str) -> None:
    site = site_of(folder, server)
    assert site.stapling == stapling
    assert why in site.why
    assert site.certificates[0].stapling == stapling


def test_a_variable_in_ssl_certificate_is_never_stapled(folder: Folder) -> None:
    tls = "ssl_certificate $ssl_server_name.pem; ssl_certificate_key a.key;"
    (site,) = twin_of(folder, f"server {{ listen 443 ssl; {tls} {ON} }}").sites
    assert site.stapling == "ignored"
    assert "a variable is in ssl_certificate" in site.why


def test_one_file_beside_two_certificates_cannot_be_judged(folder: Folder) -> None:
    folder.certificate("b", "b.example.org", key="rsa")
    more = f"{ON} ssl_stapling_file x; ssl_certificate b.pem; ssl_certificate_key b.key;"
    site = site_of(folder, more)
    assert [one.stapling for one in site.certificates] == ["cannot-judge"] * 2
    assert "one ssl_stapling_file is stapled to each" in site.why


def test_a_certificate_without_an_ocsp_url_is_ignored(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", urls=())
    site = site_of(folder, ON)
    assert (site.stapling, site.why) == ("ignored", "there is no OCSP URL in the certificate")
    assert site_of(folder, f"{ON} ssl_stapling_responder http://o.example;").stapling == "on"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://ocsp.ca.example/", "over http:// alone"),
        ("ldap://ocsp.ca.example/", "over http:// alone"),
        ("http:///path", "has no host"),
        ("http://ocsp.ca.example:99999/", "no valid port"),
        ("http://ocsp.ca.example:x/", "no valid port"),
    ],
)
def test_a_url_that_nginx_does_not_take_is_ignored(folder: Folder, url: str, why: str) -> None:
    folder.certificate("a", "www.example.org", urls=(url, "http://second.example/"))
    site = site_of(folder, ON)
    assert site.stapling == "ignored"
    assert why in site.why


@pytest.mark.parametrize(
    ("behind", "trusted", "verify", "stapling"),
    [
        ("issuing", "", "", "on"),
        ("", "", "", "ignored"),
        ("root", "", "", "ignored"),
        ("", "ssl_trusted_certificate ca.pem;", "", "on"),
        ("", "ssl_trusted_certificate other.pem;", "", "ignored"),
        ("", "ssl_client_certificate ca.pem;", "", "ignored"),
        ("", "ssl_client_certificate ca.pem;", "ssl_verify_client on;", "on"),
    ],
)
def test_the_issuer_has_to_be_found(
    folder: Folder, behind: str, trusted: str, verify: str, stapling: str
) -> None:
    folder.certificate("a", "www.example.org", behind=behind)
    folder.write("ca.pem", folder.issuing.pem + folder.root.pem)
    folder.write("other.pem", authority("Example Other").pem)
    site = site_of(folder, ON + trusted + verify)
    assert site.stapling == stapling
    assert ("does not find the issuer" in site.why) == (stapling == "ignored")


def test_a_namesake_of_the_issuer_is_not_the_issuer(folder: Folder) -> None:
    folder.certificate("a", "www.example.org", behind="")
    folder.write("ca.pem", authority("Example Issuing", folder.root).pem)
    assert site_of(folder, f"{ON} ssl_trusted_certificate ca.pem;").stapling == "ignored"


def test_a_self_signed_certificate_is_ignored(folder: Folder) -> None:
    folder.write("a.pem", leaf("www.example.org", urls=()).pem)
    assert site_of(folder, ON).stapling == "ignored"


def test_boringssl_ignores_stapling(folder: Folder) -> None:
    site = site_of(folder, ON, server=sut(library="BoringSSL"))
    assert site.stapling == "ignored"


def test_one_of_two_certificates_that_is_stapled_counts(folder: Folder) -> None:
    folder.certificate("b", "www.example.org", key="rsa", urls=())
    more = f"{ON} ssl_certificate b.pem; ssl_certificate_key b.key;"
    site = site_of(folder, more)
    assert [one.stapling for one in site.certificates] == ["on", "ignored"]
    assert site.stapling == "on"


def test_a_server_that_refuses_handshakes_has_nothing_to_staple(folder: Folder) -> None:
    (site,) = twin_of(folder, f"{ON} server {{ listen 443 ssl; ssl_reject_handshake on; }}").sites
    assert (site.rejects, site.stapling, site.certificates) == (True, "off", ())


# ----- stream{} -----

STREAMS = "stream stream_ssl_module"


@pytest.mark.parametrize(
    ("version", "added", "contexts"),
    [("1.22.1", STREAMS, []), ("1.27.2", STREAMS, ["stream"]), ("1.27.2", "", [])],
)
def test_stream_is_judged_where_nginx_staples_there(
    folder: Folder, version: str, added: str, contexts: list[str]
) -> None:
    text = f"stream {{ server {{ listen 853 ssl; {_TLS} {ON} }} }}"
    conf = folder.write("nginx.conf", f"events {{}} http {{}} {text}")
    twin = make(conf, server=sut(version, added=added), moment=MOMENT.timestamp())
    assert [site.context for site in twin.sites] == contexts


# ----- client certificates -----


def test_a_site_that_asks_for_certificates_has_a_client_with_one(folder: Folder) -> None:
    folder.write("clients.pem", folder.root.pem + folder.issuing.pem)
    verify = "ssl_client_certificate clients.pem; ssl_verify_client optional; ssl_ocsp leaf;"
    twin = twin_of(folder, f"server {{ listen 443 ssl; {_TLS} {verify} }}")
    (site,) = twin.sites
    assert (site.verify_client, site.ocsp) == ("optional", "leaf")
    (client,) = (one for one in twin.description["leaves"] if one["id"] == site.client_certificate)
    (issuer,) = (a for a in twin.description["authorities"] if a["id"] == client["issuer"])
    assert (issuer["subject"], client["eku"]) == ("Example Issuing", "client-auth")
    assert site_of(folder, "ssl_client_certificate clients.pem;").client_certificate is None
