"""One TLS client: staple-check, kept running, its JSON read."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from staplelab.errors import LabError
from staplelab.hosts.base import Finished
from staplelab.parts.verdict import Verdict
from staplelab.waiting import BOUND_SECONDS, until_ended

_REPLY_SECONDS = 3 * BOUND_SECONDS


class StapleCheck:
    """`staple-check --batch`, started with its first handshake.

    It needs no launcher: without its driver it finds the end of its input.
    """

    def __init__(self, program: str, variables: Mapping[str, str]) -> None:
        self._program = program
        self._variables = dict(variables)
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *words: str) -> Finished:
        """One command line, as if it were a process of its own."""
        if self._process is None:
            self._process = subprocess.Popen(
                [self._program, "--batch"],
                env={**os.environ, **self._variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        try:
            line = self._exchange(self._process, words)
        except BaseException:
            self.kill()  # a response that comes late must not be taken for the next one's
            raise
        reply = json.loads(line)
        return Finished(reply["status"], reply["stdout"], reply["stderr"])

    def _exchange(self, process: subprocess.Popen[bytes], words: Sequence[str]) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: that is found below
            process.stdin.write(json.dumps(words).encode() + b"\n")
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([process.stdout], [], [], _REPLY_SECONDS)[0]:
                raise LabError(f"staple-check has not responded within {_REPLY_SECONDS:g} s")
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise LabError(f"staple-check ended with status {process.wait()}")
            line += chunk
        return line

    def close(self) -> None:
        """Lets it end; LabError when it does not end well."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            until_ended(self._process.pid, "staple-check")
            status = self._process.wait()
        finally:
            self.kill()
        if status != 0:
            raise LabError(f"staple-check ended with status {status}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            with self._process:  # closes its pipes and reaps it
                self._process = None


@dataclass(frozen=True)
class Handshake:
    """What staple-check saw in one handshake."""

    #: None when it failed: then `reason` says why
    verdict: Verdict | None
    reason: str
    protocol: str | None
    resumed: bool
    facts: dict[str, Any]

    @property
    def staple(self) -> dict[str, Any] | None:
        """The facts of the staple, or None when there was none."""
        return self.facts.get("staple")

    @property
    def remarks(self) -> list[str]:
        """The words of what is remarked beside the verdict (docs/verdicts.md)."""
        return [one["remark"] for one in self.facts.get("remarks", ())]

    @property
    def octets(self) -> int | None:
        return self.staple["octets"] if self.staple else None

    @property
    def http(self) -> dict[str, Any] | None:
        """What came of the request (`--get`): "status", and "octets" and "body", or "error";
        None when there was none."""
        return self.facts.get("http")

    @property
    def status(self) -> int | None:
        """The HTTP status of the response; None when none came."""
        return self.http["status"] if self.http else None

    @property
    def failure(self) -> str:
        """Why the handshake, or the request after it, failed; "" when neither did."""
        if self.verdict is None:
            return self.reason
        return self.http.get("error", "") if self.http else ""

    @property
    def serial(self) -> str:
        """The serial number of the leaf that the server sent."""
        return str(self.facts["leaf"]["serial"])

    def observed(self) -> dict[str, Any]:
        """What of it goes into results.json: nothing that differs from run to run."""
        seen: dict[str, Any] = {"verdict": self.verdict}
        if self.octets is not None:
            seen["octets"] = self.octets
        if self.resumed:
            seen["resumed"] = True
        if self.http is not None:
            seen["http"] = self.status
        return seen


def read(finished: Finished) -> list[Handshake]:
    """The handshakes that one run of staple-check printed; LabError when there is none."""
    if finished.status == 2 or not finished.stdout:
        raise LabError(f"staple-check: {finished.stderr.strip() or finished.status}")
    handshakes = []
    for line in finished.stdout.splitlines():
        facts = json.loads(line)
        handshakes.append(
            Handshake(
                verdict=None if facts["verdict"] is None else Verdict(facts["verdict"]),
                reason=facts.get("reason") or facts.get("error") or "",
                protocol=facts.get("protocol"),
                resumed=bool(facts.get("resumed")),
                facts=facts,
            )
        )
    return handshakes
