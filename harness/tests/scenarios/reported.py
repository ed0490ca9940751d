"""Scenarios in which nginx's sanitizer seems to report something."""

import pytest

from staplelab.scenario.lab import Lab

REPORT = """=================================================================
==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x615000004b80 at pc 0x7f0b15
READ of size 457 at 0x615000004b80 thread T0
    #0 0x7f0b15e4814a in __interceptor_memcpy ../sanitizer_common_interceptors.inc:827
    #1 0x55aa3ffcf50c in ngx_ssl_certificate_status_callback src/event/stapling.c:604
"""


def report(lab: Lab) -> None:
    lab.start()
    (lab._world.host.server_folder / "sanitizer.4711").write_text(REPORT)
    lab.handshake()
    lab.settle(connections=1)


def test_all_else_is_well(lab: Lab) -> None:
    report(lab)


def test_something_else_fails(lab: Lab) -> None:
    report(lab)
    pytest.fail("noticed before the report")


def test_something_else_is_wrong_at_the_end(lab: Lab) -> None:
    report(lab)
    lab.claim("a line that never comes")


def test_not_applicable(lab: Lab) -> None:
    report(lab)
    lab.not_applicable("said after the report")


def test_undefined_behaviour(lab: Lab) -> None:
    lab.start()
    with (lab._world.host.server_folder / "error.log").open("a") as log:
        log.write("src/x.c:6:36: runtime error: signed integer overflow\n")
    pytest.fail("noticed before the report")


def test_without_a_report(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
