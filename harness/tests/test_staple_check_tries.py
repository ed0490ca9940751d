"""staple-check more than once: --interval, --until, --within, --resume; and --urls."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from staple_check import EXIT, check, run
from staple_pki import Hierarchy
from tls_server import head_of, responding, serving, silent


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Hierarchy:
    return Hierarchy(tmp_path_factory.mktemp("pki"))


def test_time_between_tries(pki: Hierarchy) -> None:
    begun = time.monotonic()
    with serving(pki.www, silent, silent, silent) as server:
        assert len(check("--tries", "3", "--interval", "200ms", server)) == 3
    assert time.monotonic() - begun >= 0.4


def test_until_a_verdict(pki: Hierarchy) -> None:
    """The third connection is the first one to be there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.www.pem, pki.www.key_file)

        def serve() -> None:
            for _ in range(2):
                listener.accept()[0].close()
            raw, _ = listener.accept()
            with context.wrap_socket(raw, server_side=True) as peer:
                silent(peer)

        thread = threading.Thread(target=serve)
        thread.start()
        found = check("--until", "NO_STAPLE", "--within", "20s", "--interval", "10ms",
                      f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert [one["verdict"] for one in found] == [None, None, "NO_STAPLE"]


def test_until_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    begun = time.monotonic()
    found = check("--until", "GOOD", "--within", "300ms", "--interval", "50ms", f"127.0.0.1:{port}")
    assert 0.3 <= time.monotonic() - begun < 20
    assert 1 < len(found) < 10


def test_within_is_a_bound_on_a_try_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begun = time.monotonic()
        found = check("--within", "300ms", f"127.0.0.1:{mute.getsockname()[1]}")
    assert "the time allowed is over" in found[0]["error"]
    assert time.monotonic() - begun < 4


def test_until_needs_a_bound() -> None:
    done = run("--until", "GOOD", "h:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "staple-check: --until needs --within TIME or --tries N beside it\n"


def test_resume_asks_once_where_tickets_are_missing(pki: Hierarchy, monkeypatch: pytest.MonkeyPatch
                                                    ) -> None:
    """A TLS 1.3 server without tickets: one more connection has a request, and is not reported."""
    seen: list[str] = []

    def note(peer: ssl.SSLSocket) -> None:
        peer.sendall(b"")
        seen.append(head_of(peer))

    make = ssl.SSLContext

    def without_tickets(*arguments: object) -> ssl.SSLContext:
        context = make(*arguments)  # type: ignore[arg-type]
        context.num_tickets = 0
        return context

    monkeypatch.setattr(ssl, "SSLContext", without_tickets)
    with serving(pki.www, note, note, note) as server:
        found = check("--resume", "--tls", "1.3", server)
    assert [one["resumed"] for one in found] == [False, False]
    assert [words.split("\r\n")[0] for words in seen] == ["", "GET / HTTP/1.1", ""]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_resume_asks_nothing_of_a_server_that_gives_tickets(pki: Hierarchy, version: str) -> None:
    seen: list[str] = []
    with serving(pki.www, *[lambda peer: seen.append(head_of(peer))] * 2) as server:
        found = check("--resume", "--tls", version, server)
    assert len(found) == 2
    assert seen == ["", ""]


def test_urls(pki: Hierarchy, tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(pki.www.pem.read_bytes() + pki.issuing.pem.read_bytes())
    chained = type("Chained", (), {"pem": tmp_path / "chain.pem", "key_file": pki.www.key_file})
    with serving(chained, silent) as server:
        done = run("--urls", server)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("0\t1001\t-\thttp://ocsp.staplelab.test/\tCN=www.staplelab.test\n"
                           "1\t2\t-\t-\tCN=Issuing\n")
    with serving(pki.must_staple, silent) as server:
        assert run("--urls", server).stdout.split("\t")[:4] == ["0", "1003", "must-staple", "-"]


def test_a_request_is_not_asked_twice(pki: Hierarchy) -> None:
    """With --get the tickets have come with the response, if there are any."""
    text = "HTTP/1.1 204 No Content\r\n\r\n"
    with serving(pki.www, responding(text), responding(text)) as server:
        done = run("--resume", "--get", "/", "--tls", "1.3", server)
    assert len(done.stdout.splitlines()) == 2
    assert done.returncode == EXIT["RESUMED_NO_STATUS"]
