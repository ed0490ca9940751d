"""How pki-mint refuses: one clear line, and nothing left behind."""

from __future__ import annotations

import json
import re
import resource
import signal
from pathlib import Path

import pytest
from pki_mint import run, small

ROOT = {"id": "root", "subject": "Root", "key": "p256"}

BAD_DESCRIPTIONS = {
    "nothing": ("", "line 1, column 0 is not JSON"),
    "no JSON": ("{\n'name'}", "line 2, column"),
    "two values": ("{} {}", "is not JSON: end of file expected"),
    "not UTF-8 escaped": ('{"name": "\\ud800"}', "is not JSON"),
    "twice the same member": ('{"name": "a", "name": "b"}', "is not JSON: duplicate object key"),
    "a NUL": ('{"name": "a\\u0000"}', "is not JSON"),
    "an array": ("[]", "accepted: an object with name"),
    "no name": ({"authorities": [ROOT]}, 'the member "name" is missing (accepted: a string)'),
    "no authorities": ({"name": "x"}, "there is no authority (accepted: "),
    "unknown member": ({**small(), "color": 1}, 'unknown member "color" (accepted: name, '),
    "unknown member of a leaf": (small(subject="S"),
                                 '/leaves/0: unknown member "subject" (accepted: '),
    "bad type": (small(must_staple="yes"), "/leaves/0/must_staple: a string is not valid here "
                 "(accepted: true or false)"),
    "bad list": (small(ocsp_urls="u"), "/leaves/0/ocsp_urls: a string is not valid"),
    "bad element": (small(names=["a", 7]), "/leaves/0/names/1: a number is not valid"),
    "bad id": (small(id="../www"), '/leaves/0/id: "../www" is not valid (accepted: 1 to 64'),
    "duplicate id": (small(id="root"), '/leaves/0: the id "root" is taken'),
    "unknown issuer": (small(issuer="ca"), '/leaves/0/issuer: "ca" is no authority that stands '
                       "before it (accepted: root)"),
    "bad key": (small(key="p384"), '"p384" is not valid (accepted: p256, rsa2048, ed25519)'),
    "bad serial": (small(serial="0x10"), '/leaves/0/serial: "0x10" is not valid (accepted: '),
    "serial too long": (small(serial="80" + "0" * 38), "encodes in at most 20 octets"),
    "duplicate serial": (
        {**small(), "leaves": [
            {"id": i, "issuer": "root", "names": ["a"], "serial": "1"} for i in ("a", "b")
        ]},
        '/leaves/1: the serial "1" is taken by "a"',
    ),
    "bad time": (small(not_after="90"), '/leaves/0/not_after: "90" is not valid (accepted: a sign'),
    "backwards": (small(not_after="-3d"), "/leaves/0: not_after lies 172800 s before not_before"),
    "far future": (small(not_after="+999999999d"), "the years 1950 to 9999"),
    "bad host name": (small(names=["a b"]), '/leaves/0/names/0: "a b" is not valid (accepted: '),
    "bad URL": (small(ocsp_urls=["http://\u00e9/"]), "/leaves/0/ocsp_urls/0: "),
    "value not set": (small(ocsp_urls=["http://${host}/"]), "/leaves/0/ocsp_urls/0: ${host} has "
                      "no value (give it with --set host=VALUE)"),
    "placeholder not closed": (small(ocsp_urls=["${host"]), "is not ${NAME}"),
    "line breaks": (small(id="a\nb\u001b[31m\u009b\u00e9"), '"a?b?[31m??\u00e9" is not valid'),
    "long text": (small(id="x" * 5000), "/leaves/0/id: "),
    "too long": (" " * (1 << 20) + "{}", "longer than the 1048576 octets that are accepted"),
}


