"""`freshbooks doctor`: each fault is found, called by its name, and told with a remedy."""

import errno
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.connection import login
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.doctor import checkup, machine
from freshbooks_hub.doctor.finding import Check, Finding
from freshbooks_hub.sync.history import History
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.test_hub_failures import small_disk  # noqa: F401 - a fixture

MAIN, GUEST = 439_000, 512_340
EXPIRED = "2020-01-01T00:00:00Z"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(seed="empty", rate_limit=None) as running:
        monkeypatch.setenv("FRESHBOOKS_API_URL", running.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", running.url)
        yield running


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> Home:
    return connected(Home(tmp_path / "home"), sandbox)


def connected(home: Home, sandbox: Sandbox, **credentials: str) -> Home:
    config = config_of(sandbox, business_ids=[MAIN])
    config["credentials"] |= credentials
    ConnectionStore(home.ensure().connection).connect(config)
    return home


def change(home: Home, **credentials: str) -> None:
    store = ConnectionStore(home.connection)
    config = store.load().config
    store.connect(config | {"credentials": config["credentials"] | credentials})


def failed(home: Home) -> dict[Check, Finding]:
    """What is to be mended; each with a remedy."""
    findings = [finding for finding in checkup.run(home) if not finding.ok]
    assert all(finding.remedy for finding in findings)
    return {finding.check: finding for finding in findings}


def only(home: Home, check: Check) -> Finding:
    """The one thing that is to be mended."""
    found = failed(home)
    assert set(found) == {check}
    return found[check]


def fill(ballast: Path) -> None:
    """Write until the disk takes no more."""
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def refreshes(sandbox: Sandbox) -> int:
    posts = sandbox.requests.matching("/auth/oauth/token", "POST")
    return sum(request.note["grant_type"] == "refresh_token" for request in posts)


def test_all_is_well(home: Home, sandbox: Sandbox) -> None:
    findings = checkup.run(home)
    assert [finding for finding in findings if not finding.ok] == []
    looked_at = {finding.check for finding in findings}
    assert looked_at == set(Check) - {Check.shared, Check.plan, Check.role, Check.last_sync}
    assert refreshes(sandbox) == 0
    secrets = ConnectionStore(home.connection).load().credentials
    for name in ("client_secret", "access_token", "refresh_token"):
        assert secrets[name] not in repr(findings)


class TestTheConnection:
    def test_none_yet(self, tmp_path: Path, sandbox: Sandbox) -> None:
        found = failed(Home(tmp_path / "new"))
        assert set(found) == {Check.home, Check.connection}
        assert "freshbooks connect" in found[Check.connection].remedy

    def test_a_damaged_file(self, home: Home) -> None:
        home.connection.write_text("{")
        assert "damaged" in only(home, Check.connection).what

    @pytest.mark.parametrize("name", ["client_id", "client_secret"])
    def test_wrong_app_credentials(self, home: Home, sandbox: Sandbox, name: str) -> None:
        change(home, **{name: "wrong-value-of-this-app", "token_expiry_date": EXPIRED})
        finding = only(home, Check.credentials)
        assert "invalid_client" in finding.what
        assert "developer" in finding.remedy
        assert "wrong-value-of-this-app" not in repr(finding)
        assert refreshes(sandbox) == 0

    def test_an_app_that_may_not_use_the_grant(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.faults.add(
            kind="status", path="/auth/oauth/token", status=401, body={"error": "unauthorized_client"}
        )
        finding = only(home, Check.credentials)
        assert "unauthorized_client" in finding.what
        assert "Confirm that Client ID and Client Secret are right and the app is active" in finding.remedy

    def test_a_revoked_grant_is_found_behind_a_token_that_looks_good(
        self, home: Home, sandbox: Sandbox
    ) -> None:
        sandbox.oauth.revoke_grant()
        finding = only(home, Check.grant)
        assert "removed in FreshBooks" in finding.what
        assert "freshbooks connect" in finding.remedy
        assert ConnectionStore(home.connection).load().dead_since
        posted = refreshes(sandbox)
        only(home, Check.grant)
        assert refreshes(sandbox) == posted == 1

    def test_a_grant_that_nothing_used_for_thirty_days(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.oauth.revoke_grant()
        store = ConnectionStore(home.connection)
        store.save(replace(store.load(), refreshed_at=datetime.now(UTC) - timedelta(days=31)))
        assert "not used for 30 days" in only(home, Check.grant).what

    def test_a_grant_that_another_log_in_replaced(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.grant()
        change(home, token_expiry_date=EXPIRED)
        assert "newer log-in" in only(home, Check.grant).what

    def test_an_access_token_that_died_early_is_replaced(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.oauth.access.clear()
        assert failed(home) == {}
        assert refreshes(sandbox) == 1

    def test_two_connections_with_one_grant(
        self, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path / "home"))
        first = Home.from_environment()
        login.profile(connected(first.named("bakery"), sandbox))
        login.profile(connected(first, sandbox))
        assert "bakery" in only(first, Check.shared).what


class TestWhatMayBeRead:
    def test_a_scope_that_was_not_approved(self, home: Home, sandbox: Sandbox) -> None:
        every = sorted(sandbox.behaviours.enabled_scopes - {"user:invoices:read"})
        tokens = sandbox.grant(scopes=every)
        change(home, access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])
        findings = checkup.run(home)
        [scope] = [finding for finding in findings if finding.check is Check.scopes]
        assert scope.ok
        assert scope.what == "the scope user:invoices:read was not approved"
        assert scope.subject == "Invoices, Recurring invoices"
        assert "freshbooks connect" in scope.remedy
        assert all(finding.ok for finding in findings)

    def test_what_the_plan_does_not_give_is_told_and_no_failure(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.behaviours.gated.add("bills")
        findings = checkup.run(home)
        [plan] = [finding for finding in findings if finding.check is Check.plan]
        assert plan.ok
        assert "once the plan includes it" in plan.remedy
        assert "Bills of Maple" in plan.subject
        assert all(finding.ok for finding in findings)

    def test_what_the_role_does_not_show_is_told_and_no_failure(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.behaviours.unreadable.add("expense_categories")
        findings = checkup.run(home)
        [role] = [finding for finding in findings if finding.check is Check.role]
        assert role.ok
        assert "administrator" in role.remedy
        assert "Expense categories of Maple" in role.subject
        assert all(finding.ok for finding in findings)

    def test_a_business_that_is_gone(self, home: Home, sandbox: Sandbox) -> None:
        del sandbox.store.businesses[MAIN]
        assert str(MAIN) in only(home, Check.businesses).what

    def test_a_business_where_the_user_became_a_client(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.store.businesses[MAIN].role = "client"
        assert "a client of this business" in only(home, Check.businesses).what

    def test_a_business_without_an_accounting_account(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.store.businesses[MAIN].business["account_id"] = None
        assert "no accounting account" in only(home, Check.businesses).what

    def test_no_business_at_all(self, home: Home, sandbox: Sandbox) -> None:
        store = ConnectionStore(home.connection)
        config = store.load().config
        del config["business_ids"]
        store.connect(config)
        sandbox.store.businesses.clear()
        assert "no business" in only(home, Check.businesses).what


class TestTheMachine:
    @pytest.mark.parametrize(("hours", "direction"), [(3, "behind"), (-3, "ahead")])
    def test_a_skewed_clock(self, home: Home, sandbox: Sandbox, hours: int, direction: str) -> None:
        sandbox.clock.advance(hours=hours)
        finding = only(home, Check.clock)
        assert f"3.0 hours {direction}" in finding.what

    def test_no_network(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FRESHBOOKS_API_URL", "http://127.0.0.1:1")
        assert "cannot be reached" in only(home, Check.network).what

    def test_freshbooks_has_trouble(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.faults.add(kind="status", status=503, times=None)
        assert "503" in only(home, Check.network).what

    def test_a_full_disk(self, sandbox: Sandbox, small_disk: Path) -> None:  # noqa: F811
        home = connected(Home(small_disk / "home"), sandbox)
        assert "free" in only(home, Check.disk).what
        fill(small_disk / "ballast")
        assert "the disk is full" in failed(home)[Check.disk].what

    def test_a_home_that_cannot_be_written(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: Path) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr(machine, "check_writable", refuse)
        assert "not writable" in only(home, Check.home).what

    def test_a_home_that_others_may_open(self, home: Home) -> None:
        home.connection.chmod(0o644)
        finding = only(home, Check.home)
        assert finding.remedy == f"Run: chmod go= {home.connection}"

    def test_a_package_of_another_version(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        real = metadata.version
        monkeypatch.setattr(metadata, "version", lambda name: "1.4.0" if name == "duckdb" else real(name))
        assert "duckdb 1.4.0" in only(home, Check.versions).what


class TestLocks:
    def test_a_running_sync_is_told_with_its_process(self, home: Home) -> None:
        with sync_lock(home.root):
            findings = checkup.run(home)
        [lock] = [finding for finding in findings if finding.check is Check.sync_lock]
        assert lock.ok
        assert "process" in lock.what
        assert "kill" in lock.remedy

    def test_one_that_runs_for_hours_is_a_failure(self, home: Home) -> None:
        with sync_lock(home.root):
            holder = home.root / "sync.holder.json"
            since = datetime.now(UTC) - timedelta(hours=3)
            holder.write_text(json.dumps(json.loads(holder.read_text()) | {"since": since.isoformat()}))
            assert "has been syncing since" in only(home, Check.sync_lock).what

    def test_the_file_of_a_killed_one_does_not_count(self, home: Home) -> None:
        (home.root / "sync.holder.json").write_text(json.dumps({"pid": 1, "since": "2026-01-01T00:00:00Z"}))
        assert failed(home) == {}

    def test_a_held_connection(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "PATIENCE", 0.1)
        with ConnectionStore(home.connection).locked():
            [lock] = [f for f in machine.check_locks(home) if f.check is Check.connection_lock]
        assert not lock.ok
        assert "fuser" in lock.remedy


class TestFiles:
    @pytest.mark.parametrize("check", [Check.raw, Check.marts, Check.history])
    def test_a_damaged_one(self, home: Home, check: Check) -> None:
        path: Path = getattr(home, check.value)
        path.write_bytes(b"this was a database once, and is none any more" * 100)
        assert str(path) in only(home, check).what

    def test_damage_behind_a_whole_beginning(self, home: Home) -> None:
        with duckdb.connect(home.marts) as db:
            db.execute("CREATE SCHEMA marts; CREATE TABLE marts.x AS FROM range(200_000)")
        with home.marts.open("r+b") as file:
            file.truncate(home.marts.stat().st_size // 2)
        assert "freshbooks build" in only(home, Check.marts).remedy

    def test_marts_that_hold_nothing(self, home: Home) -> None:
        duckdb.connect(home.marts).close()
        assert "no mart" in only(home, Check.marts).what

    def test_whole_ones_are_counted(self, home: Home) -> None:
        with duckdb.connect(home.marts) as db:
            db.execute("CREATE SCHEMA marts; CREATE TABLE marts.crm_contacts AS SELECT 1 AS client_id")
        [marts] = [finding for finding in checkup.run(home) if finding.check is Check.marts]
        assert (marts.ok, marts.what) == (True, "1 tables, 1 rows")

    def test_the_last_sync_failed(self, home: Home) -> None:
        history = History(home.history)
        history.finish(history.start(), "The tests of the marts failed.")
        assert "The tests of the marts failed." in only(home, Check.last_sync).what


def test_every_check_is_explained_in_the_docs() -> None:
    page = (Path(__file__).parents[1] / "docs" / "troubleshooting.md").read_text("utf-8")
    sections = {line.strip("# `") for line in page.splitlines() if line.startswith("### ")}
    assert {check.value for check in Check} <= sections
    for section in page.split("\n### ")[1:]:
        assert all(f"**{part}.**" in section for part in ("Symptom", "Cause", "What to do")), section[:40]
