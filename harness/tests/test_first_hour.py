"""What a run says at its end of what was not applicable; a matrix that judged nothing; the words of
other people's tools."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from staplelab.errors import LabError
from staplelab.hosts.base import NO_IPV6
from staplelab.hosts.namespace import WHY_NOT
from staplelab.parts.clock import NEEDS_SEPARATE_TIMES
from staplelab.places import repository
from staplelab.runs import matrix, remedies

# ----- not applicable -----


def test_nothing_is_said_of_nothing() -> None:
    assert list(remedies.lines([])) == []


def test_each_cause_is_said_once_with_its_remedy() -> None:
    reasons = [
        f"egress-blocked needs iptables: {WHY_NOT}",
        f"packet-loss needs iptables with the match statistic: {WHY_NOT}",
        f"responder-6: {NO_IPV6}",
        "there is no moon tonight",
    ]
    assert list(remedies.lines(reasons)) == [
        "Not applicable here: 4",
        f"    2 x {WHY_NOT}",
        "        to have them: run as root, in a container with --cap-add NET_ADMIN --cap-add "
        "SYS_ADMIN",
        "    1 x there is no moon tonight",
        f"    1 x {NO_IPV6}",
        "        to have them: give the loopback interface ::1, in a container with --sysctl "
        "net.ipv6.conf.all.disable_ipv6=0",
    ]


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (NEEDS_SEPARATE_TIMES, "--clock lab (make run CLOCK=lab)"),
        (
            "dnsmasq is not installed: Debian's package dnsmasq-base has it",
            "apt-get install dnsmasq-base",
        ),
        ("partition needs iptables: iptables is not installed", "apt-get install iptables"),
        (
            "packet-duplicate needs iptables with the target TEE: iptables -A OUTPUT -j TEE: "
            "Extension TEE revision 0 not supported, missing kernel module?",
            "a kernel that has this match or target of iptables",
        ),
        (
            "this nginx is built --without-http_proxy_module",
            "an nginx that is built with http_proxy_module",
        ),
        ("this nginx has no http_v2_module", "an nginx that is built with http_v2_module"),
        ("this nginx has no stream", "apt-get install libnginx-mod-stream"),
        ("this nginx has no stream_ssl_module", "an nginx that is built with stream_ssl_module"),
    ],
)
def test_a_remedy(reason: str, remedy: str) -> None:
    total, _, line = remedies.lines([reason])
    assert (total, line) == ("Not applicable here: 1", f"        to have them: {remedy}")


# ----- the matrix -----


def results(outcomes: list[str]) -> str:
    scenarios = [
        {"id": f"s{n}", "outcome": outcome, "reason": "no programs", "observed": {}}
        for n, outcome in enumerate(outcomes)
    ]
    totals = {name: outcomes.count(name) for name in matrix.results.OUTCOMES}
    whole = {"schema": 2, "complete": True, "clock": "lab", "server": {"version": "1.22.1"}}
    return json.dumps({**whole, "totals": totals, "scenarios": scenarios})


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, outcomes: list[str]) -> int:
    def judge(image: str, into: Path, options: object) -> None:
        into.mkdir()
        (into / "results.json").write_text(results(outcomes))

    monkeypatch.setattr(matrix, "_judge", judge)
    return matrix.run(["image"], folder, [])


def test_a_matrix_that_judged_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError) as refused:
        run(tmp_path, monkeypatch, ["error", "error"])
    assert str(refused.value) == (
        "image: each of its 2 scenarios is an error; the first: no programs"
    )


@pytest.mark.parametrize(("outcomes", "status"), [(["error", "pass"], 1), (["pass"], 0)])
def test_a_matrix_that_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcomes: list[str], status: int
) -> None:
    assert run(tmp_path, monkeypatch, outcomes) == status


# ----- what openssl s_client says in one version and in another -----

WITHOUT = ["OCSP response: no response sent", "OCSP responses: no responses sent"]
WITHOUT += ["no OCSP response received"]
RESPONSE = "OCSP response: \n===\nOCSP Response Data:\n    OCSP Response Status: successful (0x0)"


@pytest.mark.parametrize("said", [*WITHOUT, RESPONSE, RESPONSE.replace("response:", "responses:")])
def test_s_client_in_its_versions(said: str) -> None:
    path = repository() / "suites" / "first_steps" / "test_openssl_agrees.py"
    found = importlib.util.spec_from_file_location("openssl_agrees", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    printed = f"CONNECTED(00000003)\n{said}\n---\n"
    assert module.says_a_response(printed) == (said not in WITHOUT)
    with pytest.raises(AssertionError):  # one that says nothing of it is not understood
        module.says_a_response("CONNECTED(00000003)\n---\n")
