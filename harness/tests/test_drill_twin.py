"""The twin in the lab: nginx takes it, clients come to its sites, and what was stapled is."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from drill_originals import MOMENT, Folder
from lab_run import nginx

from staplelab import servers
from staplelab.drill.ground import Ground
from staplelab.drill.model import Change, Twin, TwinSite
from staplelab.drill.rewrite_listen import listens
from staplelab.drill.stand import Stand, stand
from staplelab.drill.twin import make
from staplelab.errors import LabError
from staplelab.parts.pki import Pki
from staplelab.places import repository
from staplelab.scenario.lab import Lab
from staplelab.servers.sut import ServerUnderTest

ON = "ssl_stapling on; ssl_stapling_verify on; resolver 192.0.2.53;"
_TLS = "ssl_certificate a.pem; ssl_certificate_key a.key;"


@functools.cache
def server() -> ServerUnderTest:
    return servers.probe("local", nginx(), None, None)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.certificate("a", "*.example.org")
    return made


def read(folder: Folder, http: str, main: str = "", events: str = "") -> Twin:
    conf = folder.conf(http, main, events)
    return make(conf, server=server(), moment=MOMENT.timestamp())


@contextmanager
def standing(folder: Folder, http: str, main: str = "", events: str = "") -> Iterator[Stand]:
    with stand(read(folder, http, main, events)) as made:
        yield made


def text_of(made: Stand, lab: Lab) -> str:
    return lab.render(made.given(workers=1))


def visit(made: Stand, lab: Lab, site: TwinSite) -> None:
    """Comes to a site twice for each of its certificates, and finds the twin, stapled the second
    time where that is said."""
    for at in site.certificates:
        first = made.handshake(lab, site, at)
        assert first.verdict == "NO_STAPLE", (site.name, first.reason)
        wanted = made.pki.certificates[at.certificate.id].serial
        assert int(first.serial, 16) == int(wanted, 16), site.name
        lab.settle(so_far=True)
        again = made.handshake(lab, site, at)
        expected = "GOOD" if at.stapling == "on" else "NO_STAPLE"
        assert again.verdict == expected, (site.name, at.certificate.file, again.reason)
    lab.settle(so_far=True)


def changes(twin: Twin, kind: str) -> list[Change]:
    return [one for one in twin.changes if one.kind == kind]


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
        f"server {{ listen {listen}; listen 80; server_name n{n}.example.org; {_TLS} }}\n"
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
        f"server {{ listen 443 ssl; server_name a.example.org; {_TLS} {ON} }}"
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        rejecting, other = made.twin.sites
        lab.start(given=made.given(workers=1))
        assert made.handshake(lab, rejecting).verdict is None
        visit(made, lab, other)


def test_ssl_on_is_what_it_was(folder: Folder) -> None:
    http = f"ssl on; server {{ listen 80; {_TLS} {ON} }}"
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
    conf = folder.conf(f"ssl on; server {{ listen 80; {_TLS} }}")
    twin = make(conf, server=replace(server(), version=version), moment=MOMENT.timestamp())
    ground = Ground({"*:80": "1.2.3.4:5"}, {}, 80, "", Pki(folder.path, {}), folder.path)
    (one,) = twin.source.servers["http"]
    assert [listen.words for listen in listens(one, twin.source, ground)] == [words]


def test_a_socket_of_quic_alone_is_told_and_left_out(folder: Folder) -> None:
    http = (
        f"server {{ listen 443 quic; server_name q.example.org; {_TLS} }}\n"
        f"server {{ listen 443 ssl; listen 443 quic; server_name a.example.org; {_TLS} {ON} }}"
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
    http = f"server {{ listen 443 ssl; {_TLS} {more} {ON} }}"
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
    http = f"server {{ listen 443 ssl; server_name a.example.org; {_TLS} {ON} {trusted} }}"
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
    http = f"server {{ listen 443 ssl; {_TLS} {ON} {own} }}"
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
    http = f"server {{ listen 443 ssl; {_TLS} {more} location / {{ proxy_pass http://up; }} }}"
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
    http = f"{resolver} resolver_timeout 3s; server {{ listen 443 ssl; {_TLS} ssl_stapling on; }}"
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
    with standing(folder, f"server {{ listen 443 ssl; {_TLS} ssl_stapling on; }}") as made:
        assert made.twin.hosts[:2] == ("ocsp.staplelab.test", "ocsp.ca.example")
        assert made.twin.complaints == []


# ----- what stops nginx -----


def test_what_is_no_question_of_stapling_is_left_out_and_told(folder: Folder) -> None:
    main = (
        "user nobody-at-all;\ndaemon on;\npid /nonexistent/pid;\nload_module none.so;\n"
        "worker_rlimit_nofile 999999;\nerror_log syslog:server=log.example;\n"
        "mail { server { listen 25; } }\nworker_processes 64;"
    )
    http = f"""
        log_format x '{{"a": "$b"}}';
        access_log /nonexistent/log x;
        upstream up {{ server up.example:80; }}
        proxy_cache_path /nonexistent levels=1:2 keys_zone=x:1g;
        lua_shared_dict x 1m;
        limit_req_zone $binary_remote_addr zone=z:2g rate=1r/s;
        map $host $upstreams {{ default up; }}
        ssl_session_cache shared:SSL:2g;
        ssl_dhparam none.pem;
        ssl_session_ticket_key a.key;
        server {{
            listen 443 ssl;
            server_name a.example.org;
            root /nonexistent;
            ssl_trusted_certificate a.pem;
            {_TLS} {ON}
            location / {{ proxy_pass http://$upstreams; resolver 192.0.2.99; }}
            location /x {{ content_by_lua_block {{ local a = "}}" }} }}
            if ($host) {{ return 301 https://elsewhere.example; }}
        }}
    """
    with standing(folder, http, main, "worker_connections 100000;") as made:
        with made.lab(Lab) as lab:
            lab.start(given=made.given(workers=2))
            assert len(lab.nginx.workers()) == 2  # type: ignore[attr-defined]
            text = text_of(made, lab)
            for gone in ("nonexistent", "nobody-at-all", "up.example", "log.example", "none."):
                assert gone not in text
            assert "elsewhere" not in text
            assert not re.findall(r"192\.0\.2\.\d+", text)
            assert "shared:SSL:32m" in text
            assert "worker_connections 1024" in text
        twin = made.twin
        assert (twin.worker_processes, twin.workers) == ("64", 8)
        gone = {one.before.split()[0] for one in twin.changes if not one.instead}
        assert gone >= {"user", "load_module", "mail", "upstream", "access_log", "location", "if"}
        assert {one.kind for one in twin.changes} >= {"process", "module", "upstream", "log"}
        assert all(one.place.line > 0 for one in twin.changes)
        # every file that stands there is another one
        assert {one.before for one in changes(twin, "certificate")} >= {
            "ssl_certificate a.pem",
            "ssl_trusted_certificate a.pem",
            "ssl_session_ticket_key a.key",
        }
        assert "ssl_dhparam none.pem: No such file or directory" in [
            one.before for one in changes(twin, "unreadable")
        ]
        with made.lab(Lab) as lab:
            lab.start(given=made.given(workers=1))
            visit(made, lab, twin.sites[0])


def test_dh_parameters_are_taken_over(folder: Folder) -> None:
    group = "-----BEGIN DH PARAMETERS-----\nMEYCQQDi\n-----END DH PARAMETERS-----\n"
    folder.write("dh.pem", group)
    twin = read(folder, f"server {{ listen 443 ssl; {_TLS} ssl_dhparam dh.pem; }}")
    with pytest.raises(LabError, match="ssl_dhparam|PEM|DH"):
        with stand(twin):  # nginx has got the group, which is none
            pass


def test_a_directive_that_nginx_does_not_know_is_left_out(folder: Folder) -> None:
    http = f"ssl_nothing a; server {{ listen 443 ssl; {_TLS} {ON} ssl_nothing b; ssl_other c; }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        visit(made, lab, made.twin.sites[0])
    told = {one.before: one.instead for one in changes(made.twin, "version")}
    assert told == dict.fromkeys(("ssl_nothing a", "ssl_nothing b", "ssl_other c"), "")
    assert [one.text for one in made.twin.complaints] == [
        'unknown directive "ssl_nothing"',
        'unknown directive "ssl_other"',
    ]


def test_http2_on_is_of_later_versions(folder: Folder) -> None:
    http = f"http2 on; server {{ listen 443 ssl; {_TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        visit(made, lab, made.twin.sites[0])
    told = [one.hides for one in changes(made.twin, "version")]
    old = server().within("<1.25.1")
    assert told == (["HTTP/2 (needs nginx 1.25.1); stapling is the same without it"] if old else [])


def test_what_nginx_complains_of_has_the_places_of_the_original(folder: Folder) -> None:
    folder.write("conf.d/two.conf", f"\nserver {{ listen 443 ssl; server_name a; {_TLS} }}\n" * 2)
    with standing(folder, "include conf.d/*;") as made:
        (complaint,) = made.twin.complaints
        assert complaint.text == 'conflicting server name "a" on *:443, ignored'


def test_a_configuration_that_nginx_refuses_is_refused_in_its_words(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {_TLS} }}\nserver {{ listen 8443 ssl default_server; }}"
    refused = 'no "ssl_certificate" is defined for the "listen ... ssl" directive'
    with pytest.raises(LabError, match=refused):
        with stand(read(folder, http)):
            pass


# ----- its life -----


def test_a_twin_is_reloaded_and_restarted_as_others_are(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; server_name a.example.org; {_TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        (site,) = made.twin.sites
        lab.start(given=made.given(workers=1))
        visit(made, lab, site)
        lab.reload()
        visit(made, lab, site)
        lab.restart(given=made.given(workers=1))
        visit(made, lab, site)
        lab.step(3601)
        assert made.handshake(lab, site).verdict == "GOOD"
        lab.settle(connections=1, so_far=True)
        lab.finish()


def test_a_scenario_of_a_twin_is_held_to_what_all_are(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; server_name a.example.org; {_TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.inject("status-try-later")
        lab.start(given=made.given(workers=1))
        made.handshake(lab, made.twin.sites[0])
        lab.settle(connections=1)
        with pytest.raises(AssertionError, match="no scenario claimed"):
            lab.finish()


def test_a_given_configuration_stands_alone(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {_TLS} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        with pytest.raises(LabError, match="stands alone"):
            lab.start(given=made.given(), workers=2)


def test_fifty_sites_stand_side_by_side(folder: Folder) -> None:
    http = ON + "".join(
        f"server {{ listen 443 ssl; server_name n{n}.example.org; ssl_certificate {n}.pem;"
        f"ssl_certificate_key {n}.key; }}\n"
        for n in range(50)
    )
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        for site in made.twin.sites[::7]:
            visit(made, lab, site)


def test_a_stream_is_stapled_where_nginx_staples_there(folder: Folder) -> None:
    able = server().within(">=1.27.2") and all(map(server().has, ("stream", "stream_ssl_module")))
    text = (
        "events {} http {} stream { resolver 192.0.2.53; ssl_stapling on;"
        f"server {{ listen 853 ssl; {_TLS} proxy_pass up.example:53; }} server {{ listen 53; }} }}"
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


def test_the_example_of_the_page(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    page = (repository() / "docs" / "drill-twin.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    conf = folder.conf(f"server {{ listen 443 ssl; server_name a.example.org; {_TLS} {ON} }}")
    here = block.replace("/etc/nginx/nginx.conf", str(conf))
    exec(here.replace('"local", None', f'"local", "{nginx()}"'), {})
    said = capsys.readouterr().out.splitlines()
    assert said == ["a.example.org on asked for at ocsp.ca.example NO_STAPLE"]


@pytest.mark.parametrize(("size", "made"), [(48, 48), (80, 80), (7, 80), (None, 80)])
def test_a_ticket_key_is_random_and_as_large(folder: Folder, size: int | None, made: int) -> None:
    ground = Ground({}, {}, 80, "", Pki(folder.path, {}), folder.path / "twin")
    original = folder.path / "ticket.key"
    if size is not None:
        original.write_bytes(b"x" * size)
    octets = ground.secret("ticket.key", original).read_bytes()
    assert len(octets) == made
    assert b"xxx" not in octets
