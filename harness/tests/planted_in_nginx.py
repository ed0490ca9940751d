"""Mistakes planted in nginx's stapling code, and what a run of the lab says of them.

It needs the nginx that `make nginx-asan` builds, which takes a minute: so `make test-asan` runs
this, and `make test` does not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lab_run import LabRun

from staplelab.places import repository

SOURCE = "src/event/ngx_event_openssl_stapling.c"
RESOLVER = "src/core/ngx_resolver.c"
STAPLED = "    staple->staple = response;\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree with its object files."""
    binary = Path(os.environ["STAPLELAB_ASAN_NGINX"])
    copy = tmp_path_factory.mktemp("nginx") / "tree"
    shutil.copytree(binary.parents[1], copy, symlinks=True)
    return copy


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a short name: a run has sockets in it."""
    return tmp_path_factory.mktemp("r")


def judged(
    tree: Path, folder: Path, planted: str, *, file: str = SOURCE, behind: str = STAPLED
) -> tuple[LabRun, str, str]:
    """The outcome and the reason of a scenario with these statements behind others of a file: the
    one that takes a new staple, where nothing else is said."""
    build(tree, planted, file, behind)
    run = LabRun(folder, *run_of(tree), ".", scenarios="staple").end()
    one = run.scenarios()["test_staple"]
    return run, one["outcome"], one["reason"]


def run_of(tree: Path) -> tuple[str, ...]:
    """The words of a run that judges this build."""
    nginx = str(tree / "objs" / "nginx")
    return ("staplelab", "run", "--nginx", nginx, "--out", "out", "--jobs", "1")


def build(tree: Path, planted: str, file: str, behind: str) -> None:
    """Builds nginx with these statements behind others of a file."""
    # a make above this one would pass its flags on, -s for instance
    environment = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
    whole = (tree / file).read_text()
    assert behind in whole
    try:
        (tree / file).write_text(whole.replace(behind, behind + planted, 1))
        built = subprocess.run(
            ["make"], cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        (tree / file).write_text(whole)
    assert built.returncode == 0, built.stderr
    # the file itself, and the one that was put back since
    compiled = built.stdout.count(" -c ")
    assert f"\t{file}\n" in built.stdout and compiled <= 2, f"compiled: {built.stdout}"


def test_nothing_wrong(tree: Path, tmp_path: Path) -> None:
    _, outcome, reason = judged(tree, tmp_path, "\n")
    assert (outcome, reason) == ("pass", "")


#: what is planted behind what, and how the reason begins: none of it changes a verdict
BEHAVIOURS = {
    "a-nonce": (
        SOURCE,
        '                      "OCSP_request_add0_id() failed");\n'
        "        OCSP_CERTID_free(id);\n        goto failed;\n    }\n",
        "    OCSP_request_add1_nonce(ocsp, NULL, -1);\n",
        "nginx: a request with CertIDs of ['sha1'] and a nonce",
    ),
    "http-1.1": (
        SOURCE,
        '    p = ngx_cpymem(p, " HTTP/1.0" CRLF, sizeof(" HTTP/1.0" CRLF) - 1);\n',
        "    p[-3] = '1';\n",
        "nginx: a request by GET of HTTP/1.1 with 1 headers",
    ),
    "two-fetches": (
        SOURCE,
        "    staple->valid = ctx->valid;\n",
        "    { static int n; if (n++ == 0) { staple->loading = 0; staple->refresh = 0;\n"
        "      ngx_ssl_stapling_update(staple); ngx_ssl_ocsp_done(ctx); return; } }\n",
        "nginx made too many new connections to the responder: expected 1, came 2",
    ),
    "a-alone": (
        RESOLVER,
        "    r->ipv6 = 1;\n",
        "    r->ipv6 = 0;\n",
        "nginx sent too few new queries to the name server: expected 2, came 1",
    ),
    "no-fetch": (
        SOURCE,
        "    staple->loading = 1;\n",
        "    if (staple->loading) return;\n",
        "nginx made no new connection to the responder: expected 1, came 0",
    ),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_behaviour(tree: Path, tmp_path: Path, name: str) -> None:
    """What two builds would differ in is a fail, though the staple is as good as before."""
    file, behind, planted, reason = BEHAVIOURS[name]
    _, outcome, told = judged(tree, tmp_path, planted, file=file, behind=behind)
    assert outcome == "fail"
    assert told.startswith(reason)


def test_a_crash_comes_first(tree: Path, tmp_path: Path) -> None:
    """abort() is no report of AddressSanitizer: nginx itself says what has ended."""
    _, outcome, reason = judged(tree, tmp_path, "    abort();\n")
    assert (outcome, reason) == ("fail", "nginx: worker process exited on signal 6")


def test_use_after_free(tree: Path, tmp_path: Path) -> None:
    run, outcome, reason = judged(tree, tmp_path, "    ngx_free(response.data);\n")
    assert outcome == "fail"
    where = f"ngx_ssl_certificate_status_callback {SOURCE}:"
    assert reason.startswith(f"AddressSanitizer: heap-use-after-free in {where}")
    assert reason in run.said()
    (report,) = (run.out / "kept").glob("*/sanitizer.*")
    assert "freed by thread T0 here:" in report.read_text()


def test_undefined_behaviour(tree: Path, tmp_path: Path) -> None:
    overflow = "    volatile int i = 2147483647; i += 1;\n"
    _, outcome, reason = judged(tree, tmp_path, overflow)
    assert outcome == "fail"
    assert reason.startswith(f"UndefinedBehaviorSanitizer: {SOURCE}:")
    assert "runtime error: signed integer overflow" in reason


def test_a_look_up_for_nobody(tree: Path, tmp_path: Path) -> None:
    """CVE-2026-40701, unmended again, is told before anything that was freed is used."""
    behind = '                   "ssl ocsp done");\n'
    build(tree, "    ctx->resolve = NULL;\n", SOURCE, behind)
    suite = str(repository() / "suites" / "client_certificates" / "test_gone.py")
    run = LabRun(tmp_path, *run_of(tree), "-k", "given_up_while", suite).end()
    (one,) = run.results()["scenarios"]
    reason = "nginx asks on for a client that is gone: this one has CVE-2026-40701"
    assert (one["outcome"], one["reason"].splitlines()[0]) == ("fail", reason)
