"""Waiting for what has no event of its own."""

from __future__ import annotations

import itertools
import resource

import pytest

from staplelab.errors import LabError
from staplelab.waiting import until


def test_it_looks_until_it_is_so() -> None:
    looks = itertools.count(1)
    until(lambda: next(looks) == 5, "the fifth look")
    assert next(looks) == 6


def test_it_gives_the_processor_up_between_two_looks() -> None:
    """A process that only yields it is not switched away from of its own will (ru_nvcsw)."""
    looks = itertools.count(1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    until(lambda: next(looks) == 5, "the fifth look")
    assert resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before >= 4


def test_what_never_comes_is_named() -> None:
    with pytest.raises(LabError, match="waited 0.01 s in vain for: rain"):
        until(lambda: False, "rain", bound=0.01)
