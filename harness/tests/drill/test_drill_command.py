"""`staplelab drill` as a user gives it: a whole drill, what it writes, how it ends."""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import child_run
import drill_originals
import pytest
from drill_originals import Folder
from lab_run import nginx
from schemas import said

from staplelab import cli
from staplelab.drill import answer, command
from staplelab.drill.outage import DAY, HOUR
from staplelab.drill.report import NAMES
from staplelab.hosts import namespace

WEEK = 7 * DAY


def drill(conf: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """As a plain command, with nothing of the caller's environment that matters."""
    environment = {k: v for k, v in child_run.environment().items() if k != "NGINX"}
    argv = [sys.executable, "-m", "staplelab", "drill", str(conf), "--server", nginx(), *options]
    how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 100, "check": False}
    return subprocess.run(argv, env=environment, cwd=conf.parent, **how)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    with pytest.MonkeyPatch.context() as patch:
        now = datetime.now(timezone.utc).replace(microsecond=0)
        patch.setattr(drill_originals, "MOMENT", now - timedelta(hours=1))
        made = Folder(tmp_path_factory.mktemp("d"))
        made.certificate("www", "www.example.org", must_staple=True)
        made.certificate("none", "none.example.org", urls=())
        made.certificate("alone", "alone.example.org", behind="")
        made.write("ca.pem", made.issuing.pem + made.root.pem)
    return made


def server(name: str, certificate: str, inner: str = "") -> str:
    tls = f"ssl_certificate {certificate}.pem; ssl_certificate_key {certificate}.key;"
    return f"server {{ listen 443 ssl; server_name {name}; {tls} {inner} }}\n"


STAPLING = "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate ca.pem;"


