"""Responses that the lab's responder does not make: OpenSSL makes them, and a program beside nginx
sends each as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

CANNED = '''
"""Sends one response to whoever asks: CANNED ADDRESS PORT FILE."""

import pathlib
import socketserver
import sys


class Canned(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        print("asked", flush=True)
        body = pathlib.Path(sys.argv[3]).read_bytes()
        self.wfile.write(
            b"HTTP/1.0 200 OK\\r\\nContent-Type: application/ocsp-response\\r\\n\\r\\n" + body
        )


class Server(socketserver.TCPServer):
    allow_reuse_address = True


Server((sys.argv[1], int(sys.argv[2])), Canned).serve_forever(poll_interval=None)
'''


def ocsp(lab: Lab, *options: str) -> None:
    done = lab.run("openssl", "ocsp", "-issuer", str(lab.certificate("issuing").file), *options)
    assert done.status == 0, done.stderr


def from_the_responder(lab: Lab, *options: str) -> Path:
    """What the responder says to OpenSSL, which asks for more than nginx does."""
    lab.exempt("request-form", "openssl asks the responder, too")
    file = lab.file("response.der", "")
    url = f"http://{lab.address('responder')}:{lab.responder.port}/"
    ocsp(lab, *options, "-url", url, "-noverify", "-respout", str(file))
    return file


def stapled(lab: Lab, file: Path, asked_before: int) -> str:
    """What a client says of the staple that nginx makes of it."""
    at = lab.endpoint()
    argv = ["python3", lab.file("canned.py", CANNED), at.address, at.port, file]
    program = lab.beside(argv, name="canned", at=at)
    lab.start(Site(directives=(f"ssl_stapling_responder http://{at}/;",)))
    lab.settle(connections=asked_before, queries=0)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    assert program.lines() == ["asked"]
    return str(lab.handshake().verdict)


@pytest.mark.requirement("D6")
@pytest.mark.parametrize("order", [("other", "www"), ("www", "other")], ids=["second", "first"])
def test_several_single_responses(lab: Lab, order: tuple[str, str]) -> None:
    """About two certificates, of which nginx has one."""
    words = [word for name in order for word in ("-cert", str(lab.certificate(name).file))]
    file = from_the_responder(lab, "-no_nonce", *words)
    assert stapled(lab, file, 1) == "GOOD"
    (request,) = lab.responder.requests()
    assert sorted(request["serials"]) == ["1001", "1005"]


@pytest.mark.requirement("D17")
def test_a_nonce_that_nobody_asked_for(lab: Lab) -> None:
    file = from_the_responder(lab, "-nonce", "-cert", str(lab.certificate().file))
    assert stapled(lab, file, 1) == "GOOD"
    (request,) = lab.responder.requests()
    assert request["nonce"]


SIGNATURES = {
    "sha1": ("-rmd", "sha1"),
    "sha384": ("-rmd", "sha384"),
    "sha512": ("-rmd", "sha512"),
    "pss": ("-rmd", "sha256", "-rsigopt", "rsa_padding_mode:pss"),
}


@pytest.mark.requirement("D18")
@pytest.mark.parametrize("options", SIGNATURES.values(), ids=SIGNATURES)
def test_signature_algorithms(lab: Lab, options: tuple[str, ...]) -> None:
    """By a delegate with an RSA key; nginx leaves it to the TLS library which of them it takes."""
    lab.exempt("staple-origin", "openssl has made the response")
    request, file = lab.file("request.der", ""), lab.file("response.der", "")
    index = lab.file("index.txt", "V\t350101000000Z\t\t1001\tunknown\t/CN=www.staplelab.test\n")
    ocsp(lab, "-no_nonce", "-cert", str(lab.certificate().file), "-reqout", str(request))
    delegate = lab.certificate("delegate")
    done = lab.run(
        *("openssl", "ocsp", "-index", str(index), "-CA", str(lab.certificate("issuing").file)),
        *("-rsigner", str(delegate.file), "-rkey", str(delegate.private_key), "-ndays", "1"),
        *("-reqin", str(request), "-respout", str(file), *options),
    )
    assert done.status == 0, done.stderr
    assert stapled(lab, file, 0) == "GOOD"
