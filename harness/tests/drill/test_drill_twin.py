"""The twin in the lab: its sockets, certificates and names are the original's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drill_originals import MOMENT, Folder
from drill_standing import ON, TLS, changes, server, standing, text_of, visit

from staplelab.drill.ground import Ground
from staplelab.drill.rewrite_listen import listens
from staplelab.drill.stand import stand
from staplelab.drill.twin import make
from staplelab.parts.pki import Pki
from staplelab.scenario.lab import Lab


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.certificate("a", "*.example.org")
    return made


# ----- sockets -----

_LISTENS = [
    "443 ssl",
    "[::]:443 ssl ipv6only=on",
    "0.0.0.0:8443 ssl deferred",
    "192.0.2.10:443 ssl backlog=64 rcvbuf=64k so_keepalive=on",
    "[2001:db8::1]:443 ssl",
    "unix:/run/none/tls.sock ssl",
    "localhost:9443 ssl reuseport fastopen=16",
    "7443 ssl proxy_protocol",
    "7444-7446 ssl",
    "*:6443 ssl http2 default_server",
]


def test_every_form_of_listen_is_a_socket_of_the_lab(folder: Folder) -> None:
    http = ON + "".join(
        f"server {{ listen {listen}; listen 80; server_name n{n}.example.org; {TLS} }}\n"
        for n, listen in enumerate(_LISTENS)
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        sites = made.twin.sites
        assert [site.socket for site in sites] == [one.split()[0] for one in _LISTENS]
        assert len({site.listen for site in sites}) == len(_LISTENS)
        for site in sites:
            assert site.default
            visit(made, lab, site)
    told = {one.before: one for one in changes(made.twin, "listen")}
    for listen in _LISTENS:
        assert f"listen {listen}" in told
    assert "which worker" in told["listen localhost:9443 ssl reuseport fastopen=16"].hides


def test_servers_of_one_socket_stay_together_with_their_default(folder: Folder) -> None:
    for name in "bcd":
        folder.certificate(name, f"{name}.example.net")
    http = ON + "".join(
        f"server {{ listen {listen}; {names} ssl_certificate {name}.pem;"
        f"ssl_certificate_key {name}.key; }}\n"
        for name, listen, names in [
            ("a", "443 ssl", "server_name *.example.org;"),
            ("b", "*:443 ssl default_server", ""),
            ("c", "0.0.0.0:443 ssl", r"server_name '~^(?<n>c)\.example\.net$';"),
            ("d", "443 ssl; listen [::]:443 ssl", "server_name .d.example.net;"),
        ]
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        assert len({site.listen for site in made.twin.sites}) == 1
        assert [site.default for site in made.twin.sites] == [False, True, False, False]
        for site in made.twin.sites:
            visit(made, lab, site)
        stranger = lab.handshake(name="stranger.example", at=made.twin.sites[0].listen)
        (default,) = made.twin.sites[1].certificates
        assert int(stranger.serial, 16) == int(
            made.pki.certificates[default.certificate.id].serial, 16
        )


def test_a_server_that_rejects_handshakes_does(folder: Folder) -> None:
    http = (
        "server { listen 443 ssl default_server; ssl_reject_handshake on; }"
        f"server {{ listen 443 ssl; server_name a.example.org; {TLS} {ON} }}"
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        rejecting, other = made.twin.sites
        lab.start(given=made.given(workers=1))
        assert made.handshake(lab, rejecting).verdict is None
        visit(made, lab, other)


def test_ssl_on_is_what_it_was(folder: Folder) -> None:
    http = f"ssl on; server {{ listen 80; {TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        visit(made, lab, made.twin.sites[0])
    if server().within("<1.25.1"):
        (complaint,) = made.twin.complaints
        assert '"ssl" directive is deprecated' in complaint.text
        assert str(complaint.place) == "nginx.conf:4"


@pytest.mark.parametrize(
    ("version", "words"), [("1.25.0", ("1.2.3.4:5",)), ("1.25.1", ("1.2.3.4:5", "ssl"))]
)
def test_ssl_on_becomes_a_word_of_listen_where_it_has_ended(
    folder: Folder, version: str, words: tuple[str, ...]
) -> None:
    conf = folder.conf(f"ssl on; server {{ listen 80; {TLS} }}")
    twin = make(conf, server=replace(server(), version=version), moment=MOMENT.timestamp())
    ground = Ground({"*:80": "1.2.3.4:5"}, {}, 80, "", Pki(folder.path, {}), folder.path)
    (one,) = twin.source.servers["http"]
    assert [listen.words for listen in listens(one, twin.source, ground)] == [words]


def test_a_socket_of_quic_alone_is_told_and_left_out(folder: Folder) -> None:
    http = (
        f"server {{ listen 443 quic; server_name q.example.org; {TLS} }}\n"
        f"server {{ listen 443 ssl; listen 443 quic; server_name a.example.org; {TLS} {ON} }}"
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        quic, both = made.twin.sites
        assert not quic.reachable
        assert "QUIC" in quic.why_unreachable
        lab.start(given=made.given(workers=1))
        visit(made, lab, both)
    assert [one.before for one in changes(made.twin, "listen")].count("listen 443 quic") == 2


# ----- certificates -----


def test_each_of_several_certificates_is_stapled(folder: Folder) -> None:
    folder.certificate("r", "*.example.org", key="rsa", must_staple=True)
    folder.certificate("e", "*.example.org", key="ed25519", urls=())
    more = "".join(f"ssl_certificate {n}.pem; ssl_certificate_key {n}.key;" for n in "re")
    http = f"server {{ listen 443 ssl; {TLS} {more} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        (site,) = made.twin.sites
        assert [at.stapling for at in site.certificates] == ["on", "on", "ignored"]
        for at in site.certificates[:2]:
            first = made.handshake(lab, site, at)
            expected = "NO_STAPLE_MUST_STAPLE" if at.certificate.must_staple else "NO_STAPLE"
            assert first.verdict == expected
            lab.settle(so_far=True)
            assert made.handshake(lab, site, at).verdict == "GOOD"
    (complaint,) = made.twin.complaints
    assert complaint.text == (
        '"ssl_stapling" ignored, no OCSP responder URL in the certificate "e.pem"'
    )


@pytest.mark.parametrize(
    ("behind", "trusted", "stapling", "stapled"),
    [
        ("issuing", "", "on", True),
        ("issuing root", "", "on", True),
        ("issuing", "ssl_trusted_certificate a.pem;", "on", True),
        ("issuing", "ssl_trusted_certificate root.pem;", "on", True),
        # nginx asks, and does not find the signer of what comes: it is not among what it sends
        ("", "ssl_trusted_certificate chain.pem;", "on", False),
        ("", "ssl_trusted_certificate none.pem;", "on", False),
        ("", "", "ignored", False),
        ("", "ssl_trusted_certificate root.pem;", "ignored", False),
    ],
)
def test_what_is_said_of_stapling_is_what_nginx_does(
    folder: Folder, behind: str, trusted: str, stapling: str, stapled: bool
) -> None:
    folder.certificate("a", "*.example.org", behind=behind)
    folder.write("root.pem", folder.root.pem)
    folder.write("chain.pem", folder.issuing.pem + folder.root.pem)
    http = f"server {{ listen 443 ssl; server_name a.example.org; {TLS} {ON} {trusted} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        (site,) = made.twin.sites
        assert site.stapling == stapling
        assert bool(made.twin.complaints) == (stapling == "ignored")
        lab.start(given=made.given(workers=1))
        made.handshake(lab, site)
        lab.settle(so_far=True)
        assert len(lab.responder.events("request")) == (stapling == "on")
        assert made.handshake(lab, site).verdict == ("GOOD" if stapled else "NO_STAPLE")
        lost = stapling == "on" and not stapled
        assert ("so nginx refuses a response" in site.why) == lost
        assert bool(lab.log_lines("signer certificate not found")) == lost


def test_a_variable_stays_one_and_is_not_stapled(folder: Folder) -> None:
    tls = "ssl_certificate $ssl_server_name.pem; ssl_certificate_key $ssl_server_name.key;"
    http = f"server {{ listen 443 ssl; server_name a.example.org; {tls} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        (site,) = made.twin.sites
        assert site.stapling == "ignored"
        assert made.twin.complaints == []
        lab.start(given=made.given(workers=1))
        visit(made, lab, site)


def test_responders_of_directives_are_the_labs(folder: Folder) -> None:
    folder.certificate("a", "*.example.org", urls=())
    own = "ssl_stapling_responder http://own.example:81/path;"
    http = f"server {{ listen 443 ssl; {TLS} {ON} {own} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        assert "own.example" in made.twin.hosts
        lab.start(given=made.given(workers=1))
        visit(made, lab, made.twin.sites[0])
        (request,) = lab.responder.events("request")
        assert request["path"].startswith("/path/")


def test_clients_are_checked_as_they_were(folder: Folder) -> None:
    folder.write("clients.pem", folder.root.pem + folder.issuing.pem)
    verify = "ssl_client_certificate clients.pem; ssl_verify_client on; ssl_verify_depth 2;"
    more = f"{verify} ssl_ocsp leaf; ssl_ocsp_responder http://c.example/; resolver 192.0.2.1;"
    http = f"server {{ listen 443 ssl; {TLS} {more} location / {{ proxy_pass http://up; }} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        (site,) = made.twin.sites
        assert site.client_certificate is not None
        lab.start(given=made.given(workers=1))
        assert made.handshake(lab, site, None, "--get", "/").status == 204
        serial = made.pki.certificates[site.client_certificate].serial
        lab.responder.certificate(serial, status="revoked", revocation_time=0)
        assert made.handshake(lab, site, None, "--get", "/").status == 400


# ----- names -----


def test_each_name_server_has_a_listener_and_options_stay(folder: Folder) -> None:
    resolver = "resolver 192.0.2.1\n  # the second:\n  [2001:db8::1]:54 ns.example valid=30s;"
    http = f"{resolver} resolver_timeout 3s; server {{ listen 443 ssl; {TLS} ssl_stapling on; }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        (site,) = made.twin.sites
        assert site.resolver is not None
        listeners = [lab.stub.resolver(one.listener) for one in site.resolver.name_servers]
        assert len(set(listeners)) == 3
        assert f"resolver {' '.join(listeners)} valid=30s;" in text_of(made, lab)
        visit(made, lab, site)
        (asked,) = {event["listener"] for event in lab.stub.events("query")}
        assert asked in [one.listener for one in site.resolver.name_servers]


def test_the_hosts_of_certificates_are_known_at_the_start(folder: Folder) -> None:
    with standing(folder, f"server {{ listen 443 ssl; {TLS} ssl_stapling on; }}") as made:
        assert made.twin.hosts[:2] == ("ocsp.staplelab.test", "ocsp.ca.example")
        assert made.twin.complaints == []


def test_a_stream_is_stapled_where_nginx_staples_there(folder: Folder) -> None:
    able = server().within(">=1.27.2") and all(map(server().has, ("stream", "stream_ssl_module")))
    text = (
        "events {} http {} stream { resolver 192.0.2.53; ssl_stapling on;"
        f"server {{ listen 853 ssl; {TLS} proxy_pass up.example:53; }} server {{ listen 53; }} }}"
    )
    conf = folder.write("nginx.conf", text)
    twin = make(conf, server=server(), moment=MOMENT.timestamp())
    with stand(twin) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        assert [site.context for site in twin.sites] == ["stream"] * able
        for site in twin.sites:
            visit(made, lab, site)
    gone = [one.before for one in twin.changes if not one.instead]
    assert ("stream { ... }" in gone) != able
    assert ("server { ... }" in gone) == able
