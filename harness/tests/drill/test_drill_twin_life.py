"""The twin in the lab: what it does without, what nginx complains of, and its life."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from drill_originals import Folder
from drill_standing import ON, TLS, changes, read, server, standing, text_of, visit
from lab_run import nginx

from staplelab.drill.ground import Ground
from staplelab.drill.stand import stand
from staplelab.errors import LabError
from staplelab.parts.pki import Pki
from staplelab.places import repository
from staplelab.scenario.lab import Lab


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.certificate("a", "*.example.org")
    return made


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
            {TLS} {ON}
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
    twin = read(folder, f"server {{ listen 443 ssl; {TLS} ssl_dhparam dh.pem; }}")
    with pytest.raises(LabError, match="ssl_dhparam|PEM|DH"):
        with stand(twin):  # nginx has got the group, which is none
            pass


def test_a_directive_that_nginx_does_not_know_is_left_out(folder: Folder) -> None:
    http = f"ssl_nothing a; server {{ listen 443 ssl; {TLS} {ON} ssl_nothing b; ssl_other c; }}"
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
    http = f"http2 on; server {{ listen 443 ssl; {TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.start(given=made.given(workers=1))
        visit(made, lab, made.twin.sites[0])
    told = [one.hides for one in changes(made.twin, "version")]
    old = server().within("<1.25.1")
    assert told == (["HTTP/2 (needs nginx 1.25.1); stapling is the same without it"] if old else [])


def test_what_nginx_complains_of_has_the_places_of_the_original(folder: Folder) -> None:
    folder.write("conf.d/two.conf", f"\nserver {{ listen 443 ssl; server_name a; {TLS} }}\n" * 2)
    with standing(folder, "include conf.d/*;") as made:
        (complaint,) = made.twin.complaints
        assert complaint.text == 'conflicting server name "a" on *:443, ignored'


def test_a_configuration_that_nginx_refuses_is_refused_in_its_words(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {TLS} }}\nserver {{ listen 8443 ssl default_server; }}"
    refused = 'no "ssl_certificate" is defined for the "listen ... ssl" directive'
    with pytest.raises(LabError, match=refused):
        with stand(read(folder, http)):
            pass


# ----- its life -----


def test_a_twin_is_reloaded_and_restarted_as_others_are(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; server_name a.example.org; {TLS} {ON} }}"
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
    http = f"server {{ listen 443 ssl; server_name a.example.org; {TLS} {ON} }}"
    with standing(folder, http) as made, made.lab(Lab) as lab:
        lab.inject("status-try-later")
        lab.start(given=made.given(workers=1))
        made.handshake(lab, made.twin.sites[0])
        lab.settle(connections=1)
        with pytest.raises(AssertionError, match="no scenario claimed"):
            lab.finish()


def test_a_given_configuration_stands_alone(folder: Folder) -> None:
    http = f"server {{ listen 443 ssl; {TLS} }}"
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


def test_the_example_of_the_page(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    page = (repository() / "docs" / "drill-twin.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    conf = folder.conf(f"server {{ listen 443 ssl; server_name a.example.org; {TLS} {ON} }}")
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
