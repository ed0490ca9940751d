"""The pytest plugin: options, the `lab` fixture, outcomes, results.

It is there where the package is installed; else use it with `-p staplelab.plugin`.  A test that
takes the `lab` fixture is a scenario.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import re
import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from staplelab import hosts, places, processes, servers, times
from staplelab.errors import LabError, NotHere
from staplelab.parts import clock, pki, topology
from staplelab.runs import effort, preflight, record, shard, views
from staplelab.runs.interrupts import Interrupts
from staplelab.runs.recorder import REFUSAL, Recorder
from staplelab.runs.results import ScenarioResult
from staplelab.runs.shard import Cut
from staplelab.scenario import requirement
from staplelab.scenario.lab import Lab
from staplelab.scenario.requirements import BY_ID
from staplelab.scenario.world import World
from staplelab.servers.sut import Probed, ServerUnderTest

_SERVER = pytest.StashKey[ServerUnderTest]()
_RECORDER = pytest.StashKey[Recorder]()
_LAB = pytest.StashKey[Lab]()
_SETUP_SECONDS = pytest.StashKey[float]()
_CUT = pytest.StashKey[Cut]()
#: the PKI profiles that the collected scenarios take
_PROFILES = pytest.StashKey[Sequence[str]]()

#: what is no finding of a scenario: nothing may take its place
_ENDS_THE_RUN = (KeyboardInterrupt, SystemExit, pytest.exit.Exception)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("staplelab", "OCSP stapling lab for nginx")
    group.addoption("--nginx", metavar="PATH", help="the nginx to judge (default: installed)")
    group.addoption(
        "--host", choices=hosts.NAMES, default="local", help="where the parts run (default: local)"
    )
    group.addoption(
        "--nginx-image", metavar="IMAGE", help="the image of the nginx to judge, with --host docker"
    )
    group.addoption(
        "--server", metavar="NAME=PATH", help="a server of another kind to judge, and its program"
    )
    group.addoption(
        "--clock",
        metavar="CLOCK",
        default="lab",
        help=f"what the parts' time comes from: {', '.join(clock.NAMES)} (default: lab)",
    )
    group.addoption("--out", metavar="DIR", help="folder for the record of the run and its views")
    group.addoption(
        "--keep", action="store_true", help="keep every scenario's folder, not only failed ones"
    )
    group.addoption("--shard", metavar="I/N", help="run the I-th of N shards of the scenarios")
    group.addoption(
        "--shard-durations",
        metavar="FILE",
        help="balance the shards by the seconds in this results.json",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "profile(name): take the certificates of this PKI profile")
    config.addinivalue_line("markers", "topology(name): stand among the parts of this topology")
    config.addinivalue_line(
        "markers", "requirement(id, ..., cases=PATTERN): hold these lines of the checklist"
    )
    config.addinivalue_line("markers", "long: begin with it, so that no process is left with it")
    config.addinivalue_line("markers", "needs_separate_times: it moves one of the two times alone")
    try:
        clock.check(config.getoption("clock"))
        clock.check_entered(config.getoption("clock"))
        cut = shard.wanted(config.getoption("shard"), config.getoption("shard_durations"))
    except LabError as error:
        raise pytest.UsageError(f"staplelab: {error}") from None
    if cut is not None:
        config.stash[_CUT] = cut
    if _is_worker(config):
        processes.end_with_parent(signal.SIGKILL)
        Interrupts()
    else:
        _check_expressions(config)
        try:
            recorder = Recorder(config, lambda: _server(config), cut)
        except LabError as error:
            raise pytest.UsageError(f"staplelab: {error}") from None
        config.stash[_RECORDER] = recorder
        config.pluginmanager.register(recorder)
        hosts.announce(config.getoption("host"))


def _check_expressions(config: pytest.Config) -> None:
    """A -k or -m that is none is refused here: under xdist every worker would fall over it."""
    marks: Any = config.pluginmanager.get_plugin("mark")
    if marks is not None:
        marks.pytest_collection_modifyitems(items=[], config=config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What a run writes comes and goes while another process of it collects, and has no scenarios:
    in its folder of results, and where TMPDIR is among the scenarios."""
    if places.is_scratch(collection_path):
        return True
    out = config.getoption("out")
    written = (record.KEPT, record.EARLIER, *views.NAMES) if out else ()
    return True if collection_path in [Path(out).resolve() / name for name in written] else None


@pytest.hookimpl(trylast=True)  # type: ignore[misc]
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Comes after -k, so that what it leaves is what is shared out."""
    if _CUT in config.stash:
        _keep_the_shard(config, items)
    if _is_worker(config):
        items.sort(key=lambda item: item.get_closest_marker("long") is None)
    scenarios = list(filter(_is_scenario, items))
    if scenarios and getattr(config, "workerinput", {}).get("staplelab_refusal"):
        items.clear()  # the driver says why
        return
    if scenarios:
        try:
            _server(config)
        except LabError as error:
            raise pytest.UsageError(f"staplelab: {error}") from None
    taken = {pki.STANDARD, *map(_profile, scenarios)}
    config.stash[_PROFILES] = sorted(taken & pki.profiles().keys())


def pytest_collection_finish() -> None:
    """All that is there by now stays to the end: to look for garbage in it again and again would
    take a tenth of the driver's processor time."""
    gc.freeze()


