"""faulty-ocspd under control: its rules find the requests that they name, its states and its
accounts are right, and what it does not understand is refused in one clear line."""

from __future__ import annotations

import gc
import json
import resource
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from ocspd import PROGRAM, Ocspd, get, mint, ocsp_request, running
from program_environment import environment

from staplelab.parts.control import ControlError
from staplelab.waiting import BOUND_SECONDS, until


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    arguments = ["--pki", str(mint(folder, "aia-forms")), "--listen", "127.0.0.1:0"]
    arguments += ["--listen", "any=0.0.0.0:0"]
    with running(folder, mint(folder), *arguments) as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd) -> Iterator[Ocspd]:
    program.reset()
    yield program
    program.reset()


# ----- rules find their requests -----

MATCHES = [
    ({"listener": "0"}, {"listener": "any"}),
    ({"client": "127.0.0.1"}, {"client": "127.0.0.2"}),
    ({"serial": "1001"}, {"serial": "1005"}),
    ({"serial": "0x00:10:01"}, {"serial": "10"}),
    ({"certificate": "www"}, {"certificate": "other"}),
    ({"method": "get"}, {"method": "POST"}),
    ({"path": "/ocsp/"}, {"path": "/"}),
    ({"host": "OCSP.staplelab.test"}, {"host": "staplelab.test"}),
    ({"http_version": "HTTP/1.0"}, {"http_version": "1.1"}),
]


@pytest.mark.parametrize(("same", "other"), MATCHES)
def test_a_rule_serves_what_it_matches(
    ocspd: Ocspd, same: dict[str, str], other: dict[str, str]
) -> None:
    request = get(ocsp_request(ocspd.pki), "/ocsp/").replace(b"ocsp.staplelab", b"OCSP.Staplelab")
    rule = {"sequence": [{"do": [{"fault": "http-5xx"}]}]}
    ocspd.rules({"match": other, **rule})
    assert ocspd.fetch(request).status == 200
    ocspd.rules({"match": same, **rule})
    assert ocspd.fetch(request).status == 503
    assert [event["faults"] for event in ocspd.events("response")] == [[], ["http-5xx"]]


@pytest.mark.parametrize(
    "match", [{"client": "localhost"}, {"serial": "xyz"}, {"path": "ocsp"}, {"http_version": "2"}]
)
def test_a_value_that_nothing_can_have_is_refused(ocspd: Ocspd, match: dict[str, str]) -> None:
    with pytest.raises(ControlError) as refused:
        ocspd.rules({"match": match, "sequence": [{"do": []}]})
    assert refused.value.problem["pointer"] == f"/0/match/{next(iter(match))}"


@pytest.mark.parametrize(
    ("use", "pointer", "wanted"),
    [
        ({"fault": "signed-by-other-ca", "signer": "nobody"}, "signer", "GET /v1/certificates"),
        ({"fault": "wrong-serial", "serial": "no hex"}, "serial", "128 digits of hex"),
    ],
)
def test_parameters_are_held_against_the_certificates(
    ocspd: Ocspd, use: dict[str, Any], pointer: str, wanted: str
) -> None:
    ocspd.fault("http-4xx")
    with pytest.raises(ControlError) as refused:
        ocspd.rules({"id": "mine", "sequence": [{"times": 1, "do": []}, {"do": [use]}]})
    assert refused.value.problem["pointer"] == f"/0/sequence/1/do/0/{pointer}"
    assert wanted in refused.value.problem["detail"]
    assert ocspd.fetch().status == 404  # what was in force stays


# ----- the control API's own resources -----


def test_certificates_are_listed_and_set(ocspd: Ocspd) -> None:
    call = ocspd.control.call
    entries = call("GET", "/v1/certificates")["certificates"]
    listed = {entry["certificate"]: entry for entry in entries}
    assert listed["www"] == call("GET", "/v1/certificates/0x1001")
    assert listed["www"]["status"] == "good"
    assert listed["no-aia"]["issuer"] == "issuing"
    changed = call("PUT", "/v1/certificates/1001", {"validity": None, "this_update": -5})
    assert changed == {**listed["www"], "validity": None, "this_update": -5}
    response = ocsp.load_der_ocsp_response(ocspd.fetch().body)
    assert response.next_update is None
    call("PUT", "/v1/certificates/1001", {"status": "unknown"})
    response = ocsp.load_der_ocsp_response(ocspd.fetch().body)
    assert response.certificate_status is OCSPCertStatus.UNKNOWN
    assert call("DELETE", "/v1/certificates/1001") == listed["www"]
    assert ocspd.fetch() == ocspd.healthy
    call("PUT", "/v1/certificates/1001", {"status": "revoked"})
    assert call("GET", "/v1/certificates/1001")["revocation_time"] == "2030-01-01T00:00:00Z"
    call("POST", "/v1/reset", {})
    assert ocspd.fetch() == ocspd.healthy


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/v1/certificates/1001", {"status": "fine"}, 400),
        ("PUT", "/v1/certificates/1001", None, 400),
        ("PUT", "/v1/certificates/ffff", {}, 404),
        ("GET", "/v1/certificates/www", None, 404),
        ("POST", "/v1/certificates/1001", {}, 405),
        ("DELETE", "/v1/certificates", None, 405),
        ("GET", "/v1/certificate", None, 404),
    ],
)
def test_wrong_calls_are_refused(
    ocspd: Ocspd, method: str, path: str, body: Any, status: int
) -> None:
    with pytest.raises(ControlError) as refused:
        ocspd.control.call(method, path, body)
    assert refused.value.status == status
    assert ocspd.fetch() == ocspd.healthy


