"""Scenarios that choose their parts, start programs beside, and inject faults wherever they belong;
some are mistakes."""

from __future__ import annotations

import functools
import socket
import sys

import pytest

from staplelab.parts.responder import OcspResponder
from staplelab import processes
from staplelab.parts import program
from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused

LISTEN = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])));"
PYTHON = sys.executable


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for 10 s."""
    soon = functools.partial(program.until, bound=0.2)
    monkeypatch.setattr(program, "until", soon)


def beside(lab: Lab, code: str, name: str = "mine") -> None:
    at = lab.endpoint()
    lab.beside([PYTHON, "-c", LISTEN + code, at.address, at.port], name=name, at=at)


def test_program_that_stays(lab: Lab) -> None:
    lab.start()
    beside(lab, "s.accept()")
    lab.settle()


def test_program_of_the_scenario_before_is_gone(lab: Lab) -> None:
    lab.start()
    assert sorted(part.name for part in lab._parts) == ["responder", "stub"]
    beside(lab, "s.accept()")


def test_program_says_nothing_of_the_scenario_before(lab: Lab) -> None:
    lab.start()
    at = lab.endpoint()
    argv = [PYTHON, "-uc", "print('one line');" + LISTEN + "s.accept()", at.address, at.port]
    program = lab.beside(argv, name="mine", at=at)
    assert program.lines() == ["one line"]


def test_program_is_on_the_lab_clock(lab: Lab) -> None:
    lab.start()
    lab.step(86400)
    program = lab.beside([PYTHON, "-c", "import time; print(int(time.time()))"], name="mine")
    assert program.running.wait(10) == 0
    assert program.lines() == [str(lab.now)]


def test_program_that_works_is_waited_for(lab: Lab) -> None:
    """It works for some 200 ms after it was asked; settle() returns when it has done so."""
    lab.start()
    at = lab.endpoint()
    work = "s.accept(); [str(i) for i in range(1_000_000)]; print('done', flush=True); s.accept()"
    program = lab.beside([PYTHON, "-c", LISTEN + work, at.address, at.port], name="mine", at=at)
    socket.create_connection((at.address, at.port)).close()
    lab.settle()
    assert program.lines() == ["done"]


def test_program_that_does_not_start(lab: Lab) -> None:
    lab.start()
    lab.beside(["no-such-program"], at=lab.endpoint())


def test_program_that_ends_at_once(lab: Lab) -> None:
    lab.start()
    lab.beside([PYTHON, "-c", "raise SystemExit('no')"], name="mine", at=lab.endpoint())


def test_program_that_fails_later(lab: Lab) -> None:
    lab.start()
    beside(lab, "s.accept(); sys.exit('had enough')")
    target = lab.part("mine").target()
    socket.create_connection((target.address, target.port)).close()
    lab.part("mine").running.wait(10)


def test_program_killed(lab: Lab) -> None:
    lab.start()
    beside(lab, "s.accept()")
    lab.kill("mine")


def test_program_of_a_name_that_is_taken(lab: Lab) -> None:
    beside(lab, "s.accept()", name="stub")


def test_program_of_the_name_of_a_role(lab: Lab) -> None:
    beside(lab, "s.accept()", name="dnsmasq")


def test_command_line_in_one_word(lab: Lab) -> None:
    lab.beside("sleep 100")


def test_settle_at_a_part_that_counts_nothing(lab: Lab) -> None:
    lab.start()
    beside(lab, "s.accept()")
    lab.settle(connections=1, at="mine")


def test_part_of_another_class(lab: Lab) -> None:
    lab.part("stub", OcspResponder)


def test_protocol_misspelt(lab: Lab) -> None:
    lab.beside([PYTHON], at=lab.endpoint(), protocol="upd")


def test_program_of_no_name(lab: Lab) -> None:
    lab.beside([PYTHON], name="../error")


def test_program_of_no_words(lab: Lab) -> None:
    lab.beside([])


def test_program_that_ends_well(lab: Lab) -> None:
    lab.start()
    lab.beside(["true"]).running.wait(10)


def test_program_that_leaves_something_behind(lab: Lab) -> None:
    lab.start()
    code = "import subprocess; subprocess.Popen(['tail', '-f', '/dev/null'])"
    lab.beside([PYTHON, "-c", code], name="mine").running.wait(10)


def test_program_that_does_not_come_to_listen(lab: Lab, short: None) -> None:
    lab.beside(["tail", "-f", "/dev/null"], at=lab.endpoint())


def test_program_that_did_not_come_to_listen_is_gone(lab: Lab) -> None:
    """Its file is in the folder of the scenario before, which only it held."""
    lab.start()
    mine = processes.parent(lab.nginx.running.pid)
    started = [processes.title(pid) for pid in processes.children(mine)]
    assert not any("/dev/null" in title for title in started), started


def test_child_of_a_thread_is_waited_for(lab: Lab) -> None:
    lab.start()
    code = (
        "import subprocess, threading; work = 'print(sum(range(3_000_000)), flush=True)';"
        "run = lambda: subprocess.run(['python3', '-c', work]);"
        "thread = threading.Thread(target=run); thread.start(); thread.join()"
    )
    program = lab.beside([PYTHON, "-c", code], name="mine")
    lab.settle()
    assert program.lines() == ["4499998500000"]


def test_fetch_after_the_last_settle(lab: Lab) -> None:
    lab.start()
    lab.settle()
    lab.handshake()


def test_exempt_without_need(lab: Lab) -> None:
    lab.exempt("staple-origin", "for nothing")
    lab.start()


@pytest.mark.topology(name="dnsmasq")
def test_topology_by_keyword(lab: Lab) -> None:
    lab.start()


def test_started_twice(lab: Lab) -> None:
    lab.start()
    lab.start()


def test_restarted_after_a_refusal(lab: Lab) -> None:
    lab.start(directives=("nonsense;",), expect=Refused('unknown directive "nonsense"'))
    lab.restart()
    lab.handshake()
    lab.settle(connections=1)


def test_word_in_the_place_of_a_site(lab: Lab) -> None:
    lab.start("www")


@pytest.mark.topology("dnsmask")
def test_topology_misspelt(lab: Lab) -> None:
    lab.start()


@pytest.mark.topology("two-responders")
def test_fault_that_two_parts_know(lab: Lab) -> None:
    lab.inject("http-5xx")


@pytest.mark.topology("two-responders")
def test_fault_at_one_of_two(lab: Lab) -> None:
    lab.inject("http-5xx", at="other-responder", never=True)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_fault_at_the_wrong_part(lab: Lab) -> None:
    lab.inject("http-5xx", at="stub")


def test_fault_at_nobody(lab: Lab) -> None:
    lab.inject("http-5xx", at="responder2")


def test_faults_of_two_parts(lab: Lab) -> None:
    lab.inject("http-5xx", "servfail")


def test_faults_of_two_layers(lab: Lab) -> None:
    lab.inject("partition", "http-5xx")


def test_network_fault_with_a_match(lab: Lab) -> None:
    lab.inject("partition", match={"serial": "1001"})


def test_never_and_met(lab: Lab) -> None:
    lab.inject("http-5xx", never=True)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


def test_never_and_not_met(lab: Lab) -> None:
    lab.inject("http-5xx", never=True)
    lab.start()


def test_network_never_and_met(lab: Lab) -> None:
    lab.inject("egress-blocked", mode="reset", never=True)
    lab.start()
    lab.handshake()
    lab.settle(refused=1)
    lab.claim("(111: Connection refused)")
    lab.claim("OCSP responder prematurely closed connection")


def test_network_never_and_not_met(lab: Lab) -> None:
    lab.inject("egress-blocked", mode="reset", never=True)
    lab.start()


def test_never_and_then_for_real(lab: Lab) -> None:
    lab.inject("http-5xx", never=True)
    lab.start()
    lab.inject("http-5xx")
    lab.handshake()
    lab.settle(connections=1)


def test_never_of_what_nobody_knows_to_be_met(lab: Lab) -> None:
    lab.inject("connection-refused", never=True)


def test_inject_nothing(lab: Lab) -> None:
    lab.inject()


def test_inject_without_a_name(lab: Lab) -> None:
    lab.inject({"falt": "http-5xx"})


def test_heal_while_one_is_dead(lab: Lab) -> None:
    lab.start()
    lab.kill("stub")
    lab.heal()


def test_healed_where_no_faults_are(lab: Lab) -> None:
    lab.heal("nginx")
