"""The accountant's pack of the demo's books: from the page, and equal to the marts."""

from __future__ import annotations

import csv
import io
import zipfile
from decimal import Decimal

from freshbooks_hub.marts.open import query_marts
from integration_tests.hub import Books
from integration_tests.web.serving import Client

PERIOD = "business=439117&from=2026-08&to=2026-10&basis=cash"


def test_the_pack_holds_the_figures_of_the_marts(client: Client, seen: Books) -> None:
    page = client.get(f"/pack?{PERIOD}").text
    assert "1 Aug 2026 to 31 Oct 2026, cash basis" in page
    answer = client.get(f"/pack.zip?{PERIOD}")
    assert 'filename="atelier-boreal_2026-08_2026-10_cash.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        texts = {
            name: archive.read(name).decode("utf-8-sig") for name in archive.namelist() if "xlsx" not in name
        }
    assert "NOT IN THIS PACK" not in texts["README.txt"]
    assert "all match." in texts["README.txt"]

    def total(file: str, column: str, **where: str) -> Decimal:
        rows = csv.DictReader(io.StringIO(texts[f"{file}.csv"]))
        return sum((Decimal(r[column]) for r in rows if where.items() <= r.items()), Decimal(0))

    def mart(statement: str) -> Decimal:
        where = "business_id = 439117 AND currency_code = 'CAD'"
        return Decimal(query_marts(seen.home.marts, f"{statement} AND {where}").rows[0][0])

    cad = {"Currency": "CAD"}
    quarter = "BETWEEN DATE '2026-08-01' AND DATE '2026-10-31'"
    assert total("profit_and_loss", "Total", **cad, Section="Net profit") == mart(
        "SELECT sum(line_amount) FROM profit_and_loss WHERE basis = 'cash' AND section = 'net profit' "
        f"AND start_date {quarter}"
    )
    assert total("sales_tax", "Net tax", **cad, Month="Total") == mart(
        f"SELECT sum(net_tax_amount) FROM sales_tax WHERE basis = 'cash' AND month_start_date {quarter}"
    )
    assert total("general_ledger", "Debit", **cad) == mart(
        f"SELECT sum(debit_amount) FROM general_ledger WHERE posting_date {quarter}"
    )
    assert total("ar_aging", "Outstanding", **cad) == mart(
        "SELECT sum(outstanding_amount) FROM ar_aging WHERE as_of_date = DATE '2026-10-31'"
    )
    assert total("balance_sheet", "Balance", **cad, Level="total assets") == mart(
        "SELECT sum(balance_amount) FROM balance_sheet "
        "WHERE line_type = 'total assets' AND as_of_date = DATE '2026-10-31'"
    )


def test_a_period_that_cannot_be_is_told_on_the_page(client: Client) -> None:
    answer = client.get("/pack.zip?from=2026-09&to=2026-08")
    assert answer.status_code == 400
    assert "The period ends before it begins." in answer.text
