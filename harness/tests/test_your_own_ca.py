"""docs/your-own-ca.md: each of its commands is run, in one shell, and says what the page shows."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from page import commands, hold, missing_from, shell

from staplelab.places import repository

_PAGE = repository() / "docs" / "your-own-ca.md"
#: how many commands it has
_LEAST = 20
_ADDRESS, _PORTS = "127.0.0.1", ("8888", "4433")


def own_address() -> str:
    """One of the loopback that no other test uses: a port that is free there stays so."""
    return f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"


def free_ports(address: str, count: int) -> list[int]:
    sockets = [socket.create_server((address, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.mark.timeout(120)
def test_commands_of_the_page(tmp_path: Path) -> None:
    address = own_address()
    page = _PAGE.read_text().replace(_ADDRESS, address)
    for port, free in zip(_PORTS, free_ports(address, len(_PORTS)), strict=True):
        page = page.replace(port, str(free))
    found = commands(page)
    assert len(found) >= _LEAST
    with shell(tmp_path) as bash:
        for command in found:
            hold(bash, command)


def test_what_a_page_shows_must_be_said() -> None:
    (one, other) = commands('```console\n$ a \\\n  b\n{"x":...\n  y\n$ c &\n```\n')
    assert (one.text, one.shown, other.stays) == ("a \\\n  b", ['{"x":...', "  y"], True)
    assert missing_from(['{"x":1}', "noise", "\ty"], one.shown) == []
    assert missing_from(["y", '{"x":1}'], one.shown) == ["  y"]
    assert missing_from(['{"z":1}', "y"], one.shown) != []
