"""The barrier: a plain HTTP server{} of the same nginx, by which it says that it has handled all
that came before.

A request is responded to in a later turn of the worker's event loop than everything that was ready
when it arrived; the turn also expires the timers that a clock step made due.
"""

from __future__ import annotations

import re
import socket
from email.utils import formatdate

from staplelab.errors import LabError
from staplelab.hosts.base import Host, Listener
from staplelab.waiting import BOUND_SECONDS, receive_all

_DATE = re.compile(rb"\r\nDate: ([^\r]*)")
_WORKER = re.compile(rb"^Worker: (\d+)\r$", re.MULTILINE)
#: no response is longer
_LONGEST = 4096


def is_open(listener: Listener) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((listener.address, listener.port), BOUND_SECONDS).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:  # it was waiting to be accepted when a listener closed
        return True
    return True


class Barrier:
    """A client of that server{}."""

    def __init__(self, host: Host, listener: Listener) -> None:
        self._host = host
        self._address = (listener.address, listener.port)
        #: as `listen` takes it
        self.listen = f"{listener.address}:{listener.port}"

    def cross(self) -> int:
        """Returns, with the worker's pid, once a worker has handled all that came before; OSError
        when none responds."""
        with socket.create_connection(self._address, BOUND_SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            response = receive_all(connection, _LONGEST)
        self._hold_to_the_clock(response)
        worker = _WORKER.search(response)
        if worker is None:
            raise LabError(f"nginx's barrier does not say who responds: {response[:200]!r}")
        return int(worker[1])

    def _hold_to_the_clock(self, response: bytes) -> None:
        """A server that the clock does not reach would go on in real time without a word."""
        lab = formatdate(self._host.clock.now(), usegmt=True)
        if f"\r\nDate: {lab}\r\n".encode() not in response:
            said = _DATE.search(response)
            raise LabError(
                f"nginx is not on the lab clock, where it is {lab}; it says "
                f"{said[1].decode() if said else 'nothing'}; has it loaded "
                f"{self._host.clock.library}?"
            )
