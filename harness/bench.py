"""How fast the lab is, as ratios of what is measured side by side in one run (`make bench`).

A number of seconds says more about the machine than about the lab, so none is asserted anywhere.
Each pair takes turns, a few times; what is printed is the ratio of the medians.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from staplelab.parts.control import ControlClient
from staplelab.places import build_folder, repository

TURNS = 3
QUERIES = 5000
#: the scenarios of which a run is measured
CHOSEN = "workers"
#: a query for www.test, type A, with recursion desired
_QUERY = b"\x00\x01\x01\x00\x00\x01" + bytes(6) + b"\x03www\x04test\x00\x00\x01\x00\x01"


@contextmanager
def name_server(folder: Path) -> Iterator[tuple[tuple[str, int], ControlClient]]:
    """A faulty-dnsd in real time: where it listens, and its control API."""
    argv = [build_folder() / "bin" / "faulty-dnsd", "--listen", "127.0.0.1:0", "--events", "64"]
    argv += ["--control", f"unix:{folder}/control", "--record", "www.test/A=192.0.2.1"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            (listener, *_) = json.loads(process.stdout.readline())["listeners"]
            control = ControlClient("faulty-dnsd", folder / "control")
            yield (listener["address"], listener["port"]), control
            control.close()
        finally:
            process.terminate()


def rules(count: int) -> list[dict[str, Any]]:
    """So many that concern nobody."""
    sequence = [{"do": [{"fault": "servfail"}]}]
    return [
        {"id": f"r{n}", "match": {"qname": f"{n}.test"}, "sequence": sequence}
        for n in range(count)
    ]


def measure(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """The median of the seconds that each takes, in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for seconds, act in zip(taken, (one, other), strict=True):
            begin = time.perf_counter()
            act()
            seconds.append(time.perf_counter() - begin)
    return statistics.median(taken[0]), statistics.median(taken[1])


def say(what: str, ratio: float, of: str) -> None:
    print(f"{ratio:6.2f}  {what} ({of})", flush=True)


def control_api(control: ControlClient) -> None:
    few, many = rules(1000), rules(10_000)

    def put_few() -> None:
        for _ in range(len(many) // len(few)):
            control.call("PUT", "/v1/rules", few)

    def put_many() -> None:
        control.call("PUT", "/v1/rules", many)

    short, long = measure(put_few, put_many)
    control.call("PUT", "/v1/rules", [])
    of = f"{long * 1000:.0f} ms for 10,000"
    say("time of a rule among 10,000, by one among 1,000", long / short, of)


def queries(place: tuple[str, int], control: ControlClient) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(place)
        client.settimeout(10)

        def ask(among: list[dict[str, Any]]) -> None:
            control.call("PUT", "/v1/rules", among)
            for _ in range(QUERIES):
                client.send(_QUERY)
                client.recv(512)

        without, within = measure(lambda: ask([]), lambda: ask(rules(100)))
    of = f"{QUERIES / without:.0f} queries a second, one after the other"
    say("time of a query that passes 100 rules, by one without", within / without, of)


def run(*options: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        argv = [sys.executable, "-m", "staplelab", "run", "--nginx", os.environ["NGINX"]]
        argv += ["--out", out, "-k", CHOSEN, *options]
        done = subprocess.run(argv, cwd=repository(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def suites() -> None:
    alone, together = measure(lambda: run("--jobs", "1"), lambda: run("--jobs", "2"))
    of = f"{alone:.1f} s by one, K={CHOSEN}"
    say("time of a run by two processes, by one", together / alone, of)


def main() -> None:
    print(f"of {TURNS} turns each, on {len(os.sched_getaffinity(0))} processors:")
    with tempfile.TemporaryDirectory() as folder, name_server(Path(folder)) as (place, control):
        control_api(control)
        queries(place, control)
    suites()


if __name__ == "__main__":
    main()
