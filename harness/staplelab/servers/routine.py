"""What every start, every end and every client of an nginx adds to its log, whatever it does.

Whoever reads a timeline is shown how many such lines there are, and the lines when he asks.
"""

from __future__ import annotations

import re

_SIGNALS = (
    r"signal \d+ \(SIGCHLD\) received from \d+",
    r"signal \d+ \(SIGTERM\) received from \d+, exiting",
    # by these the lab wakes a worker that is leaving
    r"signal \d+ \(SIGIO\) received(?: from \d+)?(?:, ignoring)?",
)
_START = (
    r'using the "[\w/]+" event method',
    r"(?:nginx|openresty|freenginx|Angie|Tengine)/[\w.+-]+(?: \(.*\))?",
    r"built by .+",
    r"OS: .+",
    r"getrlimit\(RLIMIT_NOFILE\): \d+:\d+",
    r"start worker processes",
    r"start worker process \d+",
    r"start cache (?:manager|loader) process \d+",
)
_END = (
    r"exiting",
    r"exit",
    r"(?:worker|cache manager|cache loader) process \d+ exited with code 0",
)
#: a client of the lab reads what it came for, and closes
_CLIENT = (
    r"client closed connection while waiting for request, client: .+",
    r"client [0-9a-f.:]+ closed keepalive connection",
    r"epoll_wait\(\) failed \(4: Interrupted system call\)",
)

_ROUTINE = re.compile(
    rf"\[notice\] (?:{'|'.join((*_SIGNALS, *_START, *_END))})|\[info\] (?:{'|'.join(_CLIENT)})"
)


def is_routine(line: str) -> bool:
    """Whether a line ("[notice] exit") says nothing of this scenario."""
    return _ROUTINE.fullmatch(line) is not None
