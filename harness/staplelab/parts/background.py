"""A TLS client in the background: a staple-check of its own, which says how far it has come.

It needs no launcher: the end of its standard input ends it, and without its driver that has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from staplelab.errors import LabError, check_word
from staplelab.hosts.base import Finished
from staplelab.parts.client import Handshake, read
from staplelab.waiting import BOUND_SECONDS

#: what a client tells of itself, in the order in which it comes
STAGES = ("connected", "half-hello", "hello", "handshake", "request", "response", "closed")

#: nobody waits that long: a scenario has a bound of its own, and its end ends the client
_TIMEOUT_MS = 3_600_000


class Client:
    """One client, from its start to its end; `close` or the end of a `with` ends it."""

    def __init__(
        self,
        name: str,
        program: str,
        variables: Mapping[str, str],
        words: Sequence[str],
        stop_at: str | None,
        note: Callable[..., None],
    ) -> None:
        """`name` is for messages; `note` is told of each stage when it has become known."""
        self.name = name
        self._stop_at = stop_at
        self.stages: list[str] = []
        self._waiting = False
        self._note = note
        self._outcome: Handshake | None = None
        self._ended = False
        self._lines: list[bytes] = []
        self._rest = b""
        self._process = subprocess.Popen(
            [program, "--background", f"--timeout-ms={_TIMEOUT_MS}", *words],
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    # ----- what a scenario does with it -----

    def reached(self, stage: str, bound: float = BOUND_SECONDS) -> Self:
        """Returns once it has reached that stage; fails when it ends before."""
        if not self._come_to(stage, bound):
            assert self._outcome is not None
            why = self._outcome.failure or self._outcome.reason
            raise AssertionError(f"{self.name} ended before it reached {stage!r}: {why}")
        return self

    def await_stop(self, stage: str) -> None:
        """Returns once it has reached that stage or has ended."""
        self._come_to(stage, BOUND_SECONDS)

    def go_on(self) -> Self:
        """Lets it go on from where it has stopped."""
        self._stop_at = None
        self._note("goes on")
        self._write()
        return self

    def waits(self) -> bool:
        """Whether it waits for the server still, having read all that nginx has sent by now."""
        if self._stop_at is not None:
            raise LabError(f"{self.name} waits for the scenario at {self._stop_at!r}: go_on()")
        self._waiting = False
        self._write()
        self._read_on("waiting", BOUND_SECONDS, "said whether it waits")
        return self._waiting

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended: reading finds that
            self._process.stdin.write(b"\n")

    def result(self, bound: float = BOUND_SECONDS) -> Handshake:
        """What it saw, once it has ended by itself: its response is there, the server closed."""
        self._read_on(None, bound, "ended")
        if self._outcome is None:
            raise LabError(f"{self.name} was killed and has seen nothing")
        return self._outcome

    @property
    def outcome(self) -> Handshake | None:
        """What it saw, as far as it is known to have ended."""
        return self._outcome

    def close(self) -> Handshake:
        """Ends it: it closes its connection at once, without waiting for the server."""
        assert self._process.stdin is not None
        if not self._ended:
            self._note("is told to end")
            self._process.stdin.close()
        return self.result()

    @property
    def ended(self) -> bool:
        """Whether a call of this class has seen its end."""
        return self._ended

    def kill(self) -> None:
        """Ends it, whatever it does."""
        self._ended = True
        self._process.kill()
        with self._process:  # closes its pipes and reaps it
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
        else:
            self.close()

    def observed(self) -> dict[str, Any]:
        """What of it goes into results.json: nothing that differs from run to run."""
        seen = {} if self._outcome is None else self._outcome.observed()
        return {"stages": list(self.stages), **seen}

    # ----- its lines -----

    def _come_to(self, stage: str, bound: float) -> bool:
        """Whether it has reached that stage; False: it has ended before."""
        check_word("stage of a client", stage, STAGES)
        self._read_on(stage, bound, f"reached {stage!r}")
        return stage in self.stages

    def _read_on(self, stage: str | None, bound: float, wanted: str) -> None:
        """Reads its lines up to that stage, or to its end."""
        deadline = time.monotonic() + bound
        while not (self._ended or stage in self.stages or (stage == "waiting" and self._waiting)):
            line = self._next_line(deadline)
            if line is None:
                raise AssertionError(
                    f"{self.name} has not {wanted} within {bound:g} s; "
                    f"it has reached {self.stages[-1] if self.stages else 'nothing'!r}"
                )
            if line == b"":
                self._conclude()
            elif (event := json.loads(line).get("event")) == "waiting":
                self._waiting = True
            elif event is not None:
                self.stages.append(event)
                self._note(event)
            else:
                self._lines.append(line)

    def _next_line(self, deadline: float) -> bytes | None:
        """b"" at the end of them, None past the deadline."""
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return None
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                return b""
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _conclude(self) -> None:
        """Takes what it found; LabError when it could not start, or ended badly."""
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode(errors="replace")
        status = self._process.wait()
        self.kill()
        found = b"".join(line + b"\n" for line in self._lines).decode()
        if status < 0:
            raise LabError(f"{self.name} ended with status {status}")
        self._outcome = read(Finished(status, found, said))[-1]
        reason = self._outcome.failure or self._outcome.reason
        self._note("ended", **self._outcome.observed(), reason=reason)
