"""staple-check without a server: its command line, and servers that are not there."""

import filecmp
import pathlib
import socket
import subprocess
import sys

import pytest
from staple_check import BOUND, EXIT, REPOSITORY, check, check_one, run

FUZZ = REPOSITORY / "harness" / "clients" / "fuzz"


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return gone.getsockname()[1]


def test_nobody_listens():
    found = check_one(f"127.0.0.1:{unused_port()}")
    assert found == {"try": 1, "verdict": None, "error": "no connection: Connection refused"}


def test_a_failed_try_does_not_end_the_others():
    assert len(check("--tries", "2", "--resume", f"127.0.0.1:{unused_port()}")) == 4


@pytest.mark.parametrize("arguments, words", [
    ([], "HOST:PORT is missing"),
    (["localhost"], "'localhost': HOST:PORT is accepted"),
    (["--tls", "1.1", "h:1"], "--tls '1.1': 1.2 or 1.3 is accepted"),
    (["--tries", "many", "h:1"], '--tries "many": expected a number from 1 to 1000000'),
    (["--sigalgs", "CAESAR", "h:1"], "'CAESAR' is no list of signature algorithms"),
    (["--trusted", "/nowhere", "h:1"], "--trusted /nowhere: No such file or directory"),
    (["--colour", "h:1"], 'unknown option "--colour"; see --help'),
    (["--tried=2", "h:1"], 'unknown option "--tried"; the nearest are: tries; see --help'),
    (["h:1", "--tls"], "--tls needs a value; see --help"),
    (["--resume=yes", "h:1"], "--resume takes no value; see --help"),
    (["--cert", "a.pem", "h:1"], "--cert needs --key beside it"),
    (["--key", "a.pem", "h:1"], "--key needs --cert beside it"),
    (["--cert", "/nowhere", "--key", "a", "h:1"], "--cert /nowhere: No such file or directory"),
    (["--get", "index.html", "h:1"], "--get 'index.html': a path that begins with /"),
    (["--get", "/a b", "h:1"], "--get '/a b': a path that begins with /"),
    (["--stop-at", "helo", "h:1"], "--stop-at 'helo': connected, half-hello, hello or handshake is "
                                   "accepted; the nearest: hello"),
])
def test_wrong_usage(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_list_of_verdicts():
    done = run("--list-verdicts")
    listed = {line.split()[1]: int(line.split()[0]) for line in done.stdout.splitlines()}
    assert listed == EXIT
    assert list(listed) == list(EXIT)
    assert done.returncode == 0


def test_help_and_version():
    done = run("--help")
    assert done.returncode == 0
    for option in ("--servername", "--tls", "--sigalgs", "--no-status", "--resume", "--tries",
                   "--trusted", "--skew", "--staple-out", "--cert", "--key", "--get",
                   "--timeout-ms", "--stop-at", "--background", "--batch", "--list-verdicts",
                   "--interval", "--until", "--within", "--judge", "--leaf", "--at", "--urls"):
        assert option in done.stdout
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.split()[0] == "staple-check"


def test_committed_fuzz_corpus_is_what_the_script_makes(tmp_path):
    subprocess.run([sys.executable, FUZZ / "make_corpus.py", tmp_path], check=True, timeout=BOUND)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    kept = sorted(p.relative_to(FUZZ) for folder in FUZZ.glob("corpus_*") if folder.is_dir()
                  for p in folder.iterdir())
    assert made == sorted([*kept, pathlib.Path("corpus_certificates.h")])
    assert filecmp.cmpfiles(tmp_path, FUZZ, made, shallow=False)[0] == made
