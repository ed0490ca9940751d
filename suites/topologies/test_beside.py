"""A program of a scenario's own beside nginx: a relay, the responder of OpenSSL."""

from __future__ import annotations

from staplelab.hosts.base import Endpoint
from staplelab.parts.program import Program
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED

RELAY = '''
"""Passes connections on: RELAY ADDRESS PORT TO-ADDRESS TO-PORT."""

import socketserver
import socket
import sys
import threading


def copy(source, sink):
    while octets := source.recv(65536):
        sink.sendall(octets)
    sink.shutdown(socket.SHUT_WR)


class Relay(socketserver.BaseRequestHandler):
    def handle(self):
        print("passed on", flush=True)
        with socket.create_connection((sys.argv[3], int(sys.argv[4]))) as onward:
            there = threading.Thread(target=copy, args=(self.request, onward))
            there.start()
            copy(onward, self.request)
            there.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server((sys.argv[1], int(sys.argv[2])), Relay).serve_forever(poll_interval=None)
'''


def relay(lab: Lab, at: Endpoint) -> Program:
    script = lab.file("relay.py", RELAY)
    onward = (lab.address("responder"), lab.responder.port)
    argv = ["python3", script, at.address, at.port, *onward]
    return lab.beside(argv, name="relay", at=at)


def test_relay(lab: Lab) -> None:
    """A relay between nginx and the responder, which ssl_stapling_responder names."""
    at = lab.endpoint()
    program = relay(lab, at)
    lab.start(directives=(f"ssl_stapling_responder http://{at}/;",))
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert program.lines() == ["passed on"]


def test_relay_that_dies(lab: Lab) -> None:
    """While it is away nobody accepts: the old staple serves on, and the next fetch finds the relay
    again."""
    at = lab.endpoint()
    relay(lab, at)
    lab.start(directives=(f"ssl_stapling_responder http://{at}/;",))
    lab.handshake()
    lab.settle(connections=1)
    lab.kill("relay")
    lab.step(3601)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(refused=1)
    lab.claim(REFUSED)
    lab.claim("OCSP responder prematurely closed connection")
    lab.revive("relay")
    lab.step(301)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert lab.handshake().staple["produced_at"] == lab.now


def test_relay_that_stops(lab: Lab) -> None:
    """It accepts and passes nothing on: 60 s."""
    at = lab.endpoint()
    relay(lab, at)
    lab.pause("relay")
    lab.start(directives=(f"ssl_stapling_responder http://{at}/;",))
    lab.handshake()
    lab.settle()
    lab.step(61)
    lab.settle()
    lab.claim("OCSP responder timed out (110: Connection timed out)")
    assert lab.handshake().verdict == "NO_STAPLE"


def test_the_responder_of_openssl(lab: Lab) -> None:
    """`openssl ocsp -port` in the place of ours, of whose responses the lab knows nothing: the
    client alone judges the staple."""
    lab.exempt("staple-origin", "OpenSSL's responder has sent it")
    issuing, at = lab.certificate("issuing"), lab.endpoint()
    index = lab.file("index.txt", "V\t400101000000Z\t\t1001\tunknown\t/CN=www\n")
    signer = ["-CA", issuing.file, "-rsigner", issuing.file, "-rkey", issuing.private_key]
    # certificates in it would make it longer on one host than on the other: they name a port
    sent = ["-nmin", "90", "-resp_no_certs"]
    argv = ["openssl", "ocsp", "-port", at.port, "-index", index, *signer, *sent]
    program = lab.beside(argv, at=at)
    lab.start(directives=(f"ssl_stapling_responder http://{at}/;",))
    for seconds in (0, 3601):
        lab.step(seconds)
        lab.handshake()
        lab.settle()
        good = lab.handshake()
        assert good.verdict == "GOOD"
        assert good.staple["produced_at"] == lab.now
    assert len(program.lines("GET /")) == 2
    assert lab.responder.requests() == []
