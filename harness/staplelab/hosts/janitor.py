"""Cleans up after a driver that was killed: waits for its end, then removes what is labelled.

`python3 -m staplelab.hosts.janitor RUN`, started by the driver of that run.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from staplelab.hosts import containers, run_label
from staplelab.waiting import until_ended

_FOR_EVER = 10**6
#: how long the engine may still be busy with what a dying driver had asked of it
_BUSY_SECONDS = 10.0
#: and when it is given up that something cannot be removed
_LAST_SECONDS = 60.0


def main(run: str) -> None:
    """Returns when nothing of the run is left, and nothing more can come."""
    if run_label.is_alive(run):
        until_ended(int(run.partition("-")[0]), "the driver", _FOR_EVER)
    client = containers.connect()
    ended = time.monotonic()
    while time.monotonic() < ended + _LAST_SECONDS:
        looked = time.time()
        removed = run_label.remove_runs(client, lambda name: name == run)
        if removed.gone or removed.stuck:
            continue
        run_label.remove_folders(lambda name: name == run)
        if time.monotonic() >= ended + _BUSY_SECONDS:
            return
        # a request that was under way shows in an event, maybe while we looked
        _next_event(client, looked, ended + _BUSY_SECONDS)


def _next_event(client: Any, since: float, deadline: float) -> None:
    """Returns when the engine has made something since then, or at the deadline."""
    until = time.time() + max(0.0, deadline - time.monotonic())
    for event in client.events(decode=True, since=f"{since:.6f}", until=f"{until:.6f}"):
        if event.get("Action") in ("create", "start"):
            return


if __name__ == "__main__":
    main(sys.argv[1])
