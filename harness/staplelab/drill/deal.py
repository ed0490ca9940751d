"""Experiments dealt to several processes: each has a lab of its own, and takes the next one when it
is done with the last."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from typing import Any

from staplelab import processes
from staplelab.drill import experiments
from staplelab.drill.model import Twin
from staplelab.drill.outage import Terms
from staplelab.drill.scene import Ground, Scene
from staplelab.errors import LabError

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Task:
    """One experiment at one certificate of one site, by their places in the twin."""

    answer: int
    site: int
    certificate: int
    experiment: str
    validity: int
    #: an outage that has to be tried beside the usual ones
    outage: int = 0
    cost: float = 0.0

    def scene(self, twin: Twin, ground: Ground) -> Scene:
        site = twin.sites[self.site]
        return ground.scene(site, site.certificates[self.certificate])


@dataclass(frozen=True)
class Done:
    """What came of a task; `why` there are no results where it could not be done."""

    task: Task
    results: Sequence[object]
    why: str


def do(task: Task, twin: Twin, ground: Ground) -> Done:
    scene = task.scene(twin, ground)
    known = experiments.for_site(scene.site, scene.certificate)
    chosen = next(one for one in known if one.name == task.experiment)
    return Done(task, *experiments.tried(chosen, scene, Terms(task.validity, task.outage)))


class Helpers:
    """The processes beside this one; they put up their labs while this one is at something else."""

    def __init__(self, count: int, twin: Twin, ground: Callable[[], Ground]) -> None:
        self._tasks: SimpleQueue[Task | None] = _FORK.SimpleQueue()
        self._done: SimpleQueue[Any] = _FORK.SimpleQueue()
        self._processes: list[BaseProcess] = []
        for number in range(count):
            arguments = (number + 1, os.getpid(), twin, ground, self._tasks, self._done)
            process = _FORK.Process(target=_help, args=arguments)
            process.start()
            self._processes.append(process)
        processes.keep_to_one_processor(os.getpid())

    def deal(self, tasks: Sequence[Task], twin: Twin, ground: Ground) -> Iterator[Done]:
        """All of them, in the order in which they are done; this process does its share."""
        for task in sorted(tasks, key=lambda task: -task.cost):
            self._tasks.put(task)
        for _ in self._processes:
            self._tasks.put(None)
        left = len(tasks)
        while not self._tasks.empty():
            mine = self._tasks.get()
            if mine is None:
                self._tasks.put(None)  # a helper's
                break
            yield do(mine, twin, ground)
            left -= 1
            while not self._done.empty():
                yield self._done.get()
                left -= 1
        while left and self._processes:
            yield self._next()
            left -= 1

    def _next(self) -> Done:
        """Another one of the helpers'."""
        reader = self._done._reader  # type: ignore[attr-defined]
        while not self._done.empty() or wait([reader, *(p.sentinel for p in self._processes)]):
            if not self._done.empty():
                found = self._done.get()
                if isinstance(found, str):
                    raise LabError(found)
                assert isinstance(found, Done)
                return found
            if all(process.exitcode is not None for process in self._processes):
                break
            for process in self._processes:
                if process.exitcode not in (None, 0):
                    raise LabError(f"a process of the drill ended with status {process.exitcode}")
        raise LabError("the processes of the drill have ended early")

    def close(self) -> None:
        for process in self._processes:
            if process.is_alive():
                process.terminate()
        for process in self._processes:
            process.join()


def _help(
    number: int,
    parent: int,
    twin: Twin,
    make: Callable[[], Ground],
    tasks: SimpleQueue[Task | None],
    done: SimpleQueue[Any],
) -> None:
    processes.end_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGTERM, _end)
    processes.keep_to_one_processor(parent + number)
    try:
        ground = make()
        try:
            while (task := tasks.get()) is not None:
                done.put(do(task, twin, ground))
        finally:
            ground.close()
    except LabError as error:
        done.put(str(error))
    except KeyboardInterrupt:
        pass


def _end(*_: object) -> None:
    raise KeyboardInterrupt
