"""nginx's configuration as written for a scenario, from the certificates of its run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest

from staplelab.servers import config
from staplelab.servers.config import Configuration, Site, describe, describe_site
from staplelab.errors import LabError
from staplelab.parts.pki import Pki
from staplelab.servers.sut import ServerUnderTest, read_version

STUB = "127.1.2.53:5353"


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """A folder as pki-mint leaves it, without the files that only nginx reads."""

    def entry(name: str, leaf: bool) -> dict[str, Any]:
        return {
            "serial": "1001",
            "certificate": f"{name}.pem",
            "private_key": f"{name}.key",
            "ocsp_urls": ["http://ocsp.staplelab.test:8080/"],
            **({"chain": f"{name}.chain.pem", "trusted": f"{name}.trusted.pem"} if leaf else {}),
        }

    names = {"root": False, "www": True, "www-rsa": True}
    manifest = {"certificates": {name: entry(name, leaf) for name, leaf in names.items()}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return Pki.load(tmp_path)


def server(without: str = "", version: str = "1.28.0", added: str = "") -> ServerUnderTest:
    library = ("OpenSSL", "3.5.2", "OpenSSL 3.5.2")
    return ServerUnderTest(
        "/opt/nginx", version, *library, debug=False, without=without, added=added
    )


def render(
    pki: Pki, configuration: Configuration, user: str = "root", without: str = "", **server_is: str
) -> str:
    return configuration.render(
        pki=pki,
        folder=Path("/run/lab/scenario"),
        user=user,
        listen="127.1.2.2:443",
        barrier="127.1.2.2:80",
        resolver=STUB,
        server=server(without, **server_is),
        clock=("CLOCK_FILE", "CLOCK_FORM"),
    )


def directives(text: str, name: str) -> list[str]:
    """The arguments of every such directive, comments aside."""
    return re.findall(rf"^\s*{name} ([^;]*);", text, re.MULTILINE)


def servers(text: str) -> list[str]:
    """The server{} blocks, the barrier's first."""
    return re.findall(r"^    server \{\n(.*?)^    \}\n", text, re.MULTILINE | re.DOTALL)


def site(pki: Pki, **choices: Any) -> str:
    """The server{} of the only site."""
    _, tls = servers(render(pki, Configuration(sites=(Site(**choices),))))
    return tls


# ----- the certificates of a run -----


def test_certificates_know_their_files(pki: Pki) -> None:
    www = pki.certificates["www"]
    assert (www.id, www.serial) == ("www", "1001")
    assert www.ocsp_urls == ("http://ocsp.staplelab.test:8080/",)
    assert (www.file, www.private_key) == (pki.folder / "www.pem", pki.folder / "www.key")
    assert (www.chain, www.trusted) == (
        pki.folder / "www.chain.pem",
        pki.folder / "www.trusted.pem",
    )
    root = pki.certificates["root"]
    assert (root.chain, root.trusted) == (None, None)


def test_a_certificate_that_is_not_there_is_named_with_those_that_are(pki: Pki) -> None:
    with pytest.raises(LabError) as refused:
        render(pki, Configuration(sites=(Site(certificates=("wwww",)),)))
    assert str(refused.value) == "the PKI has no certificate 'wwww'; it has: root, www, www-rsa"


# ----- the configuration -----


def test_of_one_site(pki: Pki) -> None:
    text = render(pki, Configuration())
    barrier, tls = servers(text)
    assert directives(barrier, "listen") == ["127.1.2.2:80"]
    assert directives(barrier, "add_header") == ["Worker $pid"]
    assert directives(tls, "listen") == ["127.1.2.2:443 ssl"]
    assert directives(tls, "server_name") == ["www.staplelab.test"]
    assert directives(tls, "ssl_stapling") == directives(tls, "ssl_stapling_verify") == ["on"]
    assert directives(tls, "resolver") == [STUB]
    assert directives(text, "worker_processes") == ["1"]
    assert directives(text, "worker_connections") == ["64"]
    assert directives(text, "error_log") == ["/run/lab/scenario/error.log info"]
    assert directives(text, "pid") == ["/run/lab/scenario/nginx.pid"]
    assert text.count("{") == text.count("}")


