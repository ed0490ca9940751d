"""What the tests of faulty-dnsd ask for, and what its healthy response is."""

from __future__ import annotations

from dns_wire import HEALTHY_FLAGS, TC, A, address, header, question

HOST = "ocsp.staplelab.test"
OWN = "127.0.0.5"
QUESTION = question(HOST, A)
HEALTHY = header(0x1234, HEALTHY_FLAGS, an=1) + QUESTION + address(OWN)
TRUNCATED = header(0x1234, HEALTHY_FLAGS | TC) + QUESTION

ARGUMENTS = ["--listen", "127.0.0.1:0", "--record", f"{HOST}/A={OWN}"]


def error(rcode: int) -> bytes:
    return header(0x1234, HEALTHY_FLAGS | rcode) + QUESTION
