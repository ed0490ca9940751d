"""Runs that cannot be: each ends in one clear line and an exit status, and leaves nothing."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_run import LabRun, nginx
from ocspd import mint

from staplelab.places import build_folder

# ----- nginx -----


def fake(folder: Path, answer: str) -> str:
    binary = folder / "nginx"
    binary.write_text(f"#!/bin/sh\nprintf '{answer}' >&2\n")
    binary.chmod(0o755)
    return str(binary)


WITHOUT_SSL = "nginx version: nginx/1.22.1\\nconfigure arguments: --with-debug\\n"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (None, "there is no such file; give the path of an nginx binary"),
        ("Apache/2.4\\n", "not an nginx: to -V it says 'Apache/2.4'"),
        (
            WITHOUT_SSL,
            "nginx 1.22.1 is built without SSL; one built --with-http_ssl_module is needed",
        ),
    ],
    ids=["missing", "not-an-nginx", "without-ssl"],
)
@pytest.mark.parametrize("command", ["staplelab", "pytest", "xdist"])
def test_an_nginx_that_cannot_be_judged(
    tmp_path_factory: pytest.TempPathFactory, command: str, answer: str | None, complaint: str
) -> None:
    folder = tmp_path_factory.mktemp("r")
    binary = str(folder / "nginx") if answer is None else fake(folder, answer)
    options = ["run"] if command == "staplelab" else ["-q", "-p", "staplelab.plugin"]
    options += ["-p", "xdist.plugin", "-n", "2"] if command == "xdist" else []
    program = "staplelab" if command == "staplelab" else "pytest"
    run = LabRun(
        folder, program, *options, "--nginx", binary, "--out", "out", ".", scenarios="breakage"
    ).end()
    line = f"staplelab: --nginx {binary}: {complaint}"
    if command == "staplelab":
        assert (run.status, run.said()) == (2, f"{line}\n")
    else:
        assert run.status == pytest.ExitCode.USAGE_ERROR
        assert [said for said in run.said().splitlines() if "nginx" in said] == [f"ERROR: {line}"]
        assert "Traceback" not in run.said()
    assert not run.out.exists()


def test_programs_that_were_not_built(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("STAPLELAB_BUILD", str(folder / "nothing"))
    run = LabRun(
        *(folder, "pytest", "-q", "-p", "staplelab.plugin", "-k", "test_in_order"),
        *(f"--nginx={nginx()}", "--out=out"),
        scenarios="breakage",
    ).end()
    line = f"{folder}/nothing holds no programs; run `make build` first"
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert run.said().splitlines()[-2:] == [f"ERROR: staplelab: {line}", ""]


# ----- ports in use -----


@pytest.fixture
def taken() -> Iterator[str]:
    """An address and port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("program", ["faulty-ocspd", "faulty-dnsd"])
@pytest.mark.parametrize("option", ["--listen", "--control"])
def test_a_port_in_use(tmp_path: Path, taken: str, program: str, option: str) -> None:
    argv = [str(build_folder() / "bin" / program), "--listen", "x=127.0.0.1:0"]
    argv += ["--pki", str(mint(tmp_path))] if program == "faulty-ocspd" else []
    if option == "--listen":
        argv += ["--listen", f"y={taken}"]
    else:
        (tmp_path / "token").write_text("a-token-of-many-octets-0123456789\n")
        (tmp_path / "token").chmod(0o600)
        argv += ["--control", f"tcp:{taken}", "--control-token-file", str(tmp_path / "token")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode not in (0, None)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{program}: ")
    assert taken in line and "already in use" in line


def test_a_port_in_the_way_of_the_responder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A listener on all addresses of the machine is stepped around."""
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "pytest", "-q", "-p", "staplelab.plugin"),
        *(f"--nginx={nginx()}", "--out=out"),
        scenarios="port_in_the_way",
    ).end()
    assert run.status == 0, run.said()
    (seen,) = run.scenarios().values()
    assert seen["outcome"] == "pass"
