"""A client of the responders' control API: HTTP/1.1 and JSON over a Unix socket.

A scenario makes 26 calls on average: with httptools one takes less than half of the processor time
that it takes with http.client (75 against 175 microseconds).
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httptools

from staplelab.errors import LabError
from staplelab.waiting import BOUND_SECONDS


class ControlError(LabError):
    """The responder refused; carries the RFC 9457 problem."""

    def __init__(self, part: str, problem: dict[str, Any]) -> None:
        pointer = problem.get("pointer") or ""
        super().__init__(f"{part}: {pointer + ': ' if pointer else ''}{problem.get('detail')}")
        self.status = int(problem.get("status", 0))
        self.problem = problem


class _Response:
    """One response as it comes in; httptools calls the `on_` methods."""

    def __init__(self) -> None:
        self.body = b""
        self.complete = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, octets: bytes) -> None:
        self.body += octets

    def on_message_complete(self) -> None:
        self.complete = True


class ControlClient:
    """One connection, kept open: a call costs a fraction of a millisecond."""

    def __init__(self, part: str, path: Path) -> None:
        self.part = part
        self._path = path
        self._socket: socket.socket | None = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Sends one request and returns the decoded response; raises ControlError on a problem."""
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        try:
            response = self._exchange(head.encode() + data)
        except (OSError, httptools.HttpParserError) as error:
            self.close()
            raise LabError(f"{self.part} does not respond to {method} {path}: {error}") from error
        decoded = json.loads(response.body) if response.body else {}
        if response.parser.get_status_code() >= 400:
            raise ControlError(self.part, decoded)
        return decoded

    def _exchange(self, request: bytes) -> _Response:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            # the responder's own bounds are shorter; this one is for a responder that hangs
            self._socket.settimeout(2 * BOUND_SECONDS)
            self._socket.connect(str(self._path))
        self._socket.sendall(request)
        response = _Response()
        while not response.complete:
            octets = self._socket.recv(1 << 16)
            if not octets:
                raise ConnectionError("it closed the connection")
            response.parser.feed_data(octets)
        if not response.parser.should_keep_alive():
            self.close()
        return response

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
