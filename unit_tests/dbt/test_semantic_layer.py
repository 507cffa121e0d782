"""The semantic layer: MetricFlow finds it valid, and answers what the marts' own SQL says; one list with fb_metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from dbt.contracts.graph.semantic_manifest import SemanticManifest
from metricflow.validation.data_warehouse_model_validator import DataWarehouseModelValidator
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator

from unit_tests.dbt.builds import PROJECT, TODAY, Build, Dbt
from unit_tests.dbt.semantic import DuckDb, Rows, Semantics

pytestmark = pytest.mark.long

# A saved query: its groupings, its metrics, and the same question in SQL in this order of columns.
SAVED = {
    "receivables_by_client": (
        ["business_id", "client_id", "outstanding_balance__client_name", "currency_code"],
        ["outstanding", "overdue", "overdue_percent"],
        """
        select business_id, client_id, client_name, currency_code, sum(outstanding_amount), sum(overdue_amount),
            100.0 * sum(overdue_amount) / nullif(sum(outstanding_amount), 0)
        from outstanding_balances group by all
        """,
    ),
    "revenue_by_month": (
        ["metric_time__month", "currency_code"],
        ["invoiced", "accrued_revenue", "net_revenue", "collected"],
        """
        select month_start_date, currency_code, sum(invoiced_amount), sum(accrued_amount),
            sum(net_revenue_amount), sum(collected_amount)
        from revenue_monthly group by all
        """,
    ),
    "profit_by_month": (
        ["metric_time__month", "business_id", "currency_code"],
        ["sales", "gross_profit", "gross_margin_percent", "net_profit"],
        """
        select start_date, business_id, currency_code,
            sum(line_amount) filter (section = 'income' and line_path = 'Sales'),
            sum(line_amount) filter (section = 'total income'),
            100.0 * sum(line_amount) filter (section = 'total income')
                / nullif(sum(line_amount) filter (section = 'income' and line_path = 'Sales'), 0),
            sum(line_amount) filter (section = 'net profit')
        from profit_and_loss group by all
        """,
    ),
    "cash_by_month": (
        ["metric_time__month", "currency_code"],
        ["money_in", "money_out", "net_cash"],
        """
        select month_start_date, currency_code, sum(money_in_amount), sum(money_out_amount), sum(net_cash_amount)
        from cash_monthly group by all
        """,
    ),
    "expenses_by_category": (
        [
            *("metric_time__month", "business_id", "category_id"),
            *("expense_category_month__category_path", "currency_code"),
        ],
        ["expenses", "expenses_without_tax", "tax_on_expenses"],
        """
        select month_start_date, business_id, category_id, category_path, currency_code, sum(total_amount),
            sum(total_without_tax_amount), sum(tax_amount)
        from expense_categories group by all
        """,
    ),
    "time_by_person": (
        ["metric_time__month", "business_id", "identity_id", "time_entry__person_name"],
        ["hours", "billable_hours", "billed_hours", "utilisation_percent"],
        """
        select date_trunc('month', entry_date), business_id, identity_id, person_name, sum(hours),
            coalesce(sum(hours) filter (is_billable), 0), coalesce(sum(hours) filter (is_billed), 0),
            100.0 * coalesce(sum(hours) filter (is_billable), 0) / nullif(sum(hours), 0)
        from time_entries group by all
        """,
    ),
    "work_to_bill": (
        ["business_id", "client_id", "unbilled_time_row__client_name", "currency_code"],
        ["unbilled_hours", "unbilled_time_value", "unbilled_rate"],
        """
        select business_id, client_id, client_name, currency_code, sum(hours), sum(unbilled_amount),
            sum(unbilled_amount) / nullif(coalesce(sum(hours) filter (unbilled_amount is not null), 0), 0)
        from unbilled_time group by all
        """,
    ),
}


@pytest.fixture(scope="module")
def semantics(dbt: Dbt, build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Semantics]:
    manifest = tmp_path_factory.mktemp("semantic") / "semantic_manifest.json"
    SemanticManifest(dbt.parsed(PROJECT, "duckdb", TODAY)).write_json_to_file(str(manifest))
    found = Semantics.of(manifest, build.folder / "marts.duckdb")
    yield found
    found.connection.close()


@pytest.fixture(scope="module")
def listed(semantics: Semantics) -> dict[str, dict[str, Any]]:
    """fb_metrics, by name."""
    return {row["metric_name"]: row for row in semantics.run("select * from fb_metrics")}


def same(rows: Rows, columns: list[str] | None = None) -> list[tuple[Any, ...]]:
    """Rows in no order, of `columns`; figures to nine digits, since a ratio of MetricFlow's is a float."""
    return sorted((tuple(_same(row[name]) for name in columns or row) for row in rows), key=repr)


