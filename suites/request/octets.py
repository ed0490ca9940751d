"""A request as RFC 6960 writes it, made without OpenSSL's code for OCSP; and a relay that tells
what has come."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote

from staplelab.hosts.base import Endpoint
from staplelab.parts.program import Program
from staplelab.scenario.lab import Lab

#: AlgorithmIdentifier: id-sha1, NULL
_SHA1 = bytes.fromhex("300906052b0e03021a0500")

RELAY = '''
"""Passes requests on, and writes each down: RELAY ADDRESS PORT TO-ADDRESS TO-PORT WAY."""

import re
import socket
import socketserver
import sys
from urllib.parse import quote, unquote

ADDRESS, PORT, TO, TO_PORT, WAY = sys.argv[1:]


def as_it_is(path):
    return path


def merged(path):
    return re.sub("/+", "/", path)


def decoded(path):
    return quote(unquote(path), safe="/+=")


def decoded_and_merged(path):
    return merged(decoded(path))


class Relay(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while not head.endswith(b"\\r\\n\\r\\n"):
            octets = self.request.recv(65536)
            if not octets:
                return
            head += octets
        print(head.hex(), flush=True)
        method, path, rest = head.decode().split(" ", 2)
        head = " ".join((method, globals()[WAY](path), rest)).encode()
        with socket.create_connection((TO, int(TO_PORT))) as onward:
            onward.sendall(head)
            while octets := onward.recv(65536):
                self.request.sendall(octets)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server((ADDRESS, int(PORT)), Relay).serve_forever(poll_interval=None)
'''


class Recorder:
    """A relay between nginx and the responder."""

    def __init__(self, lab: Lab, way: str = "as_it_is") -> None:
        self.at: Endpoint = lab.endpoint()
        script = lab.file("relay.py", RELAY)
        onward = (lab.address("responder"), lab.responder.port)
        argv = ["python3", "-SE", script, self.at.address, self.at.port, *onward, way]
        self._program: Program = lab.beside(argv, name="relay", at=self.at)

    def requests(self) -> list[bytes]:
        """What nginx has sent, octet by octet."""
        return [bytes.fromhex(line) for line in self._program.lines()]


def _der(tag: int, *parts: bytes) -> bytes:
    """An element of fewer than 128 octets."""
    content = b"".join(parts)
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def _hashes(lab: Lab, issuer: str) -> tuple[bytes, bytes]:
    """SHA-1 of an authority's name and of its key."""
    done = lab.run(
        "openssl", "x509", "-noout", "-ocspid", "-in", str(lab.certificate(issuer).file)
    )
    found = re.findall(r"OCSP hash: ([0-9A-F]{40})", done.stdout)
    assert len(found) == 2, done.stdout
    return bytes.fromhex(found[0]), bytes.fromhex(found[1])


def request(lab: Lab, certificate: str, issuer: str = "issuing") -> bytes:
    """OCSPRequest (4.1.1): no version, no requestorName, one Request of a CertID alone, no
    extension, no signature."""
    name, key = _hashes(lab, issuer)
    number = int(lab.certificate(certificate).serial, 16)
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
    cert_id = _der(0x30, _SHA1, _der(0x04, name), _der(0x04, key), _der(0x02, serial))
    # TBSRequest holds the requestList, a sequence of Requests
    return _der(0x30, _der(0x30, _der(0x30, _der(0x30, cert_id))))


def get(der: bytes, base: str, host: str) -> bytes:
    """As a GET of HTTP/1.0 (A.1): the base64 of it percent-encoded."""
    path = base + quote(base64.b64encode(der).decode(), safe="")
    return f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode()
