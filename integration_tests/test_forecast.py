"""The forecast of cash, made on a day of the demo's past and held against what was really collected afterwards."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from integration_tests.hub import AS_OF
from unit_tests.dbt.builds import WORK, Dbt, duckdb_files

pytestmark = pytest.mark.long

DAY = dt.date.fromisoformat(AS_OF) - dt.timedelta(days=91)
NONE = Decimal(0)


class BackTest(NamedTuple):
    """Amounts of one currency over 13 weeks, of the invoices that existed on the day.

    `off` adds up by how much each week was wrong, `off_by_due_date` the same of a forecast that takes each invoice
    whole on its due date, and what is overdue in the first week.
    """

    forecast: Decimal
    collected: Decimal
    off: Decimal
    off_by_due_date: Decimal


@pytest.fixture(scope="module")
def back_test(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BackTest]:
    folder = tmp_path_factory.mktemp("forecast")
    with duckdb.connect(folder / "raw.duckdb") as raw:
        raw.execute(f"attach '{synced_home / 'raw.duckdb'}' as whole (read_only); create schema freshbooks")
        streams = [
            name
            for (name,) in raw.execute(
                "select table_name from duckdb_tables() where database_name = 'whole'"
                " and schema_name = 'freshbooks' and not starts_with(table_name, '_')"
            ).fetchall()
        ]
        for stream in streams:
            raw.execute(f"create table freshbooks.{stream} as from whole.freshbooks.{stream}")
        # What nobody knew on that day; later payments and reads of balances are undone by the as-of day.
        raw.execute(f"delete from freshbooks.invoices where create_date > '{DAY}'")
        raw.execute(f"delete from freshbooks.expenses where date > '{DAY}'")
        raw.execute(f"delete from freshbooks.bills where issue_date > '{DAY}'")
    variables = {"as_of_date": str(DAY), "freshbooks_publish": True, "freshbooks_streams": streams}
    chosen = ("run", "--select", "+cash_forecast")
    built = Dbt(folder).call(folder, duckdb_files(folder), *chosen, variables=variables)
    assert built.succeeded, built.output
    with duckdb.connect() as both:
        both.execute(f"attach '{folder / 'marts.duckdb'}' as past (read_only)")
        both.execute(f"attach '{folder / f'{WORK}.duckdb'}' as past_work (read_only)")
        both.execute(f"attach '{synced_home / 'freshbooks.duckdb'}' as later (read_only)")
        forecast = _by_week(
            both,
            "select currency_code, week_start_date, sum(money_in_amount) from past.marts.cash_forecast"
            " where cash_source in ('open invoices', 'late invoices') group by all",
        )
        by_due_date = _by_week(
            both,
            f"select currency_code, date_trunc('week', greatest(due_date, date '{DAY}' + 1)), sum(outstanding_amount)"
            " from past_work.main.int_invoices where is_open group by all",
        )
        collected = _by_week(
            both,
            "select payments.currency_code, date_trunc('week', payment_date), sum(payment_amount)"
            " from later.marts.payments inner join later.marts.invoices using (account_id, business_id, invoice_id)"
            f" where payment_date > '{DAY}' and create_date <= '{DAY}' and not is_from_credit group by all",
        )
    weeks = [DAY - dt.timedelta(days=DAY.weekday() - 7 * number) for number in range(13)]
    found = {}
    for currency in sorted({key[0] for key in (*forecast, *by_due_date)}):

        def total(of: dict[tuple[str, dt.date], Decimal], currency: str = currency) -> Decimal:
            return sum((of.get((currency, week), NONE) for week in weeks), NONE)

        def off(of: dict[tuple[str, dt.date], Decimal], currency: str = currency) -> Decimal:
            wrong = (of.get((currency, week), NONE) - collected.get((currency, week), NONE) for week in weeks)
            return sum((abs(amount) for amount in wrong), NONE)

        found[currency] = BackTest(total(forecast), total(collected), off(forecast), off(by_due_date))
    return found


def _by_week(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[tuple[str, dt.date], Decimal]:
    rows: list[tuple[str, Any, Decimal | None]] = connection.execute(sql).fetchall()
    return {
        (currency, dt.date.fromisoformat(str(week)[:10])): amount or NONE for currency, week, amount in rows
    }


def test_the_forecast_is_nearer_to_what_came_than_due_dates_are(back_test: dict[str, BackTest]) -> None:
    """The demo's clients pay soon or not at all, so what is overdue must not be expected whole."""
    assert set(back_test) == {"CAD", "EUR", "USD"}
    for currency, found in back_test.items():
        assert found.collected > 0, currency
        assert found.collected / 2 < found.forecast, (currency, found)
        assert found.off < found.off_by_due_date * 2 / 3, (currency, found)
    dollars = back_test["USD"]
    assert dollars.off < dollars.off_by_due_date / 4


def test_the_figures_in_the_documentation_are_these(back_test: dict[str, BackTest]) -> None:
    text = (Path(__file__).parents[1] / "docs" / "marts.md").read_text()
    for currency, found in back_test.items():
        assert f"| {currency} | {' | '.join(f'{amount:,.0f}' for amount in found)} |" in text
