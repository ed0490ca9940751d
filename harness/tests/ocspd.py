"""A running faulty-ocspd on the lab clock, and clients that see its octets."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from program_environment import environment
from staplelab.parts.clock import EPOCH, LabClock
from staplelab.parts.control import ControlClient
from staplelab.waiting import BOUND_SECONDS
from staplelab.places import build_folder, key_pool_option, repository

PROGRAM = str(build_folder() / "bin" / "faulty-ocspd")
#: what the frozen clock makes of the Date header
DATE = "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"

Event = dict[str, Any]


def mint(folder: Path, profile: str = "standard") -> Path:
    """The certificates of a profile, for the instant at which the lab clock starts."""
    minted = folder / f"pki-{profile}"
    subprocess.run(
        [
            str(build_folder() / "bin" / "pki-mint"),
            f"--now={EPOCH}",
            *key_pool_option(),
            "--set=ocsp_port=8080",
            "--set=ocsp_address=127.0.0.1",
            str(repository() / "pki" / "profiles" / f"{profile}.json"),
            str(minted),
        ],
        check=True,
    )
    return minted


def certificate(pki: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((pki / f"{name}.pem").read_bytes())


def ocsp_request(
    pki: Path, name: str = "www", algorithm: hashes.HashAlgorithm | None = None, nonce: bytes = b""
) -> bytes:
    """The DER of a request for a certificate, with a CertID in SHA-1 as nginx asks."""
    issuer = json.loads((pki / "manifest.json").read_text())["certificates"][name]["issuer"]
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate(pki, name), certificate(pki, issuer), algorithm or hashes.SHA1()
    )
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def get(der: bytes, prefix: str = "/") -> bytes:
    """A request just as nginx sends it."""
    path = urllib.parse.quote(base64.b64encode(der), safe="")
    return f"GET {prefix}{path} HTTP/1.0\r\nHost: ocsp.staplelab.test\r\n\r\n".encode()


def post(der: bytes, path: str = "/") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(der)}\r\n\r\n"
    return head.encode() + der


@dataclass(frozen=True)
class Wire:
    """All that came over one connection, and how it ended: "fin" or "rst"."""

    octets: bytes
    end: str

    @property
    def head(self) -> str:
        return self.octets[: self.octets.index(b"\r\n\r\n") + 4].decode()

    @property
    def body(self) -> bytes:
        return self.octets[self.octets.index(b"\r\n\r\n") + 4 :]

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1])

    def headers(self, name: str) -> list[str]:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:] if line]
        return [value for key, _, value in lines if key == name]


class Peer:
    """One connection to the responder."""

    def __init__(self, address: str, port: int) -> None:
        self.socket = socket.create_connection((address, port), BOUND_SECONDS)

    def send(self, octets: bytes) -> Peer:
        self.socket.sendall(octets)
        return self

    def take(self, length: int) -> bytes:
        """Exactly that many octets."""
        taken = b""
        while len(taken) < length:
            more = self.socket.recv(length - len(taken))
            assert more, f"the connection ended {length - len(taken)} octets early"
            taken += more
        return taken

    def drain(self) -> Wire:
        """Everything up to the end of the connection."""
        octets = bytearray()
        try:
            while more := self.socket.recv(65536):
                octets += more
        except ConnectionResetError:
            return Wire(bytes(octets), "rst")
        finally:
            self.socket.close()
        return Wire(bytes(octets), "fin")

    def has_nothing(self) -> bool:
        """Whether neither octets nor an end have come so far."""
        return select.select([self.socket], [], [], 0)[0] == []

    def close(self) -> None:
        self.socket.close()


class Ocspd:
    """The program, its certificates, its control API and its clock."""

    def __init__(
        self, process: subprocess.Popen[str], control: ControlClient, clock: LabClock, pki: Path
    ) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"faulty-ocspd did not start: {clock.path.with_name('log').read_text()}"
        self.ready = json.loads(line)
        self.control = control
        self.clock = clock
        self.pki = pki
        self.log = clock.path.with_name("log")
        self._peers: list[Peer] = []
        #: what nginx asks for www, and the octets that a healthy responder sends: the clock
        #: stands and RSA signatures are deterministic, so they are the same each time
        self.request = get(ocsp_request(pki))
        self.healthy = self.fetch()

    def place(self, listener: str = "0") -> tuple[str, int]:
        for entry in self.ready["listeners"]:
            if entry["name"] == listener:
                return entry["address"], entry["port"]
        raise AssertionError(f"no listener {listener}")

    def connect(self, listener: str = "0") -> Peer:
        peer = Peer(*self.place(listener))
        self._peers.append(peer)
        return peer

    def ask(self, request: bytes = b"") -> Peer:
        return self.connect().send(request or self.request)

    def fetch(self, request: bytes = b"") -> Wire:
        return self.ask(request).drain()

    def certificate(self, name: str) -> x509.Certificate:
        return certificate(self.pki, name)

    def rules(self, *rules: dict[str, Any]) -> int:
        return int(self.control.call("PUT", "/v1/rules", list(rules))["generation"])

    def fault(self, name: str, **params: Any) -> None:
        self.rules({"sequence": [{"do": [{"fault": name, **params}]}]})

    def events(self, kind: str) -> list[Event]:
        return [e for e in self.control.call("GET", "/v1/events")["events"] if e["kind"] == kind]

    def wait(self, kind: str, count: int = 1) -> Event:
        """The last of `count` events of that kind."""
        wanted = {"match": {"kind": kind}, "count": count, "since": 0, "bound_ms": 5000}
        event: Event = self.control.call("POST", "/v1/events/wait", wanted)["events"][count - 1]
        return event

    def quiet(self, bound_ms: int = 5000) -> None:
        self.control.call("POST", "/v1/quiet", {"bound_ms": bound_ms})

    def elapse(self, seconds: float) -> None:
        """Moves the clock, wakes the program and lets it do what is due; none of the connections
        may get all of its response by that, since their ends would be owed."""
        self.clock.move(wall=seconds, monotonic=seconds)
        self.control.call("GET", "/v1/ready")

    def said(self) -> str:
        """What it has written to standard error since last asked: at its end that is nothing."""
        text = self.log.read_text()
        os.truncate(self.log, 0)
        return text

    def reset(self) -> None:
        for peer in self._peers:
            peer.close()
        self._peers.clear()
        self.clock.rewind()
        self.control.call("POST", "/v1/reset", {"seed": 1})


def verifies(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """The signature over the octets as they were sent; InvalidSignature otherwise."""
    key = signer.public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(response.signature, response.tbs_response_bytes, PKCS1v15(), hashes.SHA256())


def healthy_head(ocspd: Ocspd) -> str:
    """The head of a healthy response, as it must be."""
    return (
        f"HTTP/1.1 200 OK\r\n{DATE}Content-Type: application/ocsp-response\r\n"
        f"Content-Length: {len(ocspd.healthy.body)}\r\nConnection: close\r\n\r\n"
    )


@contextmanager
def running(folder: Path, pki: Path, *arguments: str) -> Iterator[Ocspd]:
    """Starts the program; its end must be clean, which under the sanitizers means no leak."""
    clock = LabClock(folder / "clock")
    path = folder / "control"
    log = folder / "log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [PROGRAM, "--control", f"unix:{path}", "--pki", str(pki), *arguments],
            env=environment(clock.path),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    control = ControlClient("faulty-ocspd", path)
    try:
        yield Ocspd(process, control, clock, pki)
        process.terminate()
        status = process.wait(BOUND_SECONDS)
        assert (status, log.read_text()) == (0, ""), f"status {status}: {log.read_text()}"
    finally:
        control.close()
        process.kill()
        process.communicate()
        clock.close()


Test = Callable[[Ocspd], None]


def proves(fault: str, *kinds: str) -> Callable[[Test], Test]:
    """Marks a test as the proof of a fault: an event of each kind must tell that it happened."""

    def mark(test: Test) -> Test:
        test.proof_of = (fault, kinds or ("response",))  # type: ignore[attr-defined]
        return test

    return mark


def proof(program: Ocspd, test: Test) -> Iterator[Ocspd]:
    """The fixture of such tests: a healthy program before, the events' witness after."""
    program.reset()
    yield program
    if hasattr(test, "proof_of"):
        fault, kinds = test.proof_of
        for kind in kinds:
            told = [event["faults"] for event in program.events(kind) if "faults" in event]
            assert [fault] in told, f"no {kind} event tells {fault}: {told}"
    assert program.events("problem") == []
    program.reset()
