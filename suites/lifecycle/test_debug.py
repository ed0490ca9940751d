"""The log at level debug."""

from __future__ import annotations

from staplelab.scenario.lab import Lab


def test_milestones(lab: Lab) -> None:
    """nginx says what it does, header dumps of several lines between it; nobody need claim any."""
    if not lab.server.debug:
        lab.not_applicable(f"this {lab.server.name} is built without --with-debug")
    lab.start(log_level="debug")
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    for milestone, times in (
        ("SSL certificate status callback", 2),
        ("ssl ocsp request length", 1),
        ("ssl ocsp status 200", 1),
        ("ssl ocsp response, good", 1),
    ):
        assert len(lab.log_lines(milestone)) == times, milestone
