"""A client of the responders' control API: HTTP/1.1 and JSON over a Unix socket."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from staplelab.errors import LabError
from staplelab.waiting import BOUND_SECONDS


class ControlError(LabError):
    """The responder refused; carries the RFC 9457 problem."""

    def __init__(self, part: str, problem: dict[str, Any]) -> None:
        pointer = problem.get("pointer") or ""
        super().__init__(f"{part}: {pointer + ': ' if pointer else ''}{problem.get('detail')}")
        self.status = int(problem.get("status", 0))
        self.problem = problem


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        # the responder's own bounds are shorter; this one is for a responder that hangs
        super().__init__("localhost", timeout=2 * BOUND_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """One connection, kept open: a call costs a fraction of a millisecond."""

    def __init__(self, part: str, path: Path) -> None:
        self.part = part
        self._connection = _UnixConnection(path)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Sends one request and returns the decoded answer; raises ControlError on a problem."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise LabError(f"{self.part} does not answer {method} {path}: {error}") from error
        decoded = json.loads(text) if text else {}
        if answer.status >= 400:
            raise ControlError(self.part, decoded)
        return decoded

    def close(self) -> None:
        self._connection.close()
