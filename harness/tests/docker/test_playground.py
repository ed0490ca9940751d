"""The playground of docs/playground.md, in real time: a staple, a fault, no staple, healed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from compose_project import Project

from staplelab.hosts import containers

pytestmark = pytest.mark.timeout(180)

RESIDENTS = ["responder", "stub", "dnsmasq", "nginx"]
ON_THE_CLOCK = ["responder", "stub", "nginx"]
SPEED = 600
HOUR = 3600
PUBLISHED = {"responder": "8090/tcp", "stub": "8090/tcp", "nginx": "8443/tcp"}


@pytest.fixture(scope="module")
def playground() -> Iterator[Project]:
    engine = containers.connect()
    project = Project(engine)
    try:
        project.up()
        yield project
    finally:
        project.down()
        engine.close()


def after_a_fetch(playground: Project) -> str:
    """The verdict once nginx, asked for a staple, has had the responder's answer."""
    since = playground.last_event("responder")
    assert playground.verdict() == "NO_STAPLE"
    playground.wait_for_event("responder", since, {"kind": "close", "by": "peer"})
    return playground.verdict()


def fault(name: str) -> list[object]:
    return [{"sequence": [{"do": [{"fault": name}]}]}]


def test_a_fault_of_the_responder_shows(playground: Project) -> None:
    playground.reload()
    assert after_a_fetch(playground) == "GOOD"
    assert "OCSP Response Status: successful" in playground.openssl()

    playground.control("responder", "PUT", "/v1/rules", fault("status-try-later"))
    assert playground.verdict() == "GOOD"  # out of nginx's cache
    playground.reload()
    assert after_a_fetch(playground) == "NO_STAPLE"
    assert "OCSP response: no response sent" in playground.openssl()
    playground.wait_for_log("OCSP response not successful (3: trylater)")

    playground.control("responder", "DELETE", "/v1/rules")
    playground.reload()
    assert after_a_fetch(playground) == "GOOD"


def test_a_fault_of_the_name_server_shows(playground: Project) -> None:
    playground.control("stub", "PUT", "/v1/rules", fault("servfail"))
    playground.reload()
    since = playground.last_event("responder")
    assert playground.verdict() == "NO_STAPLE"
    playground.wait_for_log("ocsp.staplelab.test could not be resolved (2: Server failure)")
    assert playground.verdict() == "NO_STAPLE"
    assert playground.last_event("responder") == since

    playground.control("stub", "DELETE", "/v1/rules")
    playground.reload()
    assert after_a_fetch(playground) == "GOOD"


@pytest.mark.parametrize("service", ["responder", "stub"])
def test_control_needs_the_token(playground: Project, service: str) -> None:
    assert playground.control(service, "GET", "/v1/ready", token="a-token-of-nobody") == 401
    assert "listeners" in playground.control(service, "GET", "/v1/ready")


def test_the_token_is_this_playgrounds_own(playground: Project) -> None:
    """Made at the first start, kept by the next, and read by nobody else."""
    token = playground.token()
    assert re.fullmatch("[0-9a-f]{48}", token)
    done = playground.compose("exec", "-T", "stub", "stat", "-c", "%a %u", "/playground/token")
    assert done.stdout == "600 65534\n"
    assert playground.compose("up", "-d").returncode == 0
    assert playground.token() == token


@pytest.mark.parametrize("service", ["init", *RESIDENTS])
def test_container_may_do_nothing_else(playground: Project, service: str) -> None:
    view = playground.container(service).attrs
    allowed = view["HostConfig"]
    assert view["Config"]["User"] == "65534:65534"
    assert allowed["ReadonlyRootfs"] and not allowed["Privileged"]
    assert allowed["CapDrop"] == ["ALL"] and not allowed["CapAdd"]
    assert allowed["SecurityOpt"] == ["no-new-privileges:true"]
    ports = allowed["PortBindings"] or {}
    assert set(ports) == ({PUBLISHED[service]} if service in PUBLISHED else set())
    assert {one["HostIp"] for bound in ports.values() for one in bound} <= {"127.0.0.1"}


@pytest.mark.parametrize("service", RESIDENTS)
def test_resident_is_healthy(playground: Project, service: str) -> None:
    assert playground.container(service).attrs["State"]["Health"]["Status"] == "healthy"


def test_up_again_changes_nothing(playground: Project) -> None:
    before = {service: playground.container(service).id for service in RESIDENTS}
    served = playground.openssl()
    done = playground.compose("up", "-d")
    assert done.returncode == 0, done.stderr
    playground.reload()
    assert {service: playground.container(service).id for service in RESIDENTS} == before
    assert after_a_fetch(playground) == "GOOD"
    begin = "-----BEGIN CERTIFICATE-----"
    assert playground.openssl().split(begin)[1][:1000] == served.split(begin)[1][:1000]


def test_down_leaves_nothing() -> None:
    engine = containers.connect()
    project = Project(engine, suffix="-down")
    try:
        project.up()
        assert len(project.left()) == len(RESIDENTS) + 3  # init, network, volume
    finally:
        project.down()
    assert project.left() == []
    engine.close()


# ----- time that runs fast -----


@pytest.fixture(scope="module")
def fast() -> Iterator[Project]:
    engine = containers.connect()
    project = Project(engine, suffix="-fast", speed=SPEED)
    try:
        project.up()
        yield project
    finally:
        project.down()
        engine.close()


def counts_from(playground: Project, service: str) -> tuple[float, float]:
    """The real moments between which the one lies that a service's fast time counts from."""
    before = time.time()
    done = playground.compose("exec", "-T", service, "date", "+%s.%N")
    after = time.time()
    assert done.returncode == 0, done.stderr
    now = float(done.stdout)
    return (SPEED * before - now) / (SPEED - 1), (SPEED * after - now) / (SPEED - 1)


def times(playground: Project, kind: str) -> list[float]:
    """When the responder saw such an event, in its own time."""
    events = playground.control("responder", "GET", "/v1/events")["events"]
    return [event["time"] for event in events if event["kind"] == kind]


def test_all_parts_have_the_same_fast_time(fast: Project) -> None:
    begin = time.time()
    earliest, latest = zip(*(counts_from(fast, service) for service in ON_THE_CLOCK), strict=True)
    assert max(earliest) <= min(latest) < begin


def test_an_hour_goes_by_in_seconds(fast: Project) -> None:
    """nginx asks for a new staple an hour after the first."""
    assert fast.verdict() == "NO_STAPLE"
    while not times(fast, "close"):  # nginx has judged the response; pytest's timeout is the bound
        pass
    while len(times(fast, "request")) < 2:
        assert "OCSP Response Status: successful" in fast.openssl()
    first, second = times(fast, "request")[:2]
    assert HOUR < second - first < 24 * HOUR  # a machine that is busy lets hours go by
    assert fast.verdict() == "GOOD"


def test_fast_time_leaves_nothing(fast: Project) -> None:
    fast.down()
    assert fast.left() == []
