"""Runs staple-check, and reads what it prints."""

import json
import os
import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / os.environ.get("STAPLELAB_BUILD", "build/release")
PROGRAM = BUILD / "bin" / "staple-check"

BOUND = 30  # seconds until a process is taken for stuck

EXIT = {
    "GOOD": 0, "NOT_REQUESTED": 10, "RESUMED_NO_STATUS": 11, "NO_STAPLE": 12,
    "NO_STAPLE_MUST_STAPLE": 13, "UNPARSEABLE": 14, "ERROR_STATUS": 15, "NOT_FOR_THIS_CERT": 16,
    "BAD_SIGNATURE": 17, "UNAUTHORIZED_SIGNER": 18, "SIGNER_EXPIRED": 19, "NOT_YET_VALID": 20,
    "EXPIRED": 21, "NO_NEXT_UPDATE": 22, "REVOKED": 23, "UNKNOWN": 24,
    "WEAK_SIGNATURE": 25, "UNSUPPORTED_ALGORITHM": 26,
}


def run(*arguments, **more):
    more = {"stdout": subprocess.PIPE, **more}
    return subprocess.run([PROGRAM, *arguments], stderr=subprocess.PIPE, text=True,
                          timeout=BOUND, check=False, **more)


def check(*arguments):
    """The objects that staple-check prints, its exit status being the last one's."""
    done = run(*arguments)
    assert done.stderr == ""
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["try"] for o in objects] == list(range(1, len(objects) + 1))
    last = objects[-1]["verdict"]
    assert done.returncode == (3 if last is None else EXIT[last])
    return objects


def check_one(*arguments):
    (found,) = check(*arguments)
    return found