def test_what_stays_over_a_binary_upgrade(pki: Pki) -> None:
    kept = directives(render(pki, Configuration()), "env")
    names = ["LD_PRELOAD", "NSS_WRAPPER_HOSTS", "NSS_WRAPPER_DISABLE_DEEPBIND"]
    sanitizer, clock = ["ASAN_OPTIONS", "UBSAN_OPTIONS"], ["CLOCK_FILE", "CLOCK_FORM"]
    assert kept == names + sanitizer + clock


@pytest.mark.parametrize(("user", "directive"), [("root", ["root"]), ("", [])])
def test_user(pki: Pki, user: str, directive: list[str]) -> None:
    """Workers of root stay root: they read the folder of the run, which belongs to it alone."""
    assert directives(render(pki, Configuration(), user), "user") == directive


@pytest.mark.parametrize(
    ("choices", "file"),
    [({}, "www.chain.pem"), ({"chain": True}, "www.chain.pem"), ({"chain": False}, "www.pem")],
)
def test_chain_or_leaf_alone(pki: Pki, choices: dict[str, Any], file: str) -> None:
    tls = site(pki, **choices)
    assert directives(tls, "ssl_certificate") == [str(pki.folder / file)]
    assert directives(tls, "ssl_certificate_key") == [str(pki.folder / "www.key")]


def test_several_certificates_keep_their_order_and_the_first_is_trusted(pki: Pki) -> None:
    tls = site(pki, certificates=("www-rsa", "www"), chain=False)
    files = [str(pki.folder / name) for name in ("www-rsa.pem", "www.pem")]
    keys = [str(pki.folder / name) for name in ("www-rsa.key", "www.key")]
    assert directives(tls, "ssl_certificate") == files
    assert directives(tls, "ssl_certificate_key") == keys
    assert directives(tls, "ssl_trusted_certificate") == [str(pki.folder / "www-rsa.trusted.pem")]


@pytest.mark.parametrize("choice", ["stapling", "verify"])
@pytest.mark.parametrize("on", [True, False])
def test_stapling_and_its_verification_are_chosen_apart(pki: Pki, choice: str, on: bool) -> None:
    tls = site(pki, **{choice: on})
    words = {"stapling": "on", "verify": "on", choice: "on" if on else "off"}
    assert directives(tls, "ssl_stapling") == [words["stapling"]]
    assert directives(tls, "ssl_stapling_verify") == [words["verify"]]


def test_no_trusted_file(pki: Pki) -> None:
    assert directives(site(pki, trusted=False), "ssl_trusted_certificate") == []


@pytest.mark.parametrize(
    ("resolver", "written"),
    [
        ("lab", [STUB]),
        (None, []),
        ("[::1]:53 valid=1s ipv6=off", ["[::1]:53 valid=1s ipv6=off"]),
        (f"{STUB} 127.1.2.54:53", [f"{STUB} 127.1.2.54:53"]),
    ],
)
def test_resolver(pki: Pki, resolver: str | None, written: list[str]) -> None:
    assert directives(site(pki, resolver=resolver), "resolver") == written


def test_further_directives_come_last(pki: Pki) -> None:
    tls = site(pki, directives=("ssl_stapling_file /x;", "resolver_timeout 5s;"))
    assert directives(tls, "resolver_timeout") == ["5s"]
    assert tls.index("resolver ") < tls.index("ssl_stapling_file /x;") < tls.index("timeout")


def test_a_plain_site_has_only_what_it_says(pki: Pki) -> None:
    tls = site(pki, plain=True, directives=("ssl_stapling on;",))
    assert [line.strip() for line in tls.splitlines()] == [
        "listen 127.1.2.2:443 ssl;",
        "server_name www.staplelab.test;",
        f"ssl_certificate {pki.folder / 'www.chain.pem'};",
        f"ssl_certificate_key {pki.folder / 'www.key'};",
        "ssl_stapling on;",
        "try_files /nothing =204;",
    ]


