"""docs/exit-codes.md: a case of every row is run and ends so, and every case has its row."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import child_run
import pytest
from lab_run import SCENARIOS, nginx
from ocspd import mint
from program_environment import environment
from staple_check import EXIT
from staple_pki import Hierarchy
from tls_server import responding, serving

from staplelab import cli
from staplelab.errors import LabError
from staplelab.places import build_folder, key_pool_option, profiles, repository
from staplelab.runs import matrix
from staplelab.waiting import BOUND_SECONDS

_PAGE = repository() / "docs" / "exit-codes.md"
#: what needs an engine is run in harness/tests/docker
_NEEDS_DOCKER = {("staplelab clean", "0")}

Case = tuple[str, str]


def rows() -> set[Case]:
    """Each command with each of its codes, as the page has them."""
    found, commands = set(), []
    for first, code in re.findall(r"^\| ([^|]*)\| ([\d to]+) \|", _PAGE.read_text(), re.MULTILINE):
        if first.strip():
            commands = re.findall(r"`([^`]+)`", first)
            if commands[0].startswith("staplelab "):
                commands[1:] = [f"staplelab {word}" for word in commands[1:]]
        found |= {(command, code) for command in commands}
    return found


def end(folder: Path, argv: list[str | Path], **options: object) -> int:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        argv,
        **{"cwd": folder, "env": child_run.environment(), "stdout": subprocess.DEVNULL, **options},
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        timeout=50,
        check=False,
    ).returncode


def lab(folder: Path, *arguments: str | Path, **options: object) -> int:
    return end(folder, [sys.executable, "-m", *map(str, arguments)], **options)


class Seen(dict[Case, int]):
    """What came of each case."""

    def see(self, command: str, code: object, status: int) -> None:
        self[(command, str(code))] = status


def hold(seen: Seen, commands: str) -> None:
    """Each row of these commands was run, and no other."""
    expected = {case for case in rows() - _NEEDS_DOCKER if re.fullmatch(commands, case[0])}
    assert expected and seen.keys() == expected
    assert {case: status for case, status in seen.items() if not is_of(case[1], status)} == {}


def is_of(code: str, status: int) -> bool:
    """Whether it is this code, or one of these: "10 to 26"."""
    first, _, last = code.partition(" to ")
    return int(first) <= status <= int(last or first)


def test_every_command_of_the_page_is_run() -> None:
    """By one of the tests below, which ask for all rows of theirs; and none is forgotten there."""
    assert {command for command, _ in rows()} == {
        *("staplelab", *(f"staplelab {name}" for name in cli._COMMANDS)),
        *("python3 -m pytest", "make"),
        *("staple-check", "pki-mint", "faulty-ocspd", "faulty-dnsd"),
    }


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets
    shutil.copy(SCENARIOS / "ends.py", made / "test_ends.py")
    (made / "pytest.ini").write_text("[pytest]\n")
    return made


_ENDS = {0: "well", 1: "badly", 2: "early"}


@pytest.mark.timeout(180)
def test_of_a_run_and_of_its_results(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    chosen = ("--nginx", nginx(), ".")
    for code, word in _ENDS.items():
        run = ("run", "--jobs", "1", "--shard", "1/1", "--out", word, "-k", word)
        seen.see("staplelab run", code, lab(folder, "staplelab", *run, *chosen))
        seen.see("staplelab report", code, lab(folder, "staplelab", "report", word))
        seen.see("staplelab conformance", code, lab(folder, "staplelab", "conformance", word))
        merge = ("merge", "--out", f"{word}-merged", word)
        seen.see("staplelab merge", code, lab(folder, "staplelab", *merge))
        seen.see("staplelab matrix", code, judged(folder, word, monkeypatch))
        seen.see("staplelab diff", code, lab(folder, "staplelab", "diff", "well", word))
    hold(seen, "staplelab (run|report|conformance|merge|matrix|diff)")
    for wrong in (("--nginx", "/none", "."), ("--nope",), (*chosen, "-k", "nothing")):
        assert lab(folder, "staplelab", "run", *wrong) == 2


def judged(folder: Path, word: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The matrix of one image, whose run is there already; the command makes 2 of an error."""

    def judge(image: str, into: Path, options: object) -> None:
        shutil.copytree(folder / word, into)

    monkeypatch.setattr(matrix, "_judge", judge)
    try:
        return matrix.run(["image"], folder / f"{word}-matrix", [])
    except LabError:
        return lab(folder, "staplelab", "matrix", "--nope")


