"""Scenarios that expect something else of their server's life than what comes to pass.

test_lifecycle.py knows what must become of each.
"""

import os
import signal

import pytest

from staplelab import processes
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused
from staplelab.waiting import until

NONSENSE = ("nonsense on;",)
UNKNOWN = Refused('unknown directive "nonsense"')


# ----- refusals -----


def test_refused_start_expected(lab: Lab) -> None:
    lab.start(directives=NONSENSE, expect=UNKNOWN)


def test_refused_start_and_then_a_good_one(lab: Lab) -> None:
    lab.start(directives=NONSENSE, expect=UNKNOWN)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_refused_start_for_another_reason(lab: Lab) -> None:
    lab.start(directives=NONSENSE, expect=Refused("no such file"))


def test_start_that_was_to_be_refused(lab: Lab) -> None:
    lab.start(expect=UNKNOWN)


def test_refused_reload_expected(lab: Lab) -> None:
    lab.start()
    before = lab.nginx.workers()
    for _ in range(2):
        lab.reconfigure(directives=NONSENSE, expect=UNKNOWN)
    lab.reload(expect=UNKNOWN)
    assert lab.nginx.workers() == before


def test_refused_reload_for_another_reason(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(directives=NONSENSE, expect=Refused("no such file"))


def test_refused_reload_unexpected(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(directives=NONSENSE)


def test_reload_that_was_to_be_refused(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(certificates=("other",), expect=UNKNOWN)


def test_refusal_not_waited_for(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(directives=NONSENSE, expect=UNKNOWN, wait=False)


# ----- new configurations -----


def test_restart_with_a_site(lab: Lab) -> None:
    lab.start()
    assert lab.handshake().serial == "1001"
    lab.restart(Site(certificates=("other",)))
    assert lab.handshake().serial == "1005"
    lab.settle(connections=2)


def test_reconfigure_with_a_site(lab: Lab) -> None:
    lab.start()
    (before,) = lab.nginx.workers()
    lab.reconfigure(Site(certificates=("other",)), workers=2)
    assert before not in lab.nginx.wait_for_workers(2)
    assert lab.handshake().serial == "1005"
    lab.settle(connections=1)


# ----- the end, another process -----


def test_quit(lab: Lab) -> None:
    """Nothing is under way at an nginx that has ended."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.quit()
    lab.settle()
    lab.step(1)


def test_upgrade_where_there_is_none(lab: Lab) -> None:
    lab.start()
    lab.upgrade()


def test_upgrade(lab: Lab) -> None:
    lab.start(upgradable=True)
    old = lab.nginx.pid
    lab.upgrade()
    assert processes.title(old) == ""
    assert "master process" in processes.title(lab.nginx.pid)


def test_refused_daemon(lab: Lab) -> None:
    lab.start(upgradable=True, directives=NONSENSE, expect=UNKNOWN)


def test_upgrade_that_was_to_be_refused(lab: Lab) -> None:
    lab.start(upgradable=True)
    lab.upgrade(expect=UNKNOWN)


def test_refused_upgrade_unexpected(lab: Lab) -> None:
    lab.start(upgradable=True)
    lab.nginx.configure("nonsense on;")
    lab.upgrade()


def test_daemon_that_ends_unbidden(lab: Lab) -> None:
    lab.start(upgradable=True)
    os.kill(lab.nginx.pid, signal.SIGTERM)
    until(lambda: lab.nginx.running.poll() is not None, "nginx to end")


def test_daemon_whose_worker_stays(lab: Lab) -> None:
    """The master is killed, and its worker would go on for ever."""
    lab.start(upgradable=True)
    os.kill(lab.nginx.pid, signal.SIGKILL)


# ----- words and mistakes -----


def test_choice_misspelt(lab: Lab) -> None:
    lab.start(verfy=False)


def test_choice_misspelt_at_a_reload(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(worker=2)


def test_choice_beside_sites(lab: Lab) -> None:
    lab.start(Site(), verify=False)


def test_network_fault_misspelt(lab: Lab) -> None:
    lab.inject("partitoin")


def test_network_mode_unknown(lab: Lab) -> None:
    lab.inject("egress-blocked", mode="icmp")


def test_network_parameter_misspelt(lab: Lab) -> None:
    lab.inject("small-mtu", msss=88)


def test_network_part_unknown(lab: Lab) -> None:
    lab.inject("partition", at="respnder")


def test_part_unknown(lab: Lab) -> None:
    lab.pause("dnsmasq")


def test_address_of_a_part_unknown(lab: Lab) -> None:
    lab.kill("responder")
    lab.revive("responder", only="responder-3")


def test_role_unknown(lab: Lab) -> None:
    lab.address("responder2")


def test_settle_without_a_client(lab: Lab) -> None:
    lab.start()
    lab.settle(connections=1)


@pytest.mark.profile("aia-forms")
def test_serial_of_another_profile(lab: Lab) -> None:
    lab.responder.certificate("1001", status="revoked")


@pytest.mark.profile("aia-forms")
def test_serial_of_this_profile(lab: Lab) -> None:
    lab.responder.certificate("2004", status="revoked")
    lab.start(certificates=("aia-path",), stapling=False)


# ----- what one leaves to the next -----


@pytest.mark.parametrize("turn", range(3))  # one process runs two of them
def test_leaves_a_folder(lab: Lab, turn: int) -> None:
    assert list(lab.folder.iterdir()) == []
    (lab.folder / "left" / "deep").mkdir(parents=True)
    (lab.folder / "left" / "deep" / "file").write_text("x")
    (lab.folder / "link").symlink_to(lab.pki.folder)
    lab.start()
    assert lab.handshake().serial == "1001"
    lab.settle(connections=1)
