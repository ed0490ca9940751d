"""What a proof of a fault is: a test that ends with the fault's name in the right events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

from dns_wire import ANSWER, NAME_AT, TC, A, address, header, question
from dnsd import Dnsd

HOST = "ocsp.staplelab.test"
OWN, DEAD = "127.0.0.5", "127.255.255.254"
QUESTION = question(HOST, A)
HEALTHY = header(0x1234, ANSWER, an=1) + QUESTION + address(OWN)
TRUNCATED = header(0x1234, ANSWER | TC) + QUESTION
#: where the first record of an answer to QUESTION starts, and its RDATA
RECORD_AT = NAME_AT + len(QUESTION)
DATA_AT = RECORD_AT + 12

ARGUMENTS = ["--listen", "127.0.0.1:0", "--record", f"{HOST}/A={OWN}"]

Test = Callable[[Dnsd], None]


def error(rcode: int) -> bytes:
    return header(0x1234, ANSWER | rcode) + QUESTION


def proves(fault: str, outcome: str = "response") -> Callable[[Test], Test]:
    """Marks a test as the proof of a fault: a query and an event of its outcome must carry it."""

    def mark(test: Test) -> Test:
        test.proof_of = (fault, outcome)  # type: ignore[attr-defined]
        return test

    return mark


def proven(module: ModuleType) -> set[str]:
    """The faults that a module's tests prove."""
    return {test.proof_of[0] for test in vars(module).values() if hasattr(test, "proof_of")}


def proof(program: Dnsd, test: Test) -> Iterator[Dnsd]:
    """The fixture of such tests: a healthy program before, the events' witness after."""
    program.reset()
    yield program
    if hasattr(test, "proof_of"):
        fault, outcome = test.proof_of
        for kind in ("query", outcome):
            served = [event["faults"] for event in program.events(kind)]
            assert [fault] in served, f"no {kind} event carries {fault}: {served}"
    program.reset()