@pytest.mark.parametrize("kind", BAD_DESCRIPTIONS)
def test_a_bad_description_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    description, expected = BAD_DESCRIPTIONS[kind]
    text = description if isinstance(description, str) else json.dumps(description)
    done = run("--key-pool", tmp_path / "pool", "-", tmp_path / "out", text=text)

    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert re.fullmatch(r"pki-mint: [ -~\u00e9]{1,700}\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(small(serial="")))
    done = run(file, tmp_path / "out")
    assert done.stderr.startswith(f'pki-mint: {file}: /leaves/0/serial: "" is not valid')
    missing = run(tmp_path / "none.json", tmp_path / "out")
    assert missing.returncode == 2
    assert missing.stderr == f"pki-mint: {tmp_path}/none.json: No such file or directory\n"
    assert [f.name for f in tmp_path.iterdir()] == ["bad.json"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "0 arguments were given (accepted: two, "),
        (["-"], "1 arguments were given"),
        (["-", "{out}", "more"], "3 arguments were given"),
        (["-", ""], 'OUTDIR "" is not valid'),
        (["--now", "noon", "-", "{out}"], '--now "noon": expected a number from 0 to 253402300799'),
        (["--now", "-1", "-", "{out}"], '--now "-1": expected a number'),
        (["--now", "253402300800", "-", "{out}"], '--now "253402300800": expected a number'),
        (["--now", "99999999999999999999", "-", "{out}"], "expected a number"),
        (["--now"], "--now needs a value"),
        (["--set", "1a=b", "-", "{out}"], '--set: "1a=b" is not NAME=VALUE'),
        (["--set", "a", "-", "{out}"], '--set: "a" is not NAME=VALUE'),
        (["--key-pool", "", "-", "{out}"], '--key-pool: "" is not valid'),
        (["--colour", "-", "{out}"], 'unknown option "--colour"; see --help'),
        (["--keypool", "-", "{out}"], "the nearest are: key-pool; see --help"),
        (["-vx", "-", "{out}"], 'unknown option "-v"'),
        (["--help=me"], "--help takes no value"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], expected: str) -> None:
    words = [word.replace("{out}", str(tmp_path / "out")) for word in arguments]
    done = run(*words, text=json.dumps(small()))
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert re.fullmatch(r"pki-mint: [ -~]+\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_help_and_version() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: pki-mint [--now EPOCH]")
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"pki-mint \d+\.\d+\.\d+\n", done.stdout)


def test_what_stands_in_the_place_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")
    done = run("-", out, text=json.dumps(small()))
    assert done.returncode == 1
    assert done.stderr == (
        f"pki-mint: {out}: the folder is not empty (accepted: a new name, or an empty folder)\n"
    )
    assert [f.name for f in out.iterdir()] == ["mine"]
    assert (out / "mine").read_text() == "kept"

    done = run("-", out / "mine", text=json.dumps(small()))
    assert done.returncode == 1
    assert done.stderr == f"pki-mint: {out}/mine: Not a directory\n"
    done = run("-", tmp_path / "no" / "such", text=json.dumps(small()))
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: only the manifest is longer."""
    description = small()
    leaf = description["leaves"][0]
    description["leaves"] = [{**leaf, "id": f"www{i}"} for i in range(3)]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    # preexec_fn, because no option of subprocess sets a limit
    done = run("-", tmp_path / "out", text=json.dumps(description), preexec_fn=limit)
    assert (done.returncode, done.stderr) == (1, "pki-mint: manifest.json: File too large\n")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_pool_key_is_named_and_kept(tmp_path: Path) -> None:
    pool = tmp_path / "pool"
    pool.mkdir()
    (pool / "rsa2048-01.pem").write_text("no key\n")
    done = run("--key-pool", pool, "-", tmp_path / "out", text=json.dumps(small(key="rsa2048")))
    assert done.returncode == 1
    assert done.stderr.startswith(f"pki-mint: {pool}/rsa2048-01.pem holds no RSA key")
    assert done.stderr.count("\n") == 1
    assert (pool / "rsa2048-01.pem").read_text() == "no key\n"
    assert [f.name for f in tmp_path.iterdir()] == ["pool"]
