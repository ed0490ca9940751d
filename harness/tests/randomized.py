"""Property tests that try the same cases in every run, and leave no database behind."""

from hypothesis import HealthCheck, settings

repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
