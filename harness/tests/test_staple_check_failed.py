"""staple-check and servers that end badly: a failure is one, whatever they had sent before."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from staple_check import check, check_one, run
from staple_pki import Hierarchy

#: ECDHE-ECDSA-AES128-GCM-SHA256, and an empty status_request
SERVER_HELLO = b"\x03\x03" + bytes(32) + bytes.fromhex("00c02b00000400050000")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Hierarchy:
    return Hierarchy(tmp_path_factory.mktemp("pki"))


def message(kind: int, body: bytes) -> bytes:
    """A handshake message, in records of 16 KiB."""
    whole = bytes([kind]) + len(body).to_bytes(3, "big") + body
    pieces = (whole[at : at + 16384] for at in range(0, len(whole), 16384))
    return b"".join(b"\x16\x03\x03" + len(one).to_bytes(2, "big") + one for one in pieces)


def status(response: bytes) -> bytes:
    return message(22, b"\x01" + len(response).to_bytes(3, "big") + response)


def flight(pki: Hierarchy, *more: bytes) -> bytes:
    """TLS 1.2 up to the Certificate: for that nobody needs a key."""
    der = pki.www.certificate.public_bytes(serialization.Encoding.DER)
    entry = len(der).to_bytes(3, "big") + der
    certificate = message(11, len(entry).to_bytes(3, "big") + entry)
    return message(2, SERVER_HELLO) + certificate + b"".join(more)


def stay(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while peer.recv(4096):
            pass


def close(peer: socket.socket) -> None:
    peer.shutdown(socket.SHUT_WR)
    stay(peer)


def alert(peer: socket.socket) -> None:
    peer.sendall(bytes.fromhex("15030300020228"))
    stay(peer)


def hello_requests(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer.sendall(message(0, b"") * 1000)


@contextlib.contextmanager
def saying(octets: bytes, then: Callable[[socket.socket], None] = stay) -> Iterator[str]:
    """HOST:PORT of a server that reads a ClientHello, says this, and then does that."""

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.recv(4096)
            peer.sendall(octets)
            then(peer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.mark.parametrize(("then", "words"), [
    (stay, "the time allowed is over"),
    (close, "the server closed the connection"),
    (alert, "alert handshake failure"),
    (hello_requests, "the time allowed is over"),
])
def test_a_captured_staple_and_no_key(
    pki: Hierarchy, tmp_path: Path, then: Callable[[socket.socket], None], words: str
) -> None:
    """The exit code is 3 (`check_one` sees to that), and the JSON says what was seen."""
    staple = pki.response()
    options = ["--trusted", pki.issuing.pem, "--timeout-ms", "300", "--staple-out", tmp_path / "s"]
    with saying(flight(pki, status(staple)), then) as server:
        found = check_one(*options, server)
    assert set(found) == {"try", "verdict", "error", "seen"}
    assert found["verdict"] is None
    assert words in found["error"]
    seen = found["seen"]
    assert (seen["staple_verdict"], seen["protocol"]) == ("GOOD", "TLSv1.2")
    assert seen["staple"]["octets"] == len(staple)
    assert seen["leaf"]["serial"] == "1001"
    assert [one["serial"] for one in seen["chain"]] == ["1001"]
    assert (tmp_path / "s").read_bytes() == staple


def test_a_failure_before_the_staple_says_nothing_of_it(pki: Hierarchy) -> None:
    with saying(flight(pki), close) as server:
        seen = check_one(server)["seen"]
    assert (seen["staple"], seen["staple_verdict"]) == (None, None)
    assert seen["leaf"]["serial"] == "1001"


@pytest.mark.parametrize(("octets", "words", "staple"), [
    (message(22, bytes.fromhex("01000000")), "the CertificateStatus is empty", True),
    (message(22, bytes.fromhex("02000000")), "the CertificateStatus is malformed", False),
    (message(22, bytes.fromhex("0100000578")), "the CertificateStatus is malformed", False),
    (message(22, b""), "the CertificateStatus is malformed", False),
])
def test_malformed_ones(pki: Hierarchy, octets: bytes, words: str, staple: bool) -> None:
    with saying(flight(pki, octets)) as server:
        found = check_one(server)
    assert found["error"] == f"the handshake failed: {words}"
    assert (found["seen"]["staple"] is not None) == staple


def test_a_large_staple_and_no_key(pki: Hierarchy) -> None:
    with saying(flight(pki, status(bytes(20000))), close) as server:
        found = check_one(server)
    assert "and the server has not proven its key" in found["error"]
    assert found["seen"]["staple"]["octets"] == 20000


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_large_staple_of_another_library(pki: Hierarchy, tmp_path: Path, version: str) -> None:
    """GnuTLS sends what OpenSSL does not take."""
    staple = tmp_path / "staple.der"
    staple.write_bytes(pki.response(signer=pki.delegate, more=[pki.delegate.certificate] * 60))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pki.www.pem.read_bytes() + pki.issuing.pem.read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    priority = "NORMAL:-VERS-ALL:+VERS-TLS" + version
    command = ["gnutls-serv", "--quiet", "--port", str(port), "--x509certfile", chain,
               "--x509keyfile", pki.www.key_file, "--ocsp-response", staple, "--priority",
               priority]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            *_, found = check("--until", "GOOD", "--within", "20s", "--interval", "50ms",
                              f"127.0.0.1:{port}")
        finally:
            server.kill()
    assert found["verdict"] == "GOOD", found
    assert found["protocol"] == f"TLSv{version}"
    assert found["staple"]["octets"] == staple.stat().st_size > 16384
    large = "too-large-for-openssl" in [one["remark"] for one in found["remarks"]]
    assert large == (version == "1.2")


def test_the_time_allowed_is_for_all_of_it(pki: Hierarchy) -> None:
    begun = time.monotonic()
    with saying(b"", hello_requests) as server:
        found = check_one("--timeout-ms", "200", "--tls", "1.2", server)
    assert found["error"] == "the handshake failed: the time allowed is over"
    assert time.monotonic() - begun < 20


def test_urls_of_a_failed_handshake(pki: Hierarchy) -> None:
    with saying(flight(pki), close) as server:
        done = run("--urls", server)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("staple-check: the handshake failed: ")
