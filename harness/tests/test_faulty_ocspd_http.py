"""Every fault of faulty-ocspd's layer "http" does on the wire what its name says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ocspd import Ocspd, Wire, healthy_head, mint, plain, proof, proves, running


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    with running(folder, mint(folder), "--listen", "127.0.0.1:0") as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd, request: pytest.FixtureRequest) -> Iterator[Ocspd]:
    yield from proof(program, request.function)


# ----- HTTP status -----


@proves("http-4xx")
def test_http_4xx(ocspd: Ocspd) -> None:
    ocspd.fault("http-4xx")
    assert ocspd.fetch() == plain("404 Not Found")
    answer = ocspd.wait("answer")
    assert (answer["http_status"], answer["response_status"], answer["octets"]) == (404, None, 0)
    ocspd.fault("http-4xx", code=429, content_type="text/html")
    assert ocspd.fetch() == plain("429 Too Many Requests", "Content-Type: text/html")


@proves("http-5xx")
def test_http_5xx(ocspd: Ocspd) -> None:
    ocspd.fault("http-5xx")
    assert ocspd.fetch() == plain("503 Service Unavailable")
    ocspd.fault("http-5xx", code=502)
    assert ocspd.fetch() == plain("502 Bad Gateway")


@proves("http-redirect")
def test_http_redirect(ocspd: Ocspd) -> None:
    ocspd.fault("http-redirect")
    assert ocspd.fetch() == plain("302 Found", "Location: /moved")
    ocspd.fault("http-redirect", code=308, target="https://x/")
    assert ocspd.fetch() == plain("308 Permanent Redirect", "Location: https://x/")


@proves("captive-portal")
def test_captive_portal(ocspd: Ocspd) -> None:
    ocspd.fault("captive-portal")
    for request in (ocspd.request, b"GET /anything HTTP/1.0\r\n\r\n"):
        wire = ocspd.fetch(request)
        assert (wire.status, wire.headers("Content-Type")) == (200, ["text/html"])
        assert wire.body.startswith(b"<!DOCTYPE html>")
        assert wire.headers("Content-Length") == [str(len(wire.body))]
    assert ocspd.wait("answer", 2)["response_status"] is None


@proves("fail-first-n")
def test_fail_first_n(ocspd: Ocspd) -> None:
    ocspd.fault("fail-first-n")
    failed = plain("503 Service Unavailable")
    assert [ocspd.fetch() for _ in range(3)] == [failed, ocspd.healthy, ocspd.healthy]
    ocspd.fault("fail-first-n", n=2, code=500)
    assert [ocspd.fetch().status for _ in range(3)] == [500, 500, 200]


# ----- HTTP framing and headers -----


@proves("garbage-then-close")
def test_garbage_then_close(ocspd: Ocspd) -> None:
    ocspd.fault("garbage-then-close")
    wire = ocspd.fetch()
    assert (len(wire.octets), wire.octets[0], wire.end) == (64, 0, "fin")
    assert ocspd.fetch() == wire
    assert ocspd.wait("answer")["http_status"] is None
    ocspd.fault("garbage-then-close", bytes=1)
    assert ocspd.fetch() == Wire(b"\0", "fin")


def head_becomes(ocspd: Ocspd, old: str, new: str) -> None:
    """The head differs from the healthy one in that only; the body does not differ."""
    changed = healthy_head(ocspd).replace(old, new)
    assert changed != healthy_head(ocspd)
    assert ocspd.fetch() == Wire(changed.encode() + ocspd.healthy.body, "fin")


@proves("content-type-wrong")
def test_content_type_wrong(ocspd: Ocspd) -> None:
    ocspd.fault("content-type-wrong")
    head_becomes(ocspd, "application/ocsp-response", "text/html")
    # the answer itself is still there, and told
    assert ocspd.wait("answer")["cert_status"] == "good"
    ocspd.fault("content-type-wrong", value="application/pkix-crl")
    head_becomes(ocspd, "application/ocsp-response", "application/pkix-crl")


@proves("content-type-missing")
def test_content_type_missing(ocspd: Ocspd) -> None:
    ocspd.fault("content-type-missing")
    head_becomes(ocspd, "Content-Type: application/ocsp-response\r\n", "")


@proves("content-type-params")
def test_content_type_params(ocspd: Ocspd) -> None:
    ocspd.fault("content-type-params")
    head_becomes(ocspd, "ocsp-response\r\n", "ocsp-response; charset=utf-8\r\n")
    ocspd.fault("content-type-params", value="APPLICATION/OCSP-RESPONSE;a=b")
    head_becomes(ocspd, "application/ocsp-response", "APPLICATION/OCSP-RESPONSE;a=b")


@proves("content-length-too-long")
def test_content_length_too_long(ocspd: Ocspd) -> None:
    length = len(ocspd.healthy.body)
    ocspd.fault("content-length-too-long")
    head_becomes(ocspd, f"Length: {length}", f"Length: {length + 100}")
    ocspd.fault("content-length-too-long", n=1)
    head_becomes(ocspd, f"Length: {length}", f"Length: {length + 1}")


@proves("content-length-too-short")
def test_content_length_too_short(ocspd: Ocspd) -> None:
    length = len(ocspd.healthy.body)
    ocspd.fault("content-length-too-short")
    head_becomes(ocspd, f"Length: {length}", f"Length: {length - 100}")
    ocspd.fault("content-length-too-short", n=100000)
    head_becomes(ocspd, f"Length: {length}", "Length: 0")


@proves("chunked-to-http10")
def test_chunked_to_http10(ocspd: Ocspd) -> None:
    for params, chunks in (({}, 4), ({"chunks": 1}, 1)):
        ocspd.fault("chunked-to-http10", **params)
        wire = ocspd.fetch()
        assert wire.headers("Transfer-Encoding") == ["chunked"]
        assert wire.headers("Content-Length") == []
        left, pieces = wire.body, []
        while left:
            size, _, rest = left.partition(b"\r\n")
            pieces.append(rest[: int(size, 16)])
            assert rest[int(size, 16) :][:2] == b"\r\n"
            left = rest[int(size, 16) + 2 :]
        assert len(pieces) == chunks + 1
        assert pieces[-1] == b""
        assert b"".join(pieces) == ocspd.healthy.body


@proves("header-oversized")
def test_header_oversized(ocspd: Ocspd) -> None:
    for params, octets in (({}, 17000), ({"bytes": 100}, 100)):
        ocspd.fault("header-oversized", **params)
        wire = ocspd.fetch()
        (line,) = [line for line in wire.head.split("\r\n") if line.startswith("X-Padding")]
        assert len(line + "\r\n") == octets
        assert len(wire.octets) == len(ocspd.healthy.octets) + octets
        assert wire.body == ocspd.healthy.body


@proves("body-oversized")
def test_body_oversized(ocspd: Ocspd) -> None:
    for params, octets in (({}, 20000), ({"bytes": 1}, len(ocspd.healthy.body))):
        ocspd.fault("body-oversized", **params)
        wire = ocspd.fetch()
        assert wire.body == ocspd.healthy.body.ljust(octets, b"\0")
        assert wire.headers("Content-Length") == [str(octets)]


def test_layers_compose(ocspd: Ocspd) -> None:
    uses = [
        {"fault": "status-try-later"},
        {"fault": "content-type-wrong"},
        {"fault": "fixed-latency", "ms": 1000},
    ]
    ocspd.rules({"sequence": [{"do": uses}]})
    peer = ocspd.ask()
    ocspd.wait("held")
    assert peer.has_nothing()
    ocspd.elapse(1)
    wire = peer.drain()
    assert wire.body == b"\x30\x03\x0a\x01\x03"
    assert wire.headers("Content-Type") == ["text/html"]
    (request,) = ocspd.events("request")
    assert request["faults"] == [use["fault"] for use in uses]
