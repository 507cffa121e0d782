"""In CI a test that does not run is a failure: a skip there means that an install step is missing."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from integration_tests import programs

# Syncs of tests ask FreshBooks what they were told to, and nothing besides; tests of `verify` ask by themselves.
os.environ.setdefault("FRESHBOOKS_VERIFY", "never")

# What builds keep for all homes of a user is of this run alone; its workers share it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="cache-")
    atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

CI = bool(os.environ.get("CI"))

# Speed is the machine's business: benchmarks measure it, tests do not. CI draws the same examples each time, so that
# a failure there is of the change; everybody else draws others at each run.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=CI
)
settings.load_profile("project")


# These take minutes, or others wait for what they make: no worker shall begin with one of them at the end.
LONGEST = (
    *(
        "test_golden.py",  # dbt makes the statements for it that test_marts.py waits for
        "test_actions_faults.py",
        "test_marts.py",
        "test_gaps_shown.py",
        "test_marts_are_true.py",
        "test_reconciliation.py",
    ),
    *("test_verify.py", "test_hub_shell.py", "test_gaps.py", "test_odd_rows.py", "test_airbyte_standard.py"),
    *(
        "test_replay.py",
        "test_shared_warehouse.py",
        "test_every_look.py",
        "test_install.py",
        "test_package.py",
        "test_postgres.py",
        "test_week.py",
    ),
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """In a run of whole folders, do not import a file of which no test is chosen."""
    if not collection_path.match("test_*.py") or any(".py" in argument for argument in config.args):
        return None
    text = collection_path.read_text("utf-8")
    left = {"long": "pytest.mark.long" not in text, "not long": "\npytestmark = pytest.mark.long" in text}
    return left.get(config.getoption("markexpr")) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A program that is missing is one line of the summary, and not one for each test that needs it."""
    report = yield
    if call.excinfo and isinstance(call.excinfo.value, programs.Missing):
        report.longrepr = (programs.__file__, None, str(call.excinfo.value))
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if CI and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