@pytest.mark.parametrize(
    ("version", "listen", "directive"),
    [("1.22.1", "127.1.2.2:443 ssl http2", []), ("1.25.1", "127.1.2.2:443 ssl", ["on"])],
)
def test_http2(pki: Pki, version: str, listen: str, directive: list[str]) -> None:
    """A word of `listen` at first, then a directive."""
    text = render(pki, Configuration((Site(http2=True),)), version=version)
    assert listen in directives(text, "listen")
    assert directives(text, "http2") == directive
    without = render(pki, Configuration((Site(),)), version=version)
    assert not directives(without, "http2") and "ssl http2" not in without


def test_a_site_in_stream(pki: Pki) -> None:
    """It stands there alone, with all that it says, and http{} has the barrier still."""
    sites = (Site(stream=True, http_directives=("map $a $b { }",)), Site(server_name="http.test"))
    text = render(pki, Configuration(sites), added="stream stream_ssl_module")
    http, _, stream = text.partition("\nstream {")
    assert directives(http, "server_name") == ["http.test"]
    assert directives(stream, "server_name") == ["www.staplelab.test"]
    assert directives(stream, "ssl_stapling") == ["on"]
    assert directives(stream, "return") == ['""'] and "try_files" not in stream
    assert "map $a $b { }" in stream and "map $a" not in http
    assert "add_header Worker" in http and "load_module" not in text
    assert "stream {" not in render(pki, Configuration((Site(),)))


@pytest.mark.parametrize("said", ["return 1;", "proxy_pass 127.0.0.1:1;"])
def test_a_site_in_stream_that_says_something(pki: Pki, said: str) -> None:
    site = Site(stream=True, directives=(said,))
    text = render(pki, Configuration((site,)), added="stream=/x/stream.so")
    assert 'return "";' not in text and said in text
    assert text.index("load_module /x/stream.so;") < text.index("events {")


def test_a_file_as_chain_and_another_as_trusted(pki: Pki) -> None:
    tls = site(pki, chain=Path("/x/chain.pem"), trusted=Path("/x/ca.pem"))
    assert directives(tls, "ssl_certificate") == ["/x/chain.pem"]
    assert directives(tls, "ssl_certificate_key") == [str(pki.folder / "www.key")]
    assert directives(tls, "ssl_trusted_certificate") == ["/x/ca.pem"]


def test_the_files_of_another_certificate(pki: Pki) -> None:
    other = pki.certificates["www-rsa"]
    tls = site(pki, chain=other, trusted=other)
    assert directives(tls, "ssl_certificate") == [str(pki.folder / "www-rsa.chain.pem")]
    assert directives(tls, "ssl_trusted_certificate") == [str(pki.folder / "www-rsa.trusted.pem")]


def test_an_authority_is_its_own_file(pki: Pki) -> None:
    root = pki.certificates["root"]
    tls = site(pki, chain=root, trusted=root)
    assert directives(tls, "ssl_certificate") == [str(pki.folder / "root.pem")]
    assert directives(tls, "ssl_trusted_certificate") == [str(pki.folder / "root.pem")]


def test_one_file_is_not_the_chain_of_two_certificates(pki: Pki) -> None:
    with pytest.raises(LabError, match="one file as chain is for one certificate"):
        site(pki, certificates=("www", "www-rsa"), chain=Path("/x"))


@pytest.mark.parametrize("plain", [False, True])
def test_an_included_file_comes_last(pki: Pki, plain: bool) -> None:
    tls = site(pki, plain=plain, directives=("ssl_stapling_file /x;",), include=Path("/y.conf"))
    assert directives(tls, "include") == ["/y.conf"]
    assert tls.index("/x;") < tls.index("include ")


def test_directives_of_http_stand_before_their_site(pki: Pki) -> None:
    one = Site(server_name="one.test")
    two = Site(server_name="two.test", http_directives=("map $uri $x {}", "upstream u {}"))
    text = render(pki, Configuration(sites=(one, two)))
    order = ["one.test", "map $uri $x {}", "upstream u {}", "two.test"]
    assert sorted(order, key=text.index) == order
    assert "upstream" not in "".join(servers(text))


