"""Scenarios of which each breaks one thing, beside those that do the same and are in order.

test_plugin.py runs them with --nginx around_nginx.sh and knows what must become of each.
"""

import os
import signal
from dataclasses import replace

import pytest

from staplelab.parts.clock import EPOCH
from staplelab.scenario.deviation import Deviation
from staplelab.scenario.lab import Lab

TRY_LATER = "OCSP response not successful (3: trylater)"
BARE = Deviation(
    id="X-001",
    title="The first handshake is bare",
    expected="a staple in the first handshake",
    quotation="A staple MUST be there.",
    source="nowhere",
    does="has none",
    read_in="ngx_main",
)
#: deviates where the server under test is too new for it
BARE_ONCE = replace(BARE, id="X-002", versions="<0.1.0")


def fetch(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


def break_nginx(lab: Lab, how: str) -> None:
    """Tells around_nginx.sh what to do."""
    (lab._world.host.server_folder / "breakage").write_text(how)


def test_in_order(lab: Lab) -> None:
    fetch(lab)
    assert lab.handshake().verdict == "GOOD"


# ----- the log -----


def test_line_unclaimed(lab: Lab) -> None:
    lab.inject("status-try-later")
    fetch(lab)


def test_line_claimed(lab: Lab) -> None:
    lab.inject("status-try-later")
    fetch(lab)
    lab.claim(TRY_LATER)


def test_line_that_never_came(lab: Lab) -> None:
    fetch(lab)
    lab.claim(TRY_LATER)


def test_octets_that_are_no_line(lab: Lab) -> None:
    break_nginx(lab, "report")
    fetch(lab)


# ----- processes -----


def test_worker_killed(lab: Lab) -> None:
    lab.start()
    lab.nginx.kill_worker(*lab.nginx.workers())


def test_worker_killed_and_claimed_as_an_error(lab: Lab) -> None:
    test_worker_killed(lab)
    lab.claim("exited on signal 9")


def test_worker_killed_and_claimed_as_an_alert(lab: Lab) -> None:
    test_worker_killed(lab)
    lab.claim("exited on signal 9", alert=True)


def test_process_left_over(lab: Lab) -> None:
    break_nginx(lab, "leftover")
    fetch(lab)


def test_nginx_ends_with_another_status(lab: Lab) -> None:
    break_nginx(lab, "status")
    fetch(lab)


def test_nginx_does_not_start(lab: Lab) -> None:
    lab.start(directives=("nonsense on;",))


def test_nginx_was_not_started(lab: Lab) -> None:
    assert lab.now == EPOCH


def test_handshake_before_the_start(lab: Lab) -> None:
    lab.handshake()


# ----- faults -----


def test_fault_never_served(lab: Lab) -> None:
    fetch(lab)
    lab.inject("http-5xx")


def test_fault_of_the_name_server_never_served(lab: Lab) -> None:
    fetch(lab)
    lab.inject("nxdomain")


def test_fault_unknown(lab: Lab) -> None:
    lab.inject("status-try-latter")


def test_fault_of_the_name_server_unknown(lab: Lab) -> None:
    lab.inject("nxdomian")


def test_match_unknown(lab: Lab) -> None:
    lab.inject("status-try-later", match={"cert": "www"})


def test_match_of_the_name_server_unknown(lab: Lab) -> None:
    lab.inject("nxdomain", match={"name": "x"})


def test_parameter_unknown(lab: Lab) -> None:
    lab.inject("this-update-future", ofset=3)


def test_certificate_unknown(lab: Lab) -> None:
    lab.start(certificates=("wwww",))


# ----- verdicts -----


def test_verdict_is_another(lab: Lab) -> None:
    lab.start()
    assert lab.handshake().verdict == "GOOD"


def test_expired_staple_from_a_file(lab: Lab) -> None:
    """The responder serves an expired answer, nginx is told to staple a file of it."""
    lab.inject("next-update-past")
    url = lab.responder_url().replace("ocsp.staplelab.test", lab.address("responder"))
    answer = lab.folder / "answer.der"
    lab.run(
        *("openssl", "ocsp", "-noverify", "-url", url, "-respout", str(answer)),
        *("-issuer", str(lab.certificate("issuing").file)),
        *("-cert", str(lab.certificate().file)),
    )
    lab.start(directives=(f"ssl_stapling_file {answer};",))
    assert lab.handshake().verdict == "GOOD"


def test_deviation_pinned(lab: Lab) -> None:
    lab.start()
    lab.deviation(BARE, lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)


def test_deviation_that_is_no_more(lab: Lab) -> None:
    fetch(lab)
    lab.deviation(BARE, lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")


def test_deviation_outside_its_versions(lab: Lab) -> None:
    lab.start()
    lab.deviation(BARE_ONCE, lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)


def test_no_deviation_outside_its_versions(lab: Lab) -> None:
    fetch(lab)
    lab.deviation(BARE_ONCE, lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")


def test_deviation_misspelt(lab: Lab) -> None:
    lab.start()
    lab.deviation("NGX-01", lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")


def test_deviation_with_an_outcome_that_is_neither(lab: Lab) -> None:
    lab.start()
    lab.deviation("NGX-001", lab.handshake().verdict, conforms="GODD", deviates="NO_STAPEL")


def test_not_applicable(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.not_applicable("there is no moon tonight")


def test_failed_by_hand(lab: Lab) -> None:
    lab.start()
    pytest.fail(f"said by {lab.nginx.listen}")


def test_mistake_of_the_author(lab: Lab) -> None:
    lab.start()
    raise ZeroDivisionError


# ----- one scenario after another -----


def test_mess(lab: Lab) -> None:
    """Leaves whatever a scenario can leave: a fault in force, another time, nginx dead."""
    lab.inject("status-try-later")
    lab.responder.certificate("1001", status="revoked")
    lab.stub.record("ocsp.staplelab.test", "A", "127.0.0.99")
    began = lab.now
    lab.start()
    lab.step(100_000)
    os.kill(lab.nginx.pid, signal.SIGKILL)
    lab.nginx.wait()
    assert lab.now == began


def test_no_trace_of_the_mess(lab: Lab) -> None:
    assert lab.now == EPOCH
    test_in_order(lab)


def test_failure_of_two_lines(lab: Lab) -> None:
    lab.start()
    raise AssertionError("the first line\nand more")