def _same(value: Any) -> Any:
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return f"{float(value):.9g}"
    return str(value)[:10] if hasattr(value, "isoformat") else value


def test_metricflow_finds_it_valid(semantics: Semantics) -> None:
    """What `mf validate-configs` checks, in the manifest and against the tables."""
    manifest = semantics.manifest
    tables = DataWarehouseModelValidator(DuckDb(semantics.connection))
    results = [
        SemanticManifestValidator().validate_semantic_manifest(manifest),
        tables.validate_semantic_models(manifest),
        tables.validate_dimensions(manifest),
        tables.validate_entities(manifest),
        tables.validate_simple_metrics(manifest),
        tables.validate_metrics(manifest),
    ]
    assert [issue.message for result in results for issue in result.all_issues] == []


def test_a_column_that_is_none_is_found(semantics: Semantics) -> None:
    """Else the test above says nothing of the tables."""
    wrong = semantics.manifest.copy(deep=True)
    wrong.semantic_models[0].dimensions[1].name = "no_such_column"
    found = DataWarehouseModelValidator(DuckDb(semantics.connection)).validate_dimensions(wrong)
    assert found.has_blocking_issues


def test_agents_and_metricflow_have_one_list(semantics: Semantics, listed: dict[str, dict[str, Any]]) -> None:
    metrics = [metric.name for metric in semantics.manifest.metrics]
    assert sorted(listed) == sorted(name for name in metrics if not name.endswith("_input"))
    assert len(listed) >= 30
    assert all(row["metric_definition"] and row["synonyms"] for row in listed.values())


def test_a_metric_is_its_sql(semantics: Semantics, listed: dict[str, dict[str, Any]]) -> None:
    wrong = []
    for name, row in listed.items():
        required = [column for column in (row["required_groupings"] or "").split(", ") if column]
        group_by = ["metric_time__day" if column == "as_of_date" else column for column in required]
        answer = same(semantics.ask([name], group_by), [*group_by, name])
        if answer != same(semantics.run(row["example_sql"]), [*required, name]):
            wrong.append(name)
    assert wrong == []


def test_money_of_two_currencies_is_never_a_sum(
    semantics: Semantics, listed: dict[str, dict[str, Any]]
) -> None:
    """Without its currency a metric of money is null; of one currency alone it is that currency's."""
    money = [name for name, row in listed.items() if row["is_currency_required"]]
    assert len(money) > 25
    one = "{{ Entity('currency_code') }} = 'USD'"
    for name in money:
        per_currency = semantics.ask([name], ["currency_code"])
        known = [row for row in per_currency if row[name] is not None]
        if len(per_currency) > 1 and name != "payables":
            assert semantics.ask([name], []) == [{name: None}], name
        dollars = [row[name] for row in known if row["currency_code"] == "USD"]
        alone = [row[name] for row in semantics.ask([name], [], where=[one])]
        assert _all(alone) == _all(dollars), name


def _all(values: Sequence[Any]) -> list[str]:
    return [_same(value) for value in values if value is not None]


def test_money_names_the_guard(semantics: Semantics) -> None:
    """What counts an amount is money: no metric of it is without the guard."""
    measures = {m.name: str(m.expr or m.name) for s in semantics.manifest.semantic_models for m in s.measures}
    for metric in semantics.manifest.metrics:
        if metric.name.endswith("_input"):
            continue
        params = metric.type_params
        inputs = [one.name for one in params.metrics or []] or [params.measure.name]
        assert set(inputs) <= set(measures), metric.name
        is_money = any("_amount" in measures[name] for name in inputs)
        assert is_money == str(params.expr).startswith("case when currencies = 1 then "), metric.name


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_query_is_its_sql(semantics: Semantics, name: str) -> None:
    group_by, metrics, sql = SAVED[name]
    answer = semantics.ask([], [], saved_query=name)
    assert answer
    assert same(answer, [*group_by, *metrics]) == same(semantics.run(sql))


def test_every_saved_query_is_asked(semantics: Semantics) -> None:
    assert {query.name for query in semantics.manifest.saved_queries} == set(SAVED)


def test_the_spine_has_every_day(semantics: Semantics) -> None:
    (row,) = semantics.run("select count(*) as days, min(calendar_date), max(calendar_date) from calendar")
    assert [str(value) for value in row.values()] == ["18263", "2000-01-01", "2049-12-31"]
    (spine,) = semantics.manifest.project_configuration.time_spines
    assert (spine.node_relation.alias, spine.primary_column.name) == ("calendar", "calendar_date")
