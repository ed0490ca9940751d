"""Never deaf, never out of memory: both programs without descriptors, under load, and attacked."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import ocspd as responder
from dns_wire import AAAA, query
from program_environment import environment
from staplelab.errors import LabError
from staplelab.parts.control import ControlClient, ControlError
from staplelab.places import build_folder
from staplelab.waiting import BOUND_SECONDS, until

DESCRIPTORS = 48
MIB = 1024 * 1024
PROGRAMS = ["faulty-ocspd", "faulty-dnsd"]
#: a name with as many addresses as one may have: 28 KiB a response
MANY = "many.test"
MANY_OCTETS = 2 + 12 + 15 + 1024 * 28
#: a sanitizer keeps what was freed, and has shadows of its own
SANITIZED = b"__asan_init" in (build_folder() / "bin" / "faulty-dnsd").read_bytes()


@dataclass
class Running:
    """A program in real time."""

    process: subprocess.Popen[str]
    place: tuple[str, int]
    socket: Path
    log: Path
    request: bytes

    @contextmanager
    def control(self) -> Iterator[ControlClient]:
        client = ControlClient("it", self.socket)
        try:
            yield client
        finally:
            client.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.place, BOUND_SECONDS)

    def served(self) -> bytes:
        """One whole response, over TCP."""
        with self.connect() as peer:
            peer.sendall(self.request)
            first = peer.recv(2)
            assert first, "the connection was closed"
            return first

    def said(self) -> str:
        return self.log.read_text()

    def kib(self, what: str = "VmRSS") -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
        assert found
        return int(found[1])

    def processor_nanoseconds(self) -> int:
        # the number of its clock, as clock_getcpuclockid() makes it
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def processor_seconds(self) -> float:
        return self.processor_nanoseconds() / 1e9


@pytest.fixture(scope="session")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return responder.mint(tmp_path_factory.mktemp("limits"))


@pytest.fixture
def run(tmp_path: Path, minted: Path) -> Iterator[Callable[..., Running]]:
    with ExitStack() as stack:

        def begin(name: str, *more: str, descriptors: int = 0) -> Running:
            log, path = tmp_path / "log", tmp_path / "control"
            own, request = ["--pki", str(minted)], responder.post(responder.ocsp_request(minted))
            if name == "faulty-dnsd":
                values = ",".join(f"2001:db8::{i:x}" for i in range(1024))
                own = ["--record", "www.test/A=192.0.2.1", "--record", f"{MANY}/AAAA={values}"]
                message = query("www.test")
                request = struct.pack("!H", len(message)) + message

            def limit() -> None:
                if descriptors:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

            variables = environment()
            variables["ASAN_OPTIONS"] += ":quarantine_size_mb=1:allocator_may_return_null=1"
            process = subprocess.Popen(
                [str(build_folder() / "bin" / name), "--listen", "127.0.0.1:0",
                 "--control", f"unix:{path}", *own, *more],
                env=variables, stdout=subprocess.PIPE, stderr=stack.enter_context(log.open("w")),
                text=True, preexec_fn=limit)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            listener = ready["listeners"][0]
            place = (listener["address"], listener["port"])
            return Running(process, place, path, log, request)

        yield begin


def knock(path: Path, stack: ExitStack) -> socket.socket:
    """A connection to the control API that says nothing."""
    one = stack.enter_context(socket.socket(socket.AF_UNIX))
    one.setblocking(False)
    one.connect(os.fspath(path))
    return one


def is_full(running: Running) -> bool:
    folder = Path(f"/proc/{running.process.pid}/fd")
    return len(list(folder.iterdir())) == DESCRIPTORS


# ----- descriptors -----


@pytest.mark.parametrize("name", PROGRAMS)
def test_callers_that_take_all_descriptors_leave_it_deaf_only_as_long(
    run: Callable[..., Running], name: str
) -> None:
    """No connection of its own was open then, whose end would have woken it."""
    running = run(name, descriptors=DESCRIPTORS)
    with ExitStack() as stack:
        for _ in range(DESCRIPTORS):
            knock(running.socket, stack)
        until(lambda: is_full(running), "all descriptors to be taken")
        waiting: list[socket.socket] = []

        def is_deaf() -> bool:
            # it may have closed one of those again just now, and have room for another one
            if len(waiting) < DESCRIPTORS:
                waiting.append(stack.enter_context(running.connect()))
            return "listener 0 cannot accept" in running.said()

        until(is_deaf, "a word about it")
        before = running.processor_seconds()
        with pytest.raises(LabError, match="in vain for: a program that spins"):
            until(lambda: running.processor_seconds() - before > 0.2, "a program that spins", 0.5)
        stack.pop_all().close()
    assert running.served()
    with running.control() as control:
        assert control.call("GET", "/v1/rules")["rules"] == []
    lines = running.said().splitlines()
    assert len(lines) <= 3, lines


@pytest.mark.parametrize("name", PROGRAMS)
def test_whoever_wants_to_put_things_right_can(run: Callable[..., Running], name: str) -> None:
    """Its own connections have taken all descriptors, and their peers keep them."""
    running = run(name, descriptors=DESCRIPTORS)
    with ExitStack() as stack:
        for _ in range(DESCRIPTORS):
            stack.enter_context(running.connect())
        until(lambda: is_full(running), "all descriptors to be taken")
        with running.control() as control:
            control.call("POST", "/v1/events/wait", {"match": {"kind": "accept"}})
            control.call("POST", "/v1/reset", {})
    assert running.served()


# ----- memory -----


def grows_less(running: Running, mib: int, before: int) -> None:
    grown = (running.kib("VmHWM") - before) / 1024
    assert grown < (mib * 4 if SANITIZED else mib), f"{grown} MiB"


def flood(count: int) -> bytes:
    message = query(MANY, AAAA)
    return (struct.pack("!H", len(message)) + message) * count


def test_what_nobody_takes_is_not_answered(run: Callable[..., Running]) -> None:
    """64 KiB of queries, each of which has 28 KiB of response."""
    running = run("faulty-dnsd", "--events", "64")
    before = running.kib("VmHWM")
    with running.connect() as peer, running.control() as control:
        peer.sendall(flood(2400))
        until(lambda: responses(running) > 0, "a response")
        assert control.call("GET", "/v1/rules")["rules"] == []  # by now it has read what it will
        assert responses(running) < 400
        grows_less(running, 8, before)
        taken = 0
        while taken < 2400 * MANY_OCTETS:
            taken += len(peer.recv(65536))
            grows_less(running, 8, before)


def responses(running: Running) -> int:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(os.fspath(running.socket))
        one.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b""
        while more := one.recv(65536):
            text += more
    found = re.search(rb"^staplelab_dns_responses_total (\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])


def test_one_connection_does_not_keep_the_others_waiting(run: Callable[..., Running]) -> None:
    """Its queries are answered a few at a time, however many there are and however fast they go."""
    running = run("faulty-dnsd", "--events", "64")
    with running.connect() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:

        def drain() -> None:
            taken = 0
            while taken < 3000 * MANY_OCTETS:
                taken += len(peer.recv(1 << 20))

        threads = [threading.Thread(target=drain),
                   threading.Thread(target=lambda: peer.sendall(flood(3000)))]
        for thread in threads:
            thread.start()
        other.settimeout(BOUND_SECONDS)
        answered = 0
        while threads[0].is_alive():
            other.sendto(query("www.test"), running.place)
            assert other.recv(512)
            answered += 1
        for thread in threads:
            thread.join()
    assert answered >= 30


def test_events_are_bounded_by_octets(run: Callable[..., Running]) -> None:
    running = run("faulty-dnsd", "--events", "1024")
    before = running.kib("VmHWM")
    with running.connect() as peer, running.control() as control:
        for _ in range(20):
            peer.sendall(flood(100))
            taken = 0
            while taken < 100 * MANY_OCTETS:
                taken += len(peer.recv(1 << 20))
        grows_less(running, 12, before)
        told = control.call("GET", "/v1/events")
        assert told["dropped"] > 0
        assert told["last"] - told["dropped"] == len(told["events"])
        assert told["events"][-1]["seq"] == told["last"] >= 4000
        grows_less(running, 24, before)


def test_a_wait_holds_no_more_than_the_ring(run: Callable[..., Running]) -> None:
    running = run("faulty-dnsd", "--events", "512")
    with running.connect() as peer, running.control() as control:
        refused: list[ControlError] = []

        def wait() -> None:
            try:
                wanted = {"match": {"kind": "response"}, "count": 512}
                control.call("POST", "/v1/events/wait", wanted)
            except ControlError as error:
                refused.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        peer.sendall(flood(511))
        taken = 0
        while taken < 511 * MANY_OCTETS:
            taken += len(peer.recv(1 << 20))
        waiting.join()
    assert [error.status for error in refused] == [413]


def test_made_up_names_are_counted_together(run: Callable[..., Running]) -> None:
    """Each rule with a scope keeps a count for each value that it has seen."""
    running = run("faulty-dnsd", "--events", "16")
    rule = {"scope": "qname", "sequence": [{"times": 1, "do": [{"fault": "servfail"}]}]}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, running.control() as control:
        control.call("PUT", "/v1/rules", [rule])
        peer.settimeout(BOUND_SECONDS)
        peer.connect(running.place)

        def rcode(name: str) -> int:
            peer.send(query(name))
            return peer.recv(4096)[3] & 0xF

        assert [rcode(f"{i:0200x}."[:60] + f".{i}.test") for i in range(4096)] == [2] * 4096
        assert rcode("one-more.test") == 2  # the first of those that are counted together
        assert rcode("another.test") == 3
        before = running.kib("VmHWM")
        for i in range(20000):
            rcode(f"{i}." + "x" * 60 + ".other.test")
        grows_less(running, 2, before)
        assert rcode("0" * 60 + ".0.test") == 3  # known, and had its turn


@pytest.mark.parametrize("name", PROGRAMS)
def test_requests_leave_the_memory_where_it_was(run: Callable[..., Running], name: str) -> None:
    running = run(name, "--events", "64")
    for _ in range(500):
        running.served()
    before = running.kib("VmHWM")
    for _ in range(3000):
        running.served()
    grows_less(running, 2, before)


@pytest.mark.parametrize("name", PROGRAMS)
def test_out_of_memory_it_ends_with_one_line_and_another_one_serves(
    run: Callable[..., Running], name: str
) -> None:
    """It cannot go on without knowing what it has lost; whoever asks next is served again."""
    running = run(name)
    room = running.kib("VmSize") * 1024 + MIB
    resource.prlimit(running.process.pid, resource.RLIMIT_AS, (room, room))
    rules = [{"id": f"r{n}", "sequence": [{"do": [{"fault": "FAULT"}]}]} for n in range(10_000)]
    text = json.dumps(rules).replace("FAULT", "servfail" if "dnsd" in name else "status-try-later")
    with running.control() as control, pytest.raises(LabError):
        control.call("PUT", "/v1/rules", json.loads(text))
    assert running.process.wait(BOUND_SECONDS) == 1
    assert running.said().splitlines()[-1] == "out of memory"
    if not SANITIZED:
        assert running.said() == "out of memory\n"
    assert run(name).served()


@pytest.mark.parametrize("name", PROGRAMS)
def test_rules_cost_in_proportion(run: Callable[..., Running], name: str) -> None:
    """In the program's own time on a processor, whatever else the machine does: where each rule is
    held against all others, ten times as many cost a hundred times as much."""
    running = run(name)
    key, fault = ("qname", "servfail") if name == "faulty-dnsd" else ("serial", "status-try-later")
    sequence = [{"do": [{"fault": fault}]}]
    rules = [{"id": f"r{n}", "match": {key: f"{n}"}, "sequence": sequence} for n in range(10_000)]
    with running.control() as control:

        def cost(count: int) -> int:
            before = running.processor_nanoseconds()
            for first in range(0, len(rules), count):
                control.call("PUT", "/v1/rules", rules[first : first + count])
            return running.processor_nanoseconds() - before

        few, many = (min(cost(count) for _ in range(3)) for count in (1000, 10_000))
    assert many < 3 * few, (few, many)


def test_a_body_that_is_too_large_is_not_the_end(run: Callable[..., Running]) -> None:
    running = run("faulty-ocspd")
    with running.control() as control:
        control.call("PUT", "/v1/rules", [])
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(os.fspath(running.socket))
        one.sendall(b"PUT /v1/rules HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert b" 413 " in one.recv(4096).split(b"\r\n")[0]
    assert running.served()


# ----- the control socket -----


def stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(path))


def test_of_programs_that_start_together_one_is_ready(tmp_path: Path) -> None:
    path = tmp_path / "control"
    argv = [str(build_folder() / "bin" / "faulty-dnsd"), "--listen", "127.0.0.1:0",
            "--control", f"unix:{path}"]
    for _ in range(8):
        stale(path)
        started = [
            subprocess.Popen(argv, env=environment(), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for _ in range(6)]
        ready: list[Any] = []
        for one in started:
            assert one.stdout is not None
            if line := one.stdout.readline():
                ready.append((one, json.loads(line)["pid"]))
        try:
            assert len(ready) == 1
            client = ControlClient("it", path)
            assert client.call("GET", "/v1/ready")["pid"] == ready[0][1]
            client.close()
        finally:
            for one, _ in ready:
                one.terminate()
            said = [one.communicate()[1] for one in started]
        assert sum("another program serves this socket" in text for text in said) == 5
        assert not path.exists()


def test_a_claim_waits_for_another(tmp_path: Path) -> None:
    """What is there is looked at and replaced by one program at a time."""
    path = tmp_path / "control"
    stale(path)
    left = path.stat().st_ino
    argv = [str(build_folder() / "bin" / "faulty-dnsd"), "--listen", "127.0.0.1:0",
            "--control", f"unix:{path}"]
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with subprocess.Popen(argv, env=environment(), stdout=subprocess.PIPE, text=True) as one:
        try:
            folder = Path(f"/proc/{one.pid}/fd")
            until(lambda: str(tmp_path) in [links(fd) for fd in folder.iterdir()], "a claim")
            assert path.stat().st_ino == left
            os.close(held)
            assert one.stdout is not None
            assert json.loads(one.stdout.readline())["pid"] == one.pid
        finally:
            one.terminate()


def links(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except OSError:
        return ""
