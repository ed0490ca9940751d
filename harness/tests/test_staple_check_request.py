"""staple-check --get, and the certificate that a client presents."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from staple_check import EXIT, run
from staple_pki import Hierarchy
from tls_server import head_of, responding, serving

WELL = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Hierarchy:
    return Hierarchy(tmp_path_factory.mktemp("pki"))


def check(*arguments: Any) -> tuple[int, dict[str, Any]]:
    done = run(*arguments)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_a_response_leaves_the_verdict_as_it_is(pki: Hierarchy) -> None:
    with serving(pki.www, responding(WELL)) as server:
        status, found = check("--get", "/", server)
    assert (status, found["verdict"]) == (EXIT["NO_STAPLE"], "NO_STAPLE")
    assert found["http"] == {"status": 200, "octets": 2, "body": "ok"}


def test_an_error_status_is_a_response(pki: Hierarchy) -> None:
    text = "HTTP/1.1 400 Bad Request\r\n\r\nno"
    with serving(pki.www, responding(text)) as server:
        status, found = check("--get", "/", server)
    assert (status, found["http"]["status"]) == (EXIT["NO_STAPLE"], 400)


def test_without_it_there_is_no_request(pki: Hierarchy) -> None:
    seen: list[str] = []
    with serving(pki.www, lambda peer: seen.append(head_of(peer))) as server:
        assert "http" not in check(server)[1]
    assert seen == [""]


@pytest.mark.parametrize("name", [None, "www.staplelab.test"])
def test_the_request(pki: Hierarchy, name: str | None) -> None:
    seen: list[str] = []
    with serving(pki.www, lambda peer: seen.append(head_of(peer))) as server:
        check("--get", "/a?b=c", *(("--servername", name) if name else ()), server)
    host = server if name is None else f"{name}:{server.rpartition(':')[2]}"
    assert seen == [f"GET /a?b=c HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"]


@pytest.mark.parametrize(("text", "http"), [
    ("", {"status": None, "error": "the request failed: the server closed the connection"}),
    ("HTTP/1.1 200 OK\r\n", {
        "status": None, "error": "the request failed: the response was cut short within its head"}),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {
        "status": 200, "error": "the request failed: the response was cut short: 2 of 9 octets of "
                                "its body came"}),
    ("HTTP/1.1 200 OK\r\n\r\n" + 70_000 * "x", {
        "status": 200, "error": "the request failed: the response has more than 65536 octets"}),
    ("220 mail\r\n", {
        "status": None, "error": "the request failed: what came is no HTTP/1 response"}),
], ids=["nothing", "half-a-head", "half-a-body", "too-long", "other"])
def test_no_whole_response_is_status_4(pki: Hierarchy, text: str, http: dict[str, Any]) -> None:
    with serving(pki.www, responding(text)) as server:
        status, found = check("--get", "/", server)
    assert (status, found["verdict"], found["http"]) == (4, "NO_STAPLE", http)


def test_a_silent_server_ends_in_time(pki: Hierarchy) -> None:
    with serving(pki.www, lambda peer: [peer.recv(4096), peer.recv(4096)] and None) as server:
        status, found = check("--get", "/", "--timeout-ms", "300", server)
    assert status == 4
    assert found["http"]["error"] == "the request failed: the time allowed is over"


def own(pki: Hierarchy) -> tuple[Any, ...]:
    return "--cert", pki.other.pem, "--key", pki.other.key_file


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_certificate_is_presented(pki: Hierarchy, version: str) -> None:
    seen: list[Any] = []

    def serve(peer: Any) -> None:
        seen.append(peer.getpeercert()["serialNumber"])
        responding(WELL)(peer)

    with serving(pki.www, serve, ask=str(pki.other.pem)) as server:
        status, found = check("--tls", version, "--get", "/", *own(pki), server)
    assert (status, found["http"]["status"], seen) == (12, 200, ["1002"])


def test_its_refusal_under_tls_1_3_comes_as_an_alert(pki: Hierarchy) -> None:
    """RFC 8446 section 6.2: certificate_required is 116, unknown_ca 48."""
    for arguments, alert in (((), 116), (own(pki), 48)):
        with serving(pki.www, silent_if_accepted, ask=str(pki.rogue.pem)) as server:
            status, found = check("--tls", "1.3", "--get", "/", *arguments, server)
        assert (status, found["verdict"], found["http"]["status"]) == (4, "NO_STAPLE", None)
        assert found["http"]["alert"] == alert
        assert found["http"]["error"].startswith("the request failed: tls")


def silent_if_accepted(peer: Any) -> None:
    raise AssertionError("the client was accepted")


def test_its_refusal_under_tls_1_2_ends_the_handshake(pki: Hierarchy) -> None:
    with serving(pki.www, silent_if_accepted, ask=str(pki.rogue.pem)) as server:
        status, found = check("--tls", "1.2", "--get", "/", server)
    assert (status, found["verdict"]) == (3, None)
    assert "http" not in found


def test_a_locked_key_asks_nobody(pki: Hierarchy, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(["openssl", "pkey", "-in", pki.other.key_file, "-aes128", "-passout", "pass:x",
                    "-out", locked], check=True)
    done = run("--cert", pki.other.pem, "--key", locked, "h:1", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr == (f"staple-check: --key {locked}: no private key in it; a PEM one without "
                           "a passphrase is accepted\n")


def test_a_key_of_another_certificate(pki: Hierarchy) -> None:
    done = run("--cert", pki.other.pem, "--key", pki.www.key_file, "h:1")
    assert done.returncode == 2
    assert done.stderr == (f"staple-check: --key {pki.www.key_file} is not the key of the first "
                           f"certificate in --cert {pki.other.pem}\n")
