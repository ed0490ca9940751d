"""An nginx built with a sanitizer: what it is given, what becomes of its reports, who builds it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from lab_run import LabRun, nginx

from staplelab.places import repository
from staplelab.servers import sanitizer

SCRIPT = repository() / "harness" / "setup" / "nginx-asan"
WHERE = "ngx_ssl_certificate_status_callback src/event/stapling.c:604"
FREED = f"AddressSanitizer: heap-use-after-free in {WHERE}"


# ----- what the lab makes of it -----


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("r")
    return LabRun(folder, "staplelab", "run", *options, ".", scenarios="reported").end()


def test_a_report_fails_its_scenario_and_comes_first(run: LabRun) -> None:
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    overflow = "src/x.c:6:36: runtime error: signed integer overflow"
    assert found == {
        "test_all_else_is_well": ("fail", FREED),
        "test_something_else_fails": ("fail", FREED),
        "test_something_else_is_wrong_at_the_end": ("fail", FREED),
        "test_not_applicable": ("fail", FREED),
        "test_undefined_behaviour": ("fail", f"UndefinedBehaviorSanitizer: {overflow}"),
        "test_without_a_report": ("pass", ""),
    }


def test_the_report_is_kept(run: LabRun) -> None:
    kept = list((run.out / "kept").glob("*/sanitizer.4711"))
    assert len(kept) == 4
    assert "READ of size 457" in kept[0].read_text()


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        ("==1==ERROR: AddressSanitizer: SEGV on unknown address 0x00 (pc 0x5)", "SEGV"),
        (
            "==1==ERROR: AddressSanitizer: attempting double-free on 0x6 in thread T0:",
            "attempting double-free",
        ),
        (
            "==1==ERROR: AddressSanitizer: memcpy-param-overlap: memory ranges [0x1,0x2) overlap",
            "memcpy-param-overlap: memory ranges",
        ),
    ],
)
def test_a_headline_is_the_same_in_every_run(tmp_path: Path, report: str, headline: str) -> None:
    (tmp_path / "sanitizer.1").write_text(f"{'=' * 65}\n{report}\n")
    assert sanitizer.reports(tmp_path, ()) == [f"AddressSanitizer: {headline}\n    {report}"]


def test_no_report(tmp_path: Path) -> None:
    (tmp_path / "sanitizer.1").write_text("")
    (tmp_path / "error.log").write_text("2026/01/01 00:00:00 [error] 1#1: a runtime error: none\n")
    assert sanitizer.reports(tmp_path, [tmp_path / "error.log"]) == []


# ----- what it is given -----


def test_which_programs_have_one(tmp_path: Path) -> None:
    programs = {"asan": b"\x7fELF..__asan_init..", "ubsan": b"..__ubsan_handle_add_overflow"}
    programs |= {"plain": b"\x7fELF.._init..", "empty": b"", "wrapper": b"#!/bin/sh\n"}
    for name, octets in programs.items():
        (tmp_path / name).write_bytes(octets)
    found = {name for name in (*programs, "absent") if sanitizer.is_in(str(tmp_path / name))}
    assert found == {"asan", "ubsan", "wrapper"}


def test_variables() -> None:
    """What the user has set is kept, and what the lab needs comes after it."""
    given = {"ASAN_OPTIONS": "detect_leaks=1", "LD_PRELOAD": "x"}
    assert sanitizer.variables(given, Path("/run/a b")) == {
        "LD_PRELOAD": "x",
        "ASAN_OPTIONS": "detect_leaks=1:log_path='/run/a b/sanitizer':detect_leaks=0",
        "UBSAN_OPTIONS": "log_path='/run/a b/sanitizer':print_stacktrace=1",
        "NSS_WRAPPER_DISABLE_DEEPBIND": "1",
    }


# ----- who builds it -----


def call(cache: Path, query: str) -> subprocess.CompletedProcess[str]:
    """Calls the script where nothing may be installed, with a dpkg-query of the tests."""
    program = cache / "bin" / "dpkg-query"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{query}\n")
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(cache),
        "NO_INSTALL": "1",
    }
    return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False)


def test_missing_packages_are_named(tmp_path: Path) -> None:
    done = call(tmp_path, "exit 1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("staplelab: missing packages: gcc libc6-dev make dpkg-dev ")


def test_a_missing_build_is_named(tmp_path: Path) -> None:
    done = call(tmp_path, 'shift 3; for one; do printf "installed=%s " "$one"; done')
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "staplelab: missing: nginx with sanitizers (make nginx-asan builds it)\n"
    assert not (tmp_path / "staplelab").exists()


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    binary = tmp_path / "staplelab" / "nginx-asan-1.2.3-4+deb12u5-any" / "objs" / "nginx"
    binary.parent.mkdir(parents=True)
    binary.touch(0o755)
    release = subprocess.run(
        ["sh", "-c", '. /etc/os-release; echo "$ID$VERSION_ID-$(dpkg --print-architecture)"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (binary.parents[2] / f"nginx-asan-{release}").symlink_to("nginx-asan-1.2.3-4+deb12u5-any")
    done = call(tmp_path, "exit 1")
    assert (done.returncode, done.stdout) == (0, f"{binary}\n")
    assert "nginx 1.2.3-4+deb12u5" in done.stderr
