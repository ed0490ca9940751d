"""Scenarios that take the certificates of another profile, beside one that does not."""

import pytest

from staplelab.scenario.lab import Lab


def judge(lab: Lab, certificate: str) -> None:
    lab.start(certificates=(certificate,))
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.profile("aia-forms")
def test_another_profile(lab: Lab) -> None:
    judge(lab, "aia-path")


def test_the_standard_profile(lab: Lab) -> None:
    judge(lab, "www")
