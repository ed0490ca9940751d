"""What a session of pytest records: where its reports arrive, under xdist the driver of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from staplelab.errors import LabError
from staplelab.runs import record, summary
from staplelab.runs.interrupts import Interrupts
from staplelab.runs.results import Results, ScenarioResult
from staplelab.runs.shard import Cut
from staplelab.servers.sut import ServerUnderTest

_LETTERS = ". pass  d known deviation  n not applicable  F fail  E error"
_CUT_SHORT = pytest.ExitCode.INTERRUPTED


#: why the server cannot be judged, where the driver has found that out before its workers
REFUSAL = pytest.StashKey[str]()


class Recorder:
    """A plugin of pytest. Without a folder it only sums up."""

    def __init__(
        self, config: pytest.Config, server: Callable[[], ServerUnderTest], cut: Cut | None
    ) -> None:
        """LabError when another run writes into the folder."""
        self._config = config
        self._server = server
        self._cut = cut
        self._started = time.perf_counter()
        #: the scenarios of all shards together
        self.collected: list[str] = []
        #: what is to be run, and of it what has been
        self._selected: set[str] = set()
        self._ran: set[str] = set()
        self._results: Results | None = None
        self._early: list[ScenarioResult] = []
        self._lost = ""
        out = config.getoption("out")
        self._out = Path(out) if out else None
        self._record = record.Record(self._out) if self._out else None
        self._interrupts = Interrupts()

    # ----- the beginning: nothing of an earlier run is touched before there is something to run

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        option = self._config.option
        if option.collectonly or self._config.pluginmanager.has_plugin("dsession"):
            return
        if session.testsfailed and not option.continue_on_collection_errors:
            return
        self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)  # type: ignore[misc]
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        if self._results is None:
            self._begin(ids)

    def _begin(self, selected: list[str]) -> None:
        self._selected = set(selected)
        if not selected and self._config.pluginmanager.has_plugin("dsession"):
            self._say_why_workers_have_none()
        if self._record is None:
            return
        if selected:
            with contextlib.suppress(LabError):  # no scenario is there: one would have said so
                self._begin_results()
        elif self._cut is None and not self._early:
            # an empty shard is recorded; under xdist that shows at the end
            self._nothing_to_run()

    def _say_why_workers_have_none(self) -> None:
        """Under xdist they run nothing where the server was refused, which is said here, once."""
        refusal = self._config.stash.get(REFUSAL, "")
        if refusal:
            raise pytest.UsageError(f"staplelab: {refusal}")

    def _nothing_to_run(self) -> None:
        """One line, and not pytest's about a run that was none."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        self._config.pluginmanager.unregister(reporter)
        wanted = self._config.option.keyword
        which = f"-k {wanted!r}: no scenario matches" if wanted else "there are no scenarios"
        raise pytest.UsageError(f"staplelab: {which}")

    def _begin_results(self) -> None:
        option = self._config.getoption
        self._results = Results(
            self._server(), option("host"), complete=False, clock=option("clock")
        )
        if self._record is None:
            return
        try:
            self._record.begin(self._results, self._cut.shard if self._cut else None)
        except LabError as error:
            raise pytest.UsageError(f"staplelab: {error}") from None
        self._explain_letters()
        for result in self._early:
            self._add(result, json.dumps(vars(result)))

    @pytest.hookimpl(optionalhook=True)  # type: ignore[misc]
    def pytest_xdist_setupnodes(self) -> None:
        """Before there is anything to say of the processes: "bringing up nodes..." says nothing."""
        reporter = getattr(self._config.pluginmanager.get_plugin("dsession"), "trdist", None)
        if reporter is not None and self._config.option.verbose <= 0:
            reporter.setstatus = reporter.ensure_show_status = lambda *_, **__: None

    def _explain_letters(self) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and not reporter.showlongtestinfo:
            reporter.ensure_newline()
            reporter.write_line(_LETTERS)

    # ----- its course

    @pytest.hookimpl(optionalhook=True)  # type: ignore[misc]
    def pytest_testnodedown(self, node: Any) -> None:
        """Under xdist only the workers collect."""
        collected = getattr(node, "workeroutput", {}).get("staplelab_collected")
        if collected is not None:
            self.collected = collected

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Under xdist the others run all the same."""
        if report.failed:
            self._early.append(_error(report))

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """First of all, so that a terminal that is gone loses nothing."""
        if report.when == "call" or not report.passed:
            self._ran.add(report.nodeid)
        line = getattr(report, "staplelab", None)
        if line is not None:
            if self._results is None:
                self._begin_results()
            self._add(ScenarioResult(**json.loads(line)), line)
        elif report.failed:
            result = _error(report)
            self._add(result, json.dumps(vars(result)))

    def _add(self, result: ScenarioResult, line: str) -> None:
        if self._results is None:
            return
        if self._record is not None:
            try:
                self._record.add(line)
            except LabError as error:
                self._lost = str(error)
                pytest.exit("the record cannot be written", _CUT_SHORT)
        self._results.add(result)

    # ----- the end

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.collected and self._cut is not None and not self._cut.mine(self.collected):
            self._nothing_to_do(session)
        if self._results is None:
            if self._early and not self._selected:  # as where one process alone collects
                session.exitstatus = _CUT_SHORT
            return
        self._results.seconds = time.perf_counter() - self._started
        ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        self._results.complete = ended and not session.shouldfail and not session.shouldstop
        if self._has_failed_enough() and self._selected <= self._ran:  # at the very last one
            self._results.complete = True
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        try:
            if self._record is not None:
                self._record.finish(self._results, self.collected)
        except LabError as error:
            self._lost = self._lost or str(error)
        if self._lost or not self._results.complete:
            session.exitstatus = _CUT_SHORT

    def _has_failed_enough(self) -> bool:
        """Whether the run ended because --maxfail or -x said so."""
        bound = self._config.option.maxfail
        assert self._results is not None
        return bool(bound) and sum(s.unexpected for s in self._results.scenarios) >= bound

    def _nothing_to_do(self, session: pytest.Session) -> None:
        """More shards than scenarios: an empty one is as expected, and can be merged."""
        if self._results is None:
            self._begin_results()
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._results is None:
            return
        terminalreporter.section("Staplelab")
        if self.collected and self._cut is not None:
            ran = f"{len(self._results.scenarios)} of {len(self.collected)} scenarios"
            terminalreporter.write_line(f"Shard {self._cut.shard}: {ran}")
        for line in summary.lines(self._results, None if self._lost else self._out):
            terminalreporter.write_line(line)
        if self._lost:
            terminalreporter.write_line(f"Not all results could be written: {self._lost}")

    def pytest_unconfigure(self) -> None:
        self._interrupts.restore()
        if self._record is not None:
            self._record.release()


def _error(report: pytest.TestReport | pytest.CollectReport) -> ScenarioResult:
    """What failed and is no scenario, or was one whose process died: xdist reports that itself."""
    text = report.longreprtext
    crash = getattr(report.longrepr, "reprcrash", None)
    said = str(getattr(crash, "message", None) or text).strip().splitlines()
    reason = said[0 if crash else -1].removeprefix("E ").strip() if said else "failed"
    if getattr(report, "when", None) == "???":
        reason = "the process that ran it died"
    return ScenarioResult(report.nodeid, "error", reason, text=text)
