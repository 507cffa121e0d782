"""What could not be read leaves nulls with a reason: never another figure, never a failed check."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from unit_tests.dbt.books import all_rows, availability
from unit_tests.dbt.builds import BUILD, MARTS, Build, Dbt
from unit_tests.dbt.gaps import BUSINESSES, Missing, random_missing
from unit_tests.dbt.raw_tables import Row

# Names may also come from the document itself, as of the day it was written.
WRITTEN_ON_THE_DOCUMENT = {"client_name", "vendor_name"}
REASONS = {"gap_reason", "rate_missing_reason"}
# They tell about the build, or of days, not about the business.
ABOUT = {"calendar", "fb_dictionary", "fb_freshness", "fb_gaps", "fb_metrics", "fb_rejected_rows"}


@cache
def _marts(folder: Path) -> dict[str, list[Row]]:
    build = Build(folder)
    return {mart: build.dicts(mart) for mart in MARTS}


@cache
def _grains(folder: Path) -> dict[str, list[str]]:
    rows = Build(folder).query("select distinct mart_name, grain from published.marts.fb_dictionary")
    return {mart: grain.split(", ") for mart, grain in rows}


def differences(partial: Build, build: Build) -> list[str]:
    """Everything that a partial build may not say, given what the full one does; empty is right."""
    found: list[str] = []
    theirs, ours = _marts(build.folder), _marts(partial.folder)
    gaps: dict[int, set[str]] = {}
    for gap in ours["fb_gaps"]:
        gaps.setdefault(gap["business_id"], set()).update((gap["affected_marts"] or "").split(", "))
        if gap["stream_name"] == "businesses":
            gaps[gap["business_id"]].update(MARTS)  # the name of the business stands in each
    for mart in sorted(set(MARTS) - ABOUT):
        grain = _grains(build.folder)[mart]
        known = {tuple(row[key] for key in grain): row for row in theirs[mart]}
        seen = set()
        for row in ours[mart]:
            key = tuple(row[name] for name in grain)
            seen.add(key)
            if key not in known:
                if any(row[name] is not None for name in row if _is_figure(row[name])):
                    found.append(f"{mart} {key}: a row with figures that the whole books have not")
                continue
            for name, value in row.items():
                where = f"{mart}.{name} {key}: {value!r} for {known[key][name]!r}"
                if name in REASONS or value == known[key][name]:
                    continue
                if value is not None and name not in WRITTEN_ON_THE_DOCUMENT:
                    found.append(where)
                if value is None and mart not in gaps.get(row["business_id"], set()):
                    found.append(f"{where}, without a gap")
                if value is None and "gap_reason" in row and not row["gap_reason"]:
                    found.append(f"{where}, without a reason")
        for key in known.keys() - seen:
            business = known[key]["business_id"]
            if mart != "fb_reconciliation" and mart not in gaps.get(business, set()):
                found.append(f"{mart} {key}: not there, without a gap")
    found += [f"not ok: {row}" for row in ours["fb_reconciliation"] if not row["is_ok"]]
    return found


def _is_figure(value: Any) -> bool:
    return type(value).__name__ == "Decimal"


def built(dbt: Dbt, folder: Path, missing: Missing, build: Build) -> Build:
    """The build of the partial books, which published what is right."""
    partial = dbt.run(folder, missing.tables(), *BUILD)
    assert partial.succeeded, partial.output
    check(partial, build)
    return partial


def check(partial: Build, build: Build) -> None:
    assert worse(partial, build) == {}
    assert differences(partial, build) == []


def worse(partial: Build, build: Build) -> dict[str, int]:
    """Checks that found rows which they do not find in the whole books, warnings too."""
    return {name: count for name, count in partial.found.items() if count > build.found.get(name, 0)}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5, 10))  # those below: test_gaps_shown.py
def test_what_is_there_is_right_and_what_is_not_says_so(
    dbt: Dbt, build: Build, tmp_path: Path, seed: int
) -> None:
    built(dbt, tmp_path, random_missing(seed), build)


@pytest.mark.long
def test_with_the_basic_scopes_balances_are_those_of_the_full_grant(
    basic_scopes_build: Build, build: Build
) -> None:
    partial = basic_scopes_build
    check(partial, build)
    for columns in (
        "outstanding_balances: business_id, client_id, currency_code, outstanding_amount, overdue_amount",
        "invoices: business_id, invoice_id, currency_code, paid_amount, outstanding_amount, invoice_status",
        "ar_aging: business_id, invoice_id, outstanding_amount, days_overdue where is_latest",
    ):
        mart, selected = columns.split(": ")
        named, _, condition = selected.partition(" where ")
        sql = f"select {named} from published.marts.{mart} where {condition or 'true'} order by all"
        assert partial.query(sql) == build.query(sql) != [], mart
    assert withheld(partial) == [("clients", None, "userid", "twelve", False)]
    named = {mart for row in partial.dicts("fb_gaps") for mart in (row["affected_marts"] or "").split(", ")}
    assert named - {""} <= set(MARTS)
    gaps = partial.query("select distinct reason from published.marts.fb_gaps where stream_name = 'payments'")
    assert gaps == [("Access was not approved.",)]


def withheld(partial: Build) -> list[tuple[Any, ...]]:
    """Listed rows that never reached a raw table."""
    return partial.query(
        "select stream_name, row_key, column_name, value_text, is_row_published"
        " from published.marts.fb_rejected_rows where row_key is null"
    )


@pytest.mark.long
@pytest.mark.parametrize("said", [False, True])
def test_an_emptied_table_is_no_zero(dbt: Dbt, build: Build, tmp_path: Path, said: bool) -> None:
    """`delete from freshbooks.payments`, and of the payments of bills and credit notes of one business."""
    gone: dict[tuple[int, str], str | None] = {(business, "payments"): None for business in BUSINESSES}
    gone |= {(1, "bill_payments"): None, (2, "credit_notes"): None}
    streams = {stream for _, stream in gone}
    partial = built(dbt, tmp_path, Missing(gone, set() if said else streams), build)
    codes = partial.query(
        "select distinct gap_code from published.marts.fb_gaps"
        " where stream_name in ('payments', 'bill_payments') and business_id = 1"
    )
    assert codes == [("lost" if said else "not_read",)]
    cash = "select {} from published.marts.cash_monthly where business_id = 1"
    columns = (
        "count(invoiced_amount) > 0, count(collected_amount), count(money_in_amount), count(net_cash_amount)"
    )
    assert partial.query(cash.format(columns)) == [(True, 0, 0, 0)]
    assert partial.query(cash.format("distinct gap_reason")) == [
        ("Not available: payments, payments of bills.",)
    ]
    past = "select count(*) from published.marts.{} where not is_latest and business_id = 1"
    assert partial.query(past.format("ar_aging")) == partial.query(past.format("ap_aging")) == [(0,)]


@pytest.mark.long
def test_money_in_without_credit_notes_is_null_and_not_less(dbt: Dbt, build: Build, tmp_path: Path) -> None:
    partial = built(dbt, tmp_path, Missing({(1, "credit_notes"): "gated"}), build)
    counted = "select count(money_in_amount), count(collected_amount) from published.marts.cash_monthly"
    ((money_in, collected),) = partial.query(f"{counted} where business_id = 1")
    assert money_in == 0 < collected


def test_a_business_that_never_had_any_has_zero_and_no_gap(build: Build) -> None:
    """Read to its end without a row is something else than not read."""
    sql = "select distinct collected_amount, gap_reason from published.marts.revenue_monthly where business_id = 2"
    assert build.query(sql) == [(0, None)]
    gaps = build.query(
        "select business_id, stream_name, gap_code, reason from published.marts.fb_gaps order by all"
    )
    assert gaps == [
        (1, "tasks", "short", "FreshBooks counts 3 rows but sends 1."),
        (2, "ledger_accounts", "gated", "The FreshBooks plan of this business does not include it."),
    ]


def test_a_business_without_accounting_lacks_nothing(build: Build) -> None:
    sql = (
        "select is_available, gap_code from published.marts.fb_freshness"
        " where business_id = 3 and stream_name = '{}'"
    )
    assert build.query(sql.format("time_entries")) == [(True, None)]
    assert build.query(sql.format("invoices")) == [(False, "not_applicable")]
    assert availability(all_rows()) == all_rows()["stream_availability"]


@pytest.mark.long
@pytest.mark.parametrize(
    "streams",
    [
        ["businesses", "clients", "invoices", "expenses", "expense_categories"],
        ["invoices"],
        ["businesses", "systems", "projects", "time_entries", "services"],
        ["clients", "payments", "bill_payments", "credit_notes", "estimates"],
        [],
    ],
    ids=" ".join,
)
def test_a_subset_by_hand_builds(dbt: Dbt, build: Build, tmp_path: Path, streams: list[str]) -> None:
    """Without any table with the unit tests too: they make what they read."""
    tables = all_rows()
    arguments = BUILD if streams else ("build",)
    partial = dbt.run(tmp_path, {stream: tables[stream] for stream in streams}, *arguments)
    assert partial.succeeded, partial.output
    assert worse(partial, build) == {}
