"""Bugs of stapling."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.world import OCSP_HOST
from staplelab.servers.config import Site

ECDSA = "ECDSA+SHA256"
RSA = "RSA-PSS+SHA256:RSA+SHA256"


def first_fetch(lab: Lab) -> None:
    """A client that comes first, and all that comes of it."""
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


def test_1_3_8_0d7a7e91c_a_server_without_a_certificate(lab: Lab) -> None:
    """It does not listen with TLS, so it needs none, and yet it says `ssl_stapling on`."""
    socket = lab.nginx.log_file.with_name("plain.sock")
    lab.start(http=f"server {{ listen unix:{socket}; ssl_stapling on; }}")
    first_fetch(lab)
    assert lab.handshake().verdict == "GOOD"


def test_1_5_1_1b10a9adf_revoked_is_logged(lab: Lab) -> None:
    """The line was made with a number in the place of a string, and the worker crashed."""
    lab.responder.certificate("1001", status="revoked")
    lab.start()
    first_fetch(lab)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.claim('certificate status "revoked" in the OCSP response')


def test_1_7_11_47c44355b_the_trusted_file_is_not_sent(lab: Lab) -> None:
    """Of a chain of one certificate one is sent, although its issuer is in the trusted file."""
    lab.start(chain=False)
    sent = lab.staple_check("--urls").stdout.splitlines()
    assert [line.split("\t")[1] for line in sent] == ["1001"]
    lab.settle(connections=1)
    lab.claim("OCSP_basic_verify() failed", times=None)


def test_1_9_2_cb3dcbb81_an_expired_staple_is_not_sent(lab: Lab) -> None:
    """nextUpdate is the last second in which it is."""
    lab.responder.certificate("1001", validity=120)
    lab.start()
    first_fetch(lab)
    lab.step(120)
    assert lab.handshake().verdict == "GOOD"
    lab.step(80)
    late = lab.handshake()
    lab.deviation("NGX-006", late.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle()


def test_1_9_2_cb3dcbb81_next_update_says_when_it_is_refreshed(lab: Lab) -> None:
    """300 s before it, where that is sooner than an hour."""
    lab.responder.certificate("1001", validity=1200)
    lab.start()
    first_fetch(lab)
    lab.step(901)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)


def test_1_9_3_3ac176fb8_no_next_update(lab: Lab) -> None:
    """The worker read what was not there, and crashed."""
    lab.responder.certificate("1001", validity=None)
    lab.start()
    first_fetch(lab)
    stapled = lab.handshake()
    lab.deviation("NGX-007", stapled.verdict, conforms="NO_STAPLE", deviates="NO_NEXT_UPDATE")


def test_1_11_0_40e075c32_each_certificate_has_its_staple(lab: Lab) -> None:
    """The staple that is there is not that of the certificate that this client gets."""
    lab.start(certificates=("www", "www-rsa"))
    for serial, algorithms in (("1001", ECDSA), ("1002", RSA)):
        options = ("--sigalgs", algorithms, "--tls", "1.2")
        first = lab.handshake(*options)
        assert (first.serial, first.verdict) == (serial, "NO_STAPLE")
        lab.settle(connections=1, queries=2 if serial == "1001" else 0)
        second = lab.handshake(*options)
        assert (second.serial, second.verdict) == (serial, "GOOD")
    asked = [request["serials"] for request in lab.responder.requests()]
    assert asked == [["1001"], ["1002"]]


def test_1_11_0_798999b63_each_certificate_has_its_chain(lab: Lab) -> None:
    """One comes with its issuer, so that a response signed by that can be verified; the other one
    comes alone, and it cannot."""
    whole, alone = lab.certificate("www"), lab.certificate("www-rsa")
    names = [(whole.chain, whole.private_key), (alone.file, alone.private_key)]
    words = [f"ssl_certificate {file}; ssl_certificate_key {key};" for file, key in names]
    lab.start(Site(certificates=(), trusted=whole, directives=tuple(words)))
    seen = []
    for algorithms in (ECDSA, RSA):
        options = ("--sigalgs", algorithms, "--tls", "1.2")
        lab.handshake(*options)
        lab.settle(connections=1, queries=0 if seen else 2)
        seen.append(str(lab.handshake(*options).verdict))
    assert seen == ["GOOD", "NO_STAPLE"]
    lab.claim(f'certificate: "{alone.file}"')


def test_1_11_7_27bcceb24_whose_failure_it_is(lab: Lab) -> None:
    """Name, address and certificate stand in the line of a failure."""
    lab.inject("status-try-later")
    lab.start()
    first_fetch(lab)
    peer = f"{lab.address('responder')}:{lab.responder.port}"
    lab.claim(
        "OCSP response not successful (3: trylater) while requesting certificate status, "
        f'responder: {OCSP_HOST}, peer: {peer}, certificate: "{lab.certificate().chain}"'
    )


def test_1_11_7_0a1290b73_the_status_in_the_debug_log(lab: Lab) -> None:
    if not lab.server.debug:
        lab.not_applicable(f"this {lab.server.name} is built without --with-debug")
    lab.inject("http-5xx")
    lab.start(log_level="debug")
    first_fetch(lab)
    assert len(lab.log_lines("ssl ocsp status 503 ")) == 1


def test_1_19_0_aa94ee82f_the_second_address(lab: Lab) -> None:
    """It is asked when the first one has failed."""
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), lab.address("responder-2"))
    lab.inject("rst-after-request", match={"listener": "responder"})
    lab.start()
    assert lab.handshake().verdict == "NO_STAPLE"
    both = lab.server.within(">=1.19.0")
    lab.settle(connections=2 if both else 1, queries=2)
    stapled = lab.handshake()
    lab.deviation("NGX-018", stapled.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.claim("recv() failed (104: Connection reset by peer)")
    lab.claim("OCSP responder prematurely closed connection")