def _word(item: pytest.Item, mark: str, otherwise: str) -> str:
    """The word in a scenario's mark; where it has none or more, what is no name of anything."""
    found = item.get_closest_marker(mark)
    if found is None:
        return otherwise
    if len(found.args) == 1 and not found.kwargs:
        return str(found.args[0])
    return ", ".join([*map(repr, found.args), *(f"{k}={v!r}" for k, v in found.kwargs.items())])


def _topology(item: pytest.Item) -> str:
    """The topology that a scenario stands in."""
    return _word(item, "topology", topology.STANDARD_TOPOLOGY)


def _profile(item: pytest.Item) -> str:
    """The PKI profile that a scenario takes."""
    chosen = topology.TOPOLOGIES.get(_topology(item))
    return _word(item, "profile", pki.STANDARD if chosen is None else chosen.profile)


def _keep_the_shard(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the scenarios of the other shards; a test that is no scenario runs in each."""
    collected = [item.nodeid for item in items if _is_scenario(item)]
    if _is_worker(config):
        config.workeroutput["staplelab_collected"] = collected  # type: ignore[attr-defined]
    else:
        config.stash[_RECORDER].collected = collected
    mine = config.stash[_CUT].mine(collected)
    others = [item for item in items if _is_scenario(item) and item.nodeid not in mine]
    items[:] = [item for item in items if not _is_scenario(item) or item.nodeid in mine]
    config.hook.pytest_deselected(items=others)


@pytest.hookimpl(optionalhook=True)  # type: ignore[misc]
def pytest_configure_node(node: Any) -> None:
    """xdist's workers need not ask the server again what it is."""
    try:
        if REFUSAL not in node.config.stash:
            node.workerinput["staplelab_server"] = asdict(_server(node.config))
    except LabError as error:  # there may be no scenarios; that is for a worker to see
        node.config.stash[REFUSAL] = str(error)
    node.workerinput["staplelab_refusal"] = node.config.stash.get(REFUSAL, "")


def _server(config: pytest.Config) -> ServerUnderTest:
    """The server under test; asked for only when there are scenarios."""
    if _SERVER not in config.stash:
        told = getattr(config, "workerinput", {}).get("staplelab_server")
        probed = config.pluginmanager.get_plugin(Probed.NAME)
        if told:
            config.stash[_SERVER] = ServerUnderTest(**told)
        elif probed is not None:
            config.stash[_SERVER] = probed.server
        else:
            config.stash[_SERVER] = _probe(config)
    return config.stash[_SERVER]


def _probe(config: pytest.Config) -> ServerUnderTest:
    """As `staplelab run` does before it begins."""
    host, *chosen = map(config.getoption, ("host", "nginx", "nginx_image", "server"))
    preflight.check(host)
    server = servers.probe(host, *chosen)
    preflight.try_start(host, server, config.getoption("clock"))
    return server


def _is_scenario(item: pytest.Item) -> bool:
    return "lab" in getattr(item, "fixturenames", ())


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        hosts.conclude(config.getoption("host"))
    # the end of the process frees all that a session has heaped up; the interpreter would first
    # look for garbage in it, several times, for a fifth of a second
    gc.freeze()


def _number(config: pytest.Config) -> int:
    """Of an xdist worker; runs side by side do not all begin with the same."""
    name = str(config.workerinput["workerid"])  # type: ignore[attr-defined]
    return os.getppid() + int(name.removeprefix("gw"))


# ----- fixtures -----


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[World]:
    """The long-lived parts; scenarios do not use it."""
    if _is_worker(pytestconfig):
        processes.keep_to_one_processor(_number(pytestconfig))
    host = hosts.choose(pytestconfig.getoption("host"), _server(pytestconfig).path)
    try:
        server, profiles = _server(pytestconfig), pytestconfig.stash[_PROFILES]
        made = World(server, host, profiles, pytestconfig.getoption("clock"))
        yield made
        _close(made, request.session)
    finally:
        host.close()


def _close(world: World, session: pytest.Session) -> None:
    """What interrupted the run may have ended the parts, too: that is no finding."""
    try:
        world.close()
    except LabError:
        if session.exitstatus != pytest.ExitCode.INTERRUPTED:
            raise


@pytest.fixture
def lab(request: pytest.FixtureRequest, world: World) -> Iterator[Lab]:
    """The lab of one scenario."""
    for mark in request.node.iter_markers(requirement.MARK):
        requirement.read_mark(mark.args, mark.kwargs, BY_ID)
    marked = request.node.get_closest_marker("needs_separate_times") is not None
    if marked and not world.clock.separate_times:
        pytest.skip(clock.NEEDS_SEPARATE_TIMES)
    world.reset()
    try:
        world.arrange(_topology(request.node))
    except NotHere as error:
        pytest.skip(str(error))
    made = Lab(world, world.folder, _profile(request.node))
    request.node.stash[_LAB] = made
    yield made
    made.abandon()
    world.clear()


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """A scenario that ran to its end is then held to what every scenario must satisfy.  Where it
    ended early, a sanitizer's report or a crash says why better than what the scenario noticed of
    it; so does a responder that has ended.  What host or server cannot do makes it not
    applicable."""
    if _is_scenario(pyfuncitem):
        with effort.bounded():
            outcome = yield
    else:
        outcome = yield
    made = pyfuncitem.stash.get(_LAB, None)
    if made is None:
        return
    error = None if outcome.excinfo is None else outcome.excinfo[1]
    if isinstance(error, _ENDS_THE_RUN):
        return
    if error is None:
        try:
            made.finish()
        except LabError as failed:
            _explain(made, failed)
            raise
        return
    if causes := made.causes():
        raise AssertionError("\n".join([*causes, str(error)])) from error
    if isinstance(error, NotHere):
        pytest.skip(str(error))
    if not isinstance(error, pytest.skip.Exception):
        _explain(made, error)


def _explain(made: Lab, error: BaseException) -> None:
    """LabError where a responder has ended: whatever else went wrong comes of that."""
    if ended := made.ended_parts():
        raise LabError("; ".join(ended)) from error


# ----- outcomes -----


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    made = item.stash.get(_LAB, None)
    if not _is_scenario(item):
        return
    if report.when == "setup":
        item.stash[_SETUP_SECONDS] = call.duration
    if report.when == "call" or not report.passed:
        result = _result(item, report, made, call)
        if made is not None:
            if report.failed or item.config.getoption("keep"):
                made.abandon()
                _keep(item, report, made)
            result.timeline = made.timeline.as_json()
        # text, for xdist packs anything else slowly on its way from a worker to the driver
        report.__dict__["staplelab"] = json.dumps(vars(result))
        report.__dict__["staplelab_outcome"] = result.outcome
    if report.when == "teardown" and made is not None:
        del item.stash[_LAB]  # pytest keeps the item, and a lab is large


def _result(
    item: pytest.Item, report: pytest.TestReport, made: Lab | None, call: pytest.CallInfo[None]
) -> ScenarioResult:
    seconds = item.stash.get(_SETUP_SECONDS, 0.0) + call.duration
    result = ScenarioResult(item.nodeid, "pass", seconds=seconds)
    result.about, result.source = _about(item), _source(item)
    if made is not None:
        result.observed = made.observed()
        result.deviations = [str(deviation) for deviation in made.deviations]
    if report.skipped:
        result.outcome = "not-applicable"
        assert call.excinfo is not None
        result.reason = _reason(call.excinfo, made)
        result.observed = {}
    elif report.failed:
        assert call.excinfo is not None
        expected = call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
        result.outcome = "fail" if expected and report.when == "call" else "error"
        result.reason = _reason(call.excinfo, made)
        result.text = report.longreprtext
    elif result.deviations:
        result.outcome = "known-deviation"
        result.reason = "; ".join(result.deviations)
    return result


def _about(item: pytest.Item) -> str:
    """The first paragraph of a scenario's docstring, or else of its file's."""
    told = (inspect.getdoc(getattr(item, name, None)) for name in ("obj", "module"))
    return " ".join(next(filter(None, told), "").partition("\n\n")[0].split())


def _source(item: pytest.Item) -> str:
    file, line, _ = item.location
    return f"{file}:{(line or 0) + 1}"


def _reason(excinfo: pytest.ExceptionInfo[BaseException], made: Lab | None) -> str:
    """The first line of what was raised, comparable from run to run."""
    text = (str(excinfo.value).strip() or excinfo.typename).splitlines()[0]
    return text if made is None else made.shared(text)


def _keep(item: pytest.Item, report: pytest.TestReport, made: Lab) -> None:
    """A failed scenario leaves its folder: configuration, logs, events, keys."""
    out = Path(item.config.getoption("out") or "results")
    into = out / record.KEPT / re.sub(r"[^\w.-]+", "_", item.nodeid)
    made.keep(into)
    report.sections.append(("Scenario folder", str(into)))


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Instants of the lab read as such, where pytest would show Unix seconds."""
    return times.compared(op, left, right)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    outcome = getattr(report, "staplelab_outcome", None)
    if outcome == "known-deviation" and report.when == "call":
        return "known deviations", "d", "KNOWN DEVIATION"
    if outcome == "not-applicable":
        return "not applicable", "n", "NOT APPLICABLE"
    return None
