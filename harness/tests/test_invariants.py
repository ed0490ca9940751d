"""What holds at the end of every scenario: each rule is broken once, and says what is wrong."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from lab_run import LabRun, nginx

from staplelab.parts.client import Handshake
from staplelab.scenario.invariants import INVARIANTS, Facts, violations
from staplelab.servers.error_log import Line

Event = dict[str, Any]

HOST = "ocsp.staplelab.test"
DER = b"\x30\x43" + bytes(67)
PATH = "/" + quote(base64.b64encode(DER).decode(), safe="")
OF_A_FETCH = f"while requesting certificate status, responder: {HOST}"
LEAF = 'certificate: "PKI/www.pem"'


def healthy() -> tuple[list[Event], list[Event], list[Handshake], list[Line], list[str]]:
    """One look-up, one fetch, one staple, one line: nothing is wrong with it."""
    length = len(f"GET {PATH} HTTP/1.0\r\nHost: {HOST}\r\n\r\n")
    request = {
        "kind": "request",
        "connection": 1,
        "method": "GET",
        "path": PATH,
        "host": HOST,
        "http_version": "1.0",
        "headers": 1,
        "serials": ["1001"],
        "certificates": ["www"],
        "hash_algorithms": ["sha1"],
        "nonce": False,
        "octets": 69,
    }
    asked = [
        {"kind": "accept", "connection": 1},
        request,
        {"kind": "response", "connection": 1, "octets": 457, "sha256": "aa"},
        {"kind": "close", "connection": 1, "received": length},
    ]
    queried: list[Event] = [
        {
            "kind": "query",
            "qname": HOST,
            "qtype": family,
            "octets": 37,
            "flags": 0x0100,
            "edns": False,
            "transport": "udp",
            "planned": [],
        }
        for family in ("A", "AAAA")
    ]
    facts = {
        "leaf": {"serial": "1001"},
        "staple": {"octets": 457, "trailing_octets": 0, "sha256": "aa"},
    }
    log = [Line("error", f"OCSP responder timed out {OF_A_FETCH}, peer: 127.0.0.1:80, {LEAF}")]
    return asked, queried, [Handshake("GOOD", "", None, False, facts)], log, []


def held(
    change: Callable[..., Any] | None = None, *exempt: str, verbatim: bool = True
) -> list[str]:
    """What is wrong once this has been changed: it gets requests, queries and so on by name."""
    asked, queried, handshakes, log, configurations = healthy()
    if change is not None:
        change(asked, queried, handshakes[0].facts, log, configurations)
    urls = [f"http://{HOST}:80/"]
    facts = Facts([asked], queried, handshakes, log, urls, configurations, verbatim)
    return violations(facts, exempt)


def test_nothing_is_wrong() -> None:
    assert held() == []


def in_request(**members: Any) -> Callable[..., None]:
    return lambda asked, *_: asked[1].update(members)


def in_close(**members: Any) -> Callable[..., None]:
    return lambda asked, *_: asked[3].update(members)


def in_query(**members: Any) -> Callable[..., None]:
    return lambda _, queried, *__: queried[0].update(members)


def in_staple(**members: Any) -> Callable[..., None]:
    return lambda *all: all[2]["staple"].update(members)


def in_log(level: str, text: str) -> Callable[..., None]:
    return lambda *all: all[3].append(Line(level, text))


def again(asked: list[Event], *_: Any) -> None:
    """The request stands twice in its connection."""
    asked.insert(2, asked[1])


def missing(asked: list[Event], *_: Any) -> None:
    del asked[1]


BROKEN = {
    "post": (in_request(method="POST"), "a request by POST of HTTP/1.0 with 1 headers"),
    "http-1.1": (in_request(http_version="1.1"), "a request by GET of HTTP/1.1 with 1 headers"),
    "headers": (in_request(headers=2), "a request by GET of HTTP/1.0 with 2 headers"),
    "other-host": (in_request(host="elsewhere"), "a request with Host elsewhere"),
    "port": (in_request(host=f"{HOST}:80"), f"a request with a port in Host {HOST}"),
    "two-certificates": (
        in_request(serials=["1001", "1002"], certificates=["www", "www-rsa"], octets=71),
        "a request for the certificates ['www', 'www-rsa']",
    ),
    "unknown-certificate": (
        in_request(certificates=[None]),
        "a request for the certificates [None]",
    ),
    "sha256": (
        in_request(hash_algorithms=["sha256"]),
        "a request with CertIDs of ['sha256'] and no nonce",
    ),
    "nonce": (in_request(nonce=True), "a request with CertIDs of ['sha1'] and a nonce"),
    "der": (in_request(octets=70), "a request of 70 octets of DER, where 69 are needed"),
    "unescaped": (in_request(path="/MA+/"), "a request with the path /MA+/"),
    "small-letters": (in_request(path=f"{PATH}%3d"), f"a request with the path {PATH}%3d"),
    "other-path": (in_request(path=f"/{PATH}"), f"a request with the path /{PATH}"),
    "no-request": (in_request(problem="not DER"), "a request that is none: not DER"),
    "white-space": (in_close(received=1), "a request of 1 octets, where"),
    "twice": (again, "a connection with 2 requests"),
    "none": (missing, "a connection with 0 requests"),
    "other-octets": (
        in_staple(sha256="bb"),
        "a staple of 457 octets that no responder has sent for 1001",
    ),
    "padded": (
        in_staple(sha256="bb", octets=458, trailing_octets=1),
        "a staple of 458 octets that no responder has sent for 1001",
    ),
    "other-certificate": (
        in_request(serials=["1002"]),
        "a staple of 457 octets that no responder has sent for 1001",
    ),
    "type": (in_query(qtype="TXT"), f"a query for {HOST} TXT"),
    "name": (in_query(qname="elsewhere", octets=27), "a query for elsewhere A"),
    "flags": (in_query(flags=0x0101), f"a query for {HOST} A with the flags 0x0101"),
    "edns": (in_query(edns=True, octets=48), f"a query for {HOST} A of 48 octets with EDNS"),
    "tcp": (in_query(transport="tcp"), f"a query for {HOST} A over TCP"),
    "malformed": (in_query(kind="malformed", why="too short"), "a query that is none: too short"),
    "one-family": (in_query(qtype="AAAA"), "0 queries for A and 2 for AAAA"),
    "no-context": (
        in_log("error", "OCSP responder timed out"),
        "a line that does not say of which fetch it is: [error] OCSP responder timed out",
    ),
    "no-peer": (
        in_log("error", f"OCSP responder timed out {OF_A_FETCH}, {LEAF}"),
        "a line that does not say of which fetch it is",
    ),
    "no-context-of-openssl": (
        in_log("error", "OCSP_basic_verify() failed (SSL: error:1)"),
        "a line that does not say of which fetch it is",
    ),
    "no-context-of-a-socket": (
        in_log("error", "recv() failed (104: Connection reset by peer)"),
        "a line that does not say of which fetch it is",
    ),
    "a-number-too-many": (
        in_log("error", f"OCSP_x() failed (SSL: e) (1: x) {OF_A_FETCH}, peer: [::1]:80, {LEAF}"),
        "a line with the number of an error where there was none: [error] OCSP_x() failed (SSL:",
    ),
    "no-certificate": (
        in_log("error", f"{HOST} could not be resolved (3: Host not found) {OF_A_FETCH}"),
        "a line that does not say of which fetch it is",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_told(name: str) -> None:
    change, told = BROKEN[name]
    wrong = held(change)
    assert any(one.startswith(f"nginx: {told}") for one in wrong), wrong


def invariant_of(sentence: str) -> str:
    return sentence.rpartition("(")[2].rstrip(")")


def test_each_can_fail_and_none_if_exempt() -> None:
    failed = {invariant_of(one) for change, _ in BROKEN.values() for one in held(change)}
    assert failed == set(INVARIANTS)
    for change, _ in BROKEN.values():
        assert held(change, *INVARIANTS) == []


def test_the_same_is_told_once() -> None:
    def all_by_post(asked: list[Event], *_: Any) -> None:
        asked[1]["method"] = "POST"
        asked += [{**event, "connection": 2} for event in asked]

    assert len([one for one in held(all_by_post) if "POST" in one]) == 1


RIGHT = {
    "a fault has decided before the request was read": lambda asked, *_: (
        asked[0].update(planned=["rst-on-accept"]),
        asked.__delitem__(1),
        asked.__setitem__(1, {"kind": "held", "connection": 1}),
        _[1].update(staple=None),
    ),
    "nothing was read": lambda asked, *_: (
        asked.__delitem__(slice(1, 3)),
        asked[1].update(received=0),
        _[1].update(staple=None),
    ),
    "an alias": lambda _, queried, *__: (
        queried[0].update(qname="alias.test", octets=28),
        queried.append({"kind": "response", "answers": [f"{HOST} 60 CNAME alias.test"]}),
    ),
    "over TCP after a truncated response": lambda _, queried, *__: (
        queried[0].update(transport="tcp"),
        queried.append({"kind": "response", "truncated": True}),
    ),
    "a fault of one family": lambda _, queried, *__: (
        queried[0].update(planned=["nodata"], qtype="AAAA"),
    ),
    "one family alone": lambda *all: (
        all[1].pop(),
        all[4].append("resolver 127.0.0.1 ipv6=off;"),
    ),
    "the host of a directive": lambda *all: (
        all[0][1].update(host="relay"),
        all[0][3].update(received=all[0][3]["received"] - len(HOST) + len("relay")),
        all[4].append("ssl_stapling_responder http://relay:81/;"),
    ),
    "a response that was longer than nginx's buffer": lambda *all: (
        all[0][2].update(octets=20000),
        all[2]["staple"].update(octets=16245, trailing_octets=15788, sha256="bb"),
    ),
    "a name that was not resolved has no peer": lambda *all: all[3].append(
        Line("error", f"{HOST} could not be resolved (3: Host not found) {OF_A_FETCH}, {LEAF}")
    ),
    "a look-up is no fetch": in_log(
        "error", "recv() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53"
    ),
    "a client's certificate is not named": lambda *all: (
        all[3].append(Line("error", f"OCSP responder timed out {OF_A_FETCH}, peer: 127.0.0.1:80")),
        all[4].append("ssl_ocsp leaf;"),
    ),
    "what is said of something else": in_log("error", "SSL_do_handshake() failed"),
    "a level that is not judged": in_log("info", "OCSP responder timed out"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_left_alone(name: str) -> None:
    assert held(RIGHT[name]) == []


def test_a_library_that_encodes_anew() -> None:
    """It drops what trails the response, so the staple is shorter; one that does not must not."""

    def shortened(asked: list[Event], _: Any, facts: Event, *__: Any) -> None:
        asked[2].update(octets=527, sha256="cc")
        facts["staple"].update(octets=457, sha256="dd")

    assert held(shortened, verbatim=False) == []
    assert len(held(shortened)) == 1


# ----- in a run -----

POST = "nginx: a request by POST of HTTP/1.0 with 3 headers (request-form)"
UNKNOWN = (
    "there is no invariant 'request-from'; the nearest is 'request-form'; accepted: "
    f"{', '.join(sorted(INVARIANTS))}"
)


def test_a_scenario_is_held_to_it_and_may_be_exempt(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets
    run = LabRun(folder, "staplelab", "run", *options, ".", scenarios="asking").end()
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert found == {
        "test_not_said": ("fail", POST),
        "test_said": ("pass", ""),
        "test_misspelt": ("error", UNKNOWN),
    }


@pytest.mark.parametrize(
    ("url", "host", "base"),
    [
        ("HTTP://OCSP.Staplelab.TEST:8080", "OCSP.Staplelab.TEST", "/"),
        ("http://[::1]:80/ocsp", "[::1]", "/ocsp/"),
        (f"http://{HOST}/a//b/?c=1#d", HOST, "/a//b/?c=1#d/"),
    ],
)
def test_forms_of_urls(url: str, host: str, base: str) -> None:
    """Host and path are those of the URL as they are written, and no others."""

    def change(asked: list[Event], *all: Any) -> None:
        path = base + PATH[1:]
        length = len(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n")
        asked[1].update(host=host, path=path)
        asked[3].update(received=length)
        all[-1].append(f"ssl_stapling_responder {url};")

    assert held(change) == []
    for member, wrong in (("host", host.swapcase()), ("path", f"/x{base}{PATH[1:]}")):

        def break_it(asked: list[Event], *all: Any) -> None:
            change(asked, *all)
            asked[1][member] = wrong

        if wrong != host:
            assert held(break_it) != []


def test_a_url_that_is_none() -> None:
    """nginx was given it, too, and asks nobody there."""
    assert held(lambda *all: all[-1].append("ssl_stapling_responder http://[::1/;")) == []
