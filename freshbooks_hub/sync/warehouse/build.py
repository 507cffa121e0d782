"""One dbt build of the marts of all tenants in the shared warehouse.

Each business has its own day, that of its time zone. A tenant whose rows make a check fail is held: his businesses keep
the marts that they have, and the build is repeated for the others.
"""
# ruff: noqa: S608 - the queries are those that dbt compiled

from __future__ import annotations

import importlib.metadata
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freshbooks_hub.core.clock import named_zone
from freshbooks_hub.core.errors import SyncBusy, TransformFailed, disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.core.processes import dbt_environment
from freshbooks_hub.sync.dbt_findings import CHECK, ROW, UNCHANGED
from freshbooks_hub.sync.transform import Project, dbt_build
from freshbooks_hub.sync.warehouse.address import Warehouse, WarehouseFailed

# Of the advisory lock of a build: there is one `marts_next`.
_BUILD = 7_304_113
_BUSINESS = re.compile(r"\bbusiness_id=(\d+)")
# What dbt is told in its arguments: it shapes the parsed project, and stays the same from build to build.
VARIABLES = {"freshbooks_publish": True, "freshbooks_row_level_security": True}
# Builds of one call: the first, and those around tenants that are held.
ATTEMPTS = 4


@dataclass(frozen=True)
class Built:
    """Published marts. `held`: business to the check that its rows fail, whose earlier marts stay."""

    businesses: int
    as_of_dates: list[str]
    held: dict[int, str]

    def sentences(self) -> list[str]:
        """What happened, and a line for each business that is held."""
        days = " and ".join(self.as_of_dates)
        told = [f"Marts of {plural(self.businesses, 'business', 'businesses')} published, as of {days}."]
        return told + [
            f"Business {business} keeps its earlier marts: its rows fail the check {check}."
            for business, check in sorted(self.held.items())
        ]


class _ChecksFailed(Exception):
    """Checks found rows of these businesses and of no others."""

    def __init__(self, found: dict[int, str]) -> None:
        self.found = found


def build(home: Home, warehouse: Warehouse, now: datetime) -> Built:
    """Build, test and publish the marts of every business in the warehouse.

    `home` keeps dbt's own files and its log. Raises TransformFailed or WarehouseFailed, and SyncBusy where another
    machine builds; the marts stay as they were then.
    """
    with warehouse.connect() as db, _alone(db):
        zones = _zones(db)
        days = business_days(zones, now)
        held: dict[int, str] = {}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _run_dbt(home, warehouse, db, _told(db, days, sorted(held)))
                break
            except _ChecksFailed as error:
                new = error.found.keys() - held.keys()
                if not new or attempt == ATTEMPTS or not days.keys() - held.keys() - new:
                    check = next(iter(error.found.values()))
                    raise TransformFailed(
                        f"The check {check} fails for {plural(len(error.found), 'business', 'businesses')}, so the "
                        f"marts could not be built without them. {UNCHANGED} Details: {_log(home)}"
                    ) from None
                held |= error.found
    return Built(len(days) - len(held), sorted(set(days.values())), held)


def business_days(zones: dict[int, str | None], now: datetime) -> dict[int, str]:
    """Business to the day (ISO) that `now` is there; in UTC where its zone is not known."""
    return {
        business: now.astimezone(named_zone(zone) or UTC).date().isoformat()
        for business, zone in zones.items()
    }


def _zones(db: Any) -> dict[int, str | None]:
    with db.cursor() as cursor:
        cursor.execute("SELECT to_regclass('freshbooks.businesses') IS NOT NULL")
        if not cursor.fetchone()[0]:
            raise WarehouseFailed(
                "The warehouse holds no business yet. Sync a connection into it first, with `freshbooks sync`."
            )
        cursor.execute(
            "SELECT DISTINCT ON (business_id) business_id, timezone FROM freshbooks.businesses "
            "WHERE business_id IS NOT NULL ORDER BY business_id, _airbyte_extracted_at DESC"
        )
        zones = dict(cursor.fetchall())
    db.commit()
    return zones


def _told(db: Any, days: dict[int, str], held: list[int]) -> dict[str, Any]:
    """The build's values, by their names in the environment of dbt (dbt_project/macros/build_value.sql)."""
    with db.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'freshbooks'")
        streams = sorted(name for (name,) in cursor.fetchall())
    db.commit()
    most = Counter(days.values()).most_common(1)[0][0] if days else datetime.now(UTC).date().isoformat()
    others: dict[str, list[int]] = {}
    for business, day in days.items():
        if day != most:
            others.setdefault(day, []).append(business)
    return {
        "AS_OF_DATE": most,
        "OTHER_DAYS": others,
        "HELD_BUSINESSES": held,
        "STREAMS": streams,
        "CONNECTOR_VERSION": importlib.metadata.version("source-freshbooks"),
    }


def _run_dbt(home: Home, warehouse: Warehouse, db: Any, told: dict[str, Any]) -> None:
    """`dbt build` on PostgreSQL. Raises _ChecksFailed where only rows of businesses failed, or TransformFailed."""
    folder, target = Project.of(home).folder, home.dbt / "warehouse"
    results = target / "run_results.json"
    with disk_errors(home.dbt):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        results.unlink(missing_ok=True)
    options = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--target", "postgres"]
    options += ["--target-path", str(target), "--vars", json.dumps(VARIABLES)]
    settings = {f"FRESHBOOKS_DBT_{name}": json.dumps(value) for name, value in told.items()}
    environment = dbt_environment(settings | warehouse.dbt_environment())
    succeeded, output = dbt_build(home, results, options, environment)
    if not succeeded:
        _explain(db, results, home, output)


def _explain(db: Any, results: Path, home: Home, output: str) -> None:
    """Raise what the failed build is about."""
    try:
        outcomes = json.loads(results.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        outcomes = []
    failed = [outcome for outcome in outcomes if outcome["status"] in {"error", "fail"}]
    found: dict[int, str] = {}
    for outcome in failed:
        businesses = _businesses(db, outcome)
        if not businesses:
            name = outcome["unique_id"].split(".")[2]
            raise TransformFailed(
                f"{name} failed: {' '.join(str(outcome.get('message')).split())[:200]} {UNCHANGED} "
                f"Details: {_log(home)}",
                output,
            )
        found |= businesses
    if not found:
        said = [line.strip() for line in output.splitlines() if line.strip()]
        raise TransformFailed(
            f"dbt failed: {said[-1][:200] if said else 'it said nothing'}. {UNCHANGED} Details: {_log(home)}",
            output,
        )
    raise _ChecksFailed(found)


def _businesses(db: Any, outcome: dict[str, Any]) -> dict[int, str]:
    """Business to check, of all rows that a failed data test found; none where a row names no business."""
    if outcome["status"] != "fail" or not outcome.get("compiled_code"):
        return {}
    with db.cursor() as cursor:
        cursor.execute(f"SELECT {CHECK}, {ROW} FROM ({outcome['compiled_code']}) AS found")
        rows = cursor.fetchall()
    db.rollback()
    named = [(check, _BUSINESS.search(row or "")) for check, row in rows]
    if not all(match for _, match in named):
        return {}
    return {int(match[1]): check for check, match in named if match}


@contextmanager
def _alone(db: Any) -> Iterator[None]:
    """The one build of this warehouse; raises SyncBusy. The lock ends with the connection."""
    with db.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_BUILD])
        (is_ours,) = cursor.fetchone()
    db.commit()
    if not is_ours:
        raise SyncBusy("The marts of this warehouse are being built already.")
    yield


def _log(home: Home) -> Path:
    return home.logs / "dbt.log"
