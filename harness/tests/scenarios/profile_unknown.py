"""A scenario that takes a profile that there is not."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.profile("standrad")
def test_unknown_profile(lab: Lab) -> None:
    lab.start()