@pytest.fixture(scope="module")
def whole(folder: Folder) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Three sites: one that staples, one alike, and one whose certificate has no URL."""
    http = (
        server("www.example.org", "www", STAPLING)
        + server("shop.example.org", "www", STAPLING)
        + server("none.example.org", "none", "ssl_stapling on;")
    )
    conf = folder.conf(f"resolver 192.0.2.53 192.0.2.54;\n{http}", "worker_processes 4;")
    out = folder.path / "out"
    limits = ("--survive", "24h", "--learn", "4h", "--bare-after-start", "4", "--no-lockout")
    return drill(conf, "--out", str(out), *limits), out


def sites(out: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((out / "drill.json").read_text())
    assert said("drill", document) == []
    return {one["name"]: one for one in document["sites"]}


def test_a_whole_drill(whole: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, out = whole
    assert done.stderr == "" and "Traceback" not in done.stdout
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)
    found = sites(out)
    stapling = {name: one["stapling"] for name, one in found.items()}
    assert stapling == {
        "www.example.org": "on",
        "shop.example.org": "on",
        "none.example.org": "ignored",
    }
    assert found["www.example.org"]["class"] == found["shop.example.org"]["class"]
    assert [one["id"] for one in found["none.example.org"]["findings"]] == ["no-ocsp-url"]
    numbers = {one["id"]: one["number"] for one in found["www.example.org"]["findings"]}
    assert numbers["survives"] == WEEK - HOUR + 1
    assert numbers["bare-after-start"] == 4
    assert numbers["revocation"] == WEEK + 1
    assert numbers["responder-moves"] == HOUR + 1
    assert numbers["first-name-server-dead"] == 5
    document = json.loads((out / "drill.json").read_text())
    verdicts = {one["name"]: one["verdict"] for one in document["classes"][0]["measured"]["judged"]}
    assert verdicts["new-intermediate"] == verdicts["new-delegate"] == "GOOD"
    assert verdicts["signed-by-anybody"] == "NO_STAPLE_MUST_STAPLE"
    assert [one["measured"]["undone"] for one in document["classes"]] == [{}, {}]


def test_a_missed_threshold_fails_it(
    whole: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    """A revocation is not learnt within four hours; the rest holds."""
    done, out = whole
    assert done.returncode == 1
    held = json.loads((out / "drill.json").read_text())["thresholds"]
    outcomes = {(one["threshold"].split()[0], one["names"][0]): one["outcome"] for one in held}
    assert {name: word for (name, site), word in outcomes.items() if site[0] == "w"} == {
        "--survive": "held",
        "--learn": "missed",
        "--bare-after-start": "held",
        "--no-lockout": "skipped",
    }
    assert {word for (_, site), word in outcomes.items() if site[0] == "n"} == {"skipped"}
    assert "missed: --learn 4 h at www.example.org, shop.example.org" in done.stdout


def test_stapling_that_is_ignored(folder: Folder) -> None:
    """nginx's own complaint is shown as such, and a threshold is missed."""
    conf = folder.conf(server("alone.example.org", "alone", "ssl_stapling on;"))
    done = drill(conf, "--survive", "1h", "--jobs", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'nginx says: [warn] "ssl_stapling" ignored, issuer certificate not found' in done.stdout
    assert "Stapling is on, and nginx ignores it" in done.stdout


def test_one_site_and_a_plain_user(folder: Folder) -> None:
    """The keys cannot be read, and nothing is written beside the configuration."""
    http = server("www.example.org", "www", STAPLING) + server("none.example.org", "none")
    conf = folder.conf(http)
    before = sorted(folder.path.rglob("*"))
    done = drill(conf, "--site", "none.example.org", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "none.example.org" in done.stdout and "www.example.org" not in done.stdout
    assert sorted(folder.path.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--site", "ww.example.org"), "the nearest is 'www.example.org'"),
        (("--survive", "1"), "--survive 1: give a number and its unit"),
        (("--bare-after-start", "one"), "--bare-after-start one: give a number of visitors"),
        (("--validity", "7d", "--response", "x"), "give one of the two"),
        (("--response", "/none"), "--response /none: cannot be read"),
        (("--response", "nginx.conf"), "no OCSP response"),
        (("--out", "/proc/none"), "--out /proc/none: cannot be written"),
    ],
)
def test_what_is_refused(
    folder: Folder,
    options: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line; nothing was started by then."""
    conf = folder.conf(server("www.example.org", "www", STAPLING))
    monkeypatch.chdir(folder.path)
    assert refused(capsys, conf, *options).count(words) == 1


def test_nothing_to_judge(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert "has TLS" in refused(capsys, folder.conf("server { listen 80; }"))
    assert "none.conf" in refused(capsys, folder.path / "none.conf")


def test_ctrl_c_is_one_line(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(answer, "judge", interrupted)
    monkeypatch.setattr(namespace, "enter", lambda: None)
    conf = folder.conf(server("www.example.org", "www", STAPLING))
    assert "cut short" in refused(capsys, conf)


def refused(capsys: pytest.CaptureFixture[str], conf: Path, *options: str) -> str:
    """The line that says why."""
    assert cli.main(["drill", str(conf), "--server", nginx(), *options]) == 2
    out, line = capsys.readouterr()
    assert out == "" and line.count("\n") == 1
    return line


def test_a_captured_answer_tells_the_validity(folder: Folder) -> None:
    """In DER and in PEM."""
    answer = captured(folder, timedelta(days=4))
    lines = base64.encodebytes(answer)
    pem = b"-----BEGIN OCSP RESPONSE-----\n" + lines + b"-----END OCSP RESPONSE-----\n"
    for octets in (answer, pem):
        file = folder.write("answer", octets)
        given = argparse.Namespace(validity=None, response=file)
        assert command.validity_of(given) == (4 * DAY, f"as {file}")


def captured(folder: Folder, valid: timedelta) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509 import ocsp

    now = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
    ca = folder.issuing
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=folder.root.certificate,
        issuer=ca.certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now,
        next_update=now + valid,
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ca.certificate)
    return signed.sign(ca.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_copy_of_a_configuration(folder: Folder, tmp_path: Path) -> None:
    """What lies elsewhere is found where the options say; the answer tells how it was read."""
    copy = Folder(tmp_path / "copy")
    copy.write("nginx.conf", "events {} http { include /srv/web/a.conf; }\n")
    copy.write("a.conf", server("www.example.org", "/opt/certs/www"))
    (tmp_path / "root" / "opt" / "certs").mkdir(parents=True)
    for name in ("www.pem", "www.key"):
        (tmp_path / "root" / "opt" / "certs" / name).write_bytes(
            (folder.path / name).read_bytes()
        )
    where = ("--stands-for", "/srv/web", "--root", str(tmp_path / "root"))
    done = drill(copy.path / "nginx.conf", *where, "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n  its folder is read as a copy of /srv/web\n" in done.stdout
    assert "/opt/certs/www.pem (p256, must-staple)" in done.stdout
    wrong = drill(copy.path / "nginx.conf", "--stands-for", "srv/web")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (
        2, "", "staplelab: srv/web: give a directory from / on, such as /etc/nginx\n"
    )
