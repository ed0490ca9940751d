"""A great many queries and requests, half of them with a fault, leave the memory where it was.

SOAK=1000000 (`make soak`) says how many of each; without it they are as many as a test may take.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import dnsd as name_server
import ocspd as responder
import pytest
from dns_wire import query

from staplelab.parts.clock import EPOCH
from staplelab.places import build_folder
from staplelab.waiting import BOUND_SECONDS

SOAK = int(os.environ.get("SOAK", "0"))
QUERIES, REQUESTS = SOAK or 100_000, SOAK or 10_000
#: how many are under way at a time
WINDOW = 50
SANITIZED = b"__asan_init" in (build_folder() / "bin" / "faulty-dnsd").read_bytes()
#: KiB that the allocator may need more than after the first tenth, however many follow
ROOM = 4096 if SANITIZED else 512
#: a signature by this key takes a fraction of one by RSA
_PKI = {
    "name": "soak",
    "authorities": [{"id": "root", "subject": "Soak Root CA", "key": "p256", "serial": "01"}],
    "leaves": [
        {"id": "www", "issuer": "root", "key": "p256", "names": ["www.staplelab.test"],
         "serial": "1001", "ocsp_urls": ["http://ocsp.staplelab.test/"]}
    ],
}  # fmt: skip
pytestmark = pytest.mark.timeout(60 + (QUERIES + REQUESTS) // 100)


@pytest.fixture(autouse=True)
def small_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sanitizer keeps what was freed; that is not the program's."""
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", f"{options}:quarantine_size_mb=1")


def half(fault: str) -> dict[str, Any]:
    """A rule that gives it to one in two."""
    return {"probability": 0.5, "sequence": [{"do": [{"fault": fault}]}]}


def peak(ready: dict[str, Any]) -> int:
    """The most memory that the program has had, in KiB."""
    status = Path(f"/proc/{ready['pid']}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1])


def rounds(count: int) -> tuple[int, int]:
    """How many windows come before the memory is looked at first, and how many after that."""
    return count // WINDOW // 10, count // WINDOW - count // WINDOW // 10


def test_queries_leave_the_memory_where_it_was(tmp_path: Path) -> None:
    arguments = ("--listen", "127.0.0.1:0", "--events", "64", "--record", "www.test/A=192.0.2.1")
    message = query("www.test")
    with name_server.running(tmp_path, *arguments) as dnsd:
        dnsd.rules(half("servfail"))
        client = dnsd.udp()

        def ask(windows: int) -> None:
            for _ in range(windows):
                for _ in range(WINDOW):
                    client.send(message)
                for _ in range(WINDOW):
                    assert len(client.receive()) >= len(message)

        first, rest = rounds(QUERIES)
        ask(first)
        before = peak(dnsd.ready)
        ask(rest)
        assert peak(dnsd.ready) - before < ROOM


def test_requests_leave_the_memory_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "soak.json").write_text(json.dumps(_PKI))
    mint = [build_folder() / "bin" / "pki-mint", f"--now={EPOCH}"]
    subprocess.run([*mint, tmp_path / "soak.json", tmp_path / "pki"], check=True)
    request = responder.post(responder.ocsp_request(tmp_path / "pki"))
    arguments = ("--listen", "127.0.0.1:0", "--events", "64")
    with responder.running(tmp_path, tmp_path / "pki", *arguments) as ocspd:
        ocspd.rules(half("status-try-later"))
        place = ocspd.place()

        def ask(windows: int) -> None:
            for _ in range(windows):
                clients = [socket.create_connection(place, BOUND_SECONDS) for _ in range(WINDOW)]
                for client in clients:
                    client.sendall(request)
                for client in clients:
                    octets = b""
                    while more := client.recv(65536):
                        octets += more
                    assert octets.startswith(b"HTTP/1.1 200 ")
                    client.close()

        first, rest = rounds(REQUESTS)
        ask(first)
        before = peak(ocspd.ready)
        ask(rest)
        assert peak(ocspd.ready) - before < ROOM
