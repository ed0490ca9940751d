"""The server under test reaches no name server of the machine, whatever it is told."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_run import LabRun, nginx

from staplelab.hosts.base import NO_UNKNOWN_NAME
from staplelab.hosts.namespace import NOT_ENTERED, WHY_NOT

#: how a user runs scenarios: in a network of the run's own, where it can be had, and without one
RUN = ("staplelab", "run", "--jobs", "1")
PLAIN = ("pytest", "-p", "staplelab.plugin")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets


@pytest.fixture
def of_the_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A name server of this machine, which nginx is told of."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TOLD", "127.0.0.1:%d ipv6=off" % server.getsockname()[1])
        # this process may be in a network of a run's own already
        monkeypatch.delenv("STAPLELAB_NETNS", raising=False)
        yield server


def was_asked(server: socket.socket) -> bool:
    return bool(select.select([server], [], [], 0)[0])


def ended(folder: Path, how: tuple[str, ...], only: str, scenarios: str = "told") -> LabRun:
    options = ("--out", "out", "--nginx", nginx(), "-k", only, ".")
    return LabRun(folder, *how, *options, scenarios=scenarios).end()


def test_what_it_is_told_stays_within(folder: Path, of_the_machine: socket.socket) -> None:
    run = ended(folder, RUN, "test_enclosed")
    (seen,) = run.results()["scenarios"]
    assert (seen["outcome"], seen["reason"]) in (("pass", ""), ("not-applicable", WHY_NOT))
    assert not was_asked(of_the_machine)


def test_what_it_is_told_without_a_network_of_its_own(
    folder: Path, of_the_machine: socket.socket
) -> None:
    """So the test above can fail; docs/security.md says that this is so."""
    run = ended(folder, PLAIN, "test_open")
    assert run.status == 0, run.said()
    assert was_asked(of_the_machine)


def test_a_name_that_does_not_resolve(folder: Path, of_the_machine: socket.socket) -> None:
    """The C library asks the machine's name servers for it."""
    run = ended(folder, PLAIN, "test_unknown_name")
    (seen,) = run.results()["scenarios"]
    assert (seen["outcome"], seen["reason"]) == (
        "not-applicable",
        NO_UNKNOWN_NAME.format(NOT_ENTERED),
    )
    assert "to have them: `staplelab run PATH` in place of pytest" in run.said()


def test_each_start_knows_the_names_in_the_certificates(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx looks them up when it reads its configuration; also in the start before a run."""
    wrapper = folder / "wrapper"
    wrapper.write_text(
        f"""#!/bin/sh
[ "$1" = -p ] && grep -c ocsp.staplelab.test "$NSS_WRAPPER_HOSTS" >>{folder}/found
exec {nginx()} "$@"
"""
    )
    wrapper.chmod(0o755)
    options = ("--out", "out", "--nginx", str(wrapper), ".")
    run = LabRun(folder, *PLAIN, *options, scenarios="staple").end()
    assert run.status == 0, run.said()
    assert (folder / "found").read_text() == "1\n1\n"