def test_several_sites(pki: Pki) -> None:
    sites = (Site(server_name="one.test"), Site(server_name="two.test", certificates=("www-rsa",)))
    _, one, two = servers(render(pki, Configuration(sites=sites)))
    assert directives(one, "server_name") == ["one.test"]
    assert directives(two, "server_name") == ["two.test"]
    assert directives(two, "ssl_certificate") == [str(pki.folder / "www-rsa.chain.pem")]


def test_choices_of_the_whole_server(pki: Pki) -> None:
    configuration = Configuration(
        workers=3, worker_connections=16, main="timer_resolution 1s;", http="keepalive_timeout 0;"
    )
    text = render(pki, configuration)
    assert directives(text, "worker_processes") == ["3"]
    assert directives(text, "worker_connections") == ["16"]
    assert text.index("timer_resolution 1s;") < text.index("events {")
    assert text.index("http {") < text.index("keepalive_timeout 0;") < text.index("server {")


def test_what_a_template_needs_and_lacks_is_an_error(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = jinja2.DictLoader({"nginx.conf.j2": "{{ forgot }}"})
    lacking = config._TEMPLATES.overlay(loader=loader)
    monkeypatch.setattr(config, "_TEMPLATES", lacking)
    with pytest.raises(jinja2.UndefinedError, match="forgot"):
        render(pki, Configuration())


def test_the_timeline_names_what_is_not_the_default() -> None:
    assert describe(Configuration()) == {}
    changed = Configuration(
        workers=2, http="x;", sites=(Site(verify=False),), upgradable=True, log_level="debug"
    )
    assert describe(changed) == {
        "workers": 2,
        "http": "x;",
        "upgradable": True,
        "log_level": "debug",
    }


def test_the_timeline_names_files_as_every_run_does(pki: Pki) -> None:
    choices = {"chain": pki.certificates["www"], "trusted": Path("/tmp/x/ca.pem"), "verify": False}
    assert describe_site(choices) == {"chain": "www", "trusted": "ca.pem", "verify": False}


@pytest.mark.parametrize(("upgradable", "word"), [(False, "off"), (True, "on")])
def test_a_daemon_can_be_upgraded(pki: Pki, upgradable: bool, word: str) -> None:
    text = render(pki, Configuration(upgradable=upgradable))
    assert directives(text, "daemon") == [word]


# ----- what nginx is built without -----

#: the modules whose directives the template may have
ALL = (
    "configure arguments: --with-http_ssl_module --without-http_rewrite_module "
    "--without-http_proxy_module --without-http_fastcgi_module --without-http_uwsgi_module "
    "--without-http_scgi_module --without-http-cache --without-pcre"
)


@pytest.mark.parametrize(
    ("without", "stores"),
    [
        ("", {"proxy", "fastcgi", "uwsgi", "scgi"}),
        ("http_proxy_module", {"fastcgi", "uwsgi", "scgi"}),
        ("http_uwsgi_module http_scgi_module", {"proxy", "fastcgi"}),
        ("http-cache pcre", {"proxy", "fastcgi", "uwsgi", "scgi"}),
    ],
)
def test_a_module_that_is_not_there_has_no_folder(
    pki: Pki, without: str, stores: set[str]
) -> None:
    text = render(pki, Configuration(), without=without)
    found = set(re.findall(r"^ *(\w+)_temp_path ", text, re.MULTILINE))
    assert found == {"client_body", *stores}


def test_with_ssl_alone_nothing_of_another_module_is_left(pki: Pki) -> None:
    said = f"nginx version: nginx/1.28.0\nbuilt with OpenSSL 3.5.2 5 Aug 2025\n{ALL}\n"
    text = render(pki, Configuration(), without=read_version("/opt/nginx", said).without)
    names = set(re.findall(r"^ *([a-z_]+)(?= [^;{]*;)", text, re.MULTILINE))
    of_the_core = {
        *("daemon", "user", "worker_processes", "pid", "error_log", "env", "worker_connections"),
        *("client_body_temp_path", "access_log", "listen", "server_name", "resolver"),
        *("add_header", "try_files"),
    }
    assert {name for name in names if not name.startswith("ssl_")} == of_the_core