def test_of_the_other_commands(folder: Path) -> None:
    seen = Seen()
    none = {**child_run.environment(), "STAPLELAB_BUILD": str(folder)}
    for word in ("faults", "deviations"):
        seen.see(f"staplelab {word}", 0, lab(folder, "staplelab", word))
    seen.see("staplelab faults", 2, lab(folder, "staplelab", "faults", env=none))
    seen.see("staplelab deviations", 2, lab(folder, "staplelab", "deviations", "--nope"))
    no_engine = {**child_run.environment(), "DOCKER_HOST": f"unix://{folder}/none"}
    seen.see("staplelab clean", 2, lab(folder, "staplelab", "clean", env=no_engine))
    reading, writing = os.pipe()
    os.close(reading)
    seen.see("staplelab", 141, lab(folder, "staplelab", "deviations", stdout=writing))
    os.close(writing)
    hold(seen, "staplelab(?! (run|report|conformance|merge|matrix|diff|drill)$).*")


def test_of_pytest(folder: Path) -> None:
    def plain(*options: str) -> int:
        return lab(folder, "pytest", "-p", "staplelab.plugin", "--nginx", nginx(), *options)

    seen = Seen()
    command = "python3 -m pytest"
    for code, word in _ENDS.items():
        seen.see(command, code, plain("-k", word))
    seen.see(command, 4, plain("--nginx", "/none"))
    seen.see(command, 5, plain("-k", "nothing"))
    hold(seen, command)
    assert plain("--nope") == 4


def test_of_make() -> None:
    seen = Seen()
    seen.see("make", 0, end(repository(), ["make", "help"]))
    seen.see("make", 2, end(repository(), ["make", "run", "NGINX=/none", "NO_INSTALL=1"]))
    hold(seen, "make")


def test_of_staple_check(tmp_path: Path) -> None:
    program = build_folder() / "bin" / "staple-check"
    pki = Hierarchy(tmp_path)
    seen = Seen()
    see: Callable[[object, int], None] = lambda code, status: seen.see("staple-check", code, status)
    see(0, end(tmp_path, [program, "--list-verdicts"]))
    with Path("/dev/full").open("w") as full:
        see(1, end(tmp_path, [program, "--list-verdicts"], stdout=full))
    see(2, end(tmp_path, [program, "--nope"]))
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        see(3, end(tmp_path, [program, "127.0.0.1:%d" % deaf.getsockname()[1]]))
    with serving(pki.www, responding("")) as server:
        see(4, end(tmp_path, [program, "--get", "/", server]))
    others = sorted(EXIT.values())[1:]
    assert others == list(range(others[0], others[-1] + 1))
    with serving(pki.www, responding("")) as server:
        see(f"{others[0]} to {others[-1]}", end(tmp_path, [program, server]))
    hold(seen, "staple-check")


def test_of_pki_mint(tmp_path: Path) -> None:
    program, bad = build_folder() / "bin" / "pki-mint", tmp_path / "bad.json"
    bad.write_text("{}")
    settings = ("--set=ocsp_port=80", "--set=ocsp_address=127.0.0.1", *key_pool_option())
    description = profiles() / "standard.json"
    seen = Seen()
    for code in (0, 1):  # the second time the folder is there
        argv = [program, *settings, description, tmp_path / "out"]
        seen.see("pki-mint", code, end(tmp_path, argv))
    seen.see("pki-mint", 2, end(tmp_path, [program, bad, tmp_path / "other"]))
    hold(seen, "pki-mint")
    assert end(tmp_path, [program, "--nope"]) == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_of_the_faulty_servers(tmp_path: Path, how: signal.Signals) -> None:
    arguments: dict[str, list[str | Path]] = {
        "faulty-ocspd": ["--pki", mint(tmp_path)],
        "faulty-dnsd": [],
    }
    seen = Seen()
    for name, more in arguments.items():
        program = build_folder() / "bin" / name
        argv = [program, *more, "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment())
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("{")
            process.send_signal(how)
            seen.see(name, 0, process.wait(BOUND_SECONDS))
        finally:
            process.kill()
            process.communicate()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            busy = "127.0.0.1:%d" % taken.getsockname()[1]
            seen.see(name, 1, end(tmp_path, [program, *more, "--listen", busy]))
        seen.see(name, 2, end(tmp_path, [program, "--nope"]))
    hold(seen, "faulty-.*")
