"""In CI a test that does not run is a failure: a skip there means that an install step is missing."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Speed is the machine's business: benchmarks measure it, tests do not.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