def test_metrics_count(ocspd: Ocspd) -> None:
    def read() -> dict[str, float]:
        name = ocspd.pki.parent / "control"
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(name))
            control.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            text = b"".join(iter(lambda: control.recv(65536), b"")).decode()
        lines = [line.split(" ") for line in text.splitlines() if line.startswith("faulty_ocspd_")]
        return {line[0]: float(line[1]) for line in lines}

    before = read()
    peer = ocspd.connect()
    ocspd.wait("accept")
    ocspd.fetch()
    after = {name: value - before[name] for name, value in read().items()}
    assert after["faulty_ocspd_connections_total"] == 2
    assert after["faulty_ocspd_requests_total"] == 1
    assert after["faulty_ocspd_responses_total"] == 1
    assert after["faulty_ocspd_connections_open"] in (1, 2)  # the second's close may be on its way
    peer.close()


# ----- what is owed -----


def test_owed_until_the_peer_has_closed(ocspd: Ocspd) -> None:
    peer = ocspd.connect()
    ocspd.wait("accept")
    with pytest.raises(ControlError, match="1 still owed"):
        ocspd.quiet(0)
    peer.send(ocspd.request[:10])
    ocspd.quiet()  # the rest is the peer's business
    peer.send(ocspd.request[10:])
    ocspd.wait("response")
    with pytest.raises(ControlError, match="1 still owed"):
        ocspd.quiet(0)
    assert peer.drain() == ocspd.healthy
    ocspd.quiet()
    assert len(ocspd.events("close")) == 1


def test_reset_closes_stalled_connections_and_numbers_go_on(ocspd: Ocspd) -> None:
    ocspd.fault("accept-then-silence")
    peer = ocspd.connect()
    number = ocspd.wait("held")["connection"]
    ocspd.control.call("POST", "/v1/reset", {})
    assert peer.drain().octets == b""
    assert ocspd.control.call("GET", "/v1/events")["events"] == []
    ocspd.fetch()
    assert ocspd.wait("accept")["connection"] == number + 1


def test_who_comes_when_descriptors_have_run_out_waits(ocspd: Ocspd) -> None:
    pid = ocspd.ready["pid"]
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    gc.collect()  # none that an earlier test has forgotten may close later and make room
    ocspd.quiet()
    first = ocspd.connect()
    # not a long poll: its timer has a descriptor, and leaves a gap below that of the connection
    until(lambda: len(ocspd.events("accept")) == 1, "the connection to be accepted")
    taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
    lowest_free = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, before[1]))
    second = ocspd.connect().send(ocspd.request)
    ocspd.control.call("GET", "/v1/ready")
    assert second.has_nothing()
    (line,) = ocspd.said().splitlines()
    assert line == "faulty-ocspd: listener 0 cannot accept: Too many open files"
    first.close()
    assert second.drain() == ocspd.healthy
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


# ----- the command line -----


def refused(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [PROGRAM, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_wrong_arguments_end_in_one_line(ocspd: Ocspd, tmp_path: Path) -> None:
    pki = ["--pki", str(ocspd.pki)]
    listen = ["--listen", "127.0.0.1:0"]
    address, port = ocspd.place()
    rules = tmp_path / "rules.json"
    use = {"fault": "signed-by-other-ca", "signer": "nobody"}
    rules.write_text(json.dumps([{"sequence": [{"do": [use]}]}]))
    for arguments, status, named in (
        (listen, 1, "--pki DIR"),
        ([*listen, "--pki", str(tmp_path)], 2, "manifest.json: No such file"),
        ([*listen, *pki, "--validity", "soon"], 2, '--validity "soon"'),
        ([*listen, *pki, "--validity", "-1"], 2, '--validity "-1"'),
        ([*listen, *pki, "--validity", ""], 2, "--validity"),
        ([*pki, "--listen", f"{address}:{port}"], 1, "already in use"),
        ([*listen, *pki, "--listen", f"{address}:{port}"], 1, "already in use"),
        ([*listen, *pki, "--rules", str(rules)], 1, '"nobody"'),
    ):
        code, said = refused(*arguments)
        assert (code, said.count("\n")) == (status, 1), said
        assert said.startswith("faulty-ocspd: ")
        assert named in said


def test_validity_may_come_in_any_place(tmp_path: Path) -> None:
    arguments = ["--listen", "127.0.0.1:0", "--validity", "60"]
    with running(tmp_path, mint(tmp_path), *arguments) as ocspd:
        sent = ocspd.events("response")[0]
        assert sent["next_update"] - sent["this_update"] == 60
