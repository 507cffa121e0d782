"""`freshbooks currency`: totals in it stand beside those of each currency, on the page and in an agent's answer."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from freshbooks_hub.agent import reads
from freshbooks_hub.agent.mcp.sentences import summary
from integration_tests.hub import Books
from integration_tests.web.serving import Client
from integration_tests.web.test_pages import number, tables

MAPLE = 439000
RATES = {"USD": Decimal("1.3745"), "EUR": Decimal("1.49")}


def test_totals_in_the_reporting_currency_stand_beside_the_originals(new_books: Callable[[], Books]) -> None:
    books = new_books()
    marts = books.home.marts
    page = Client(books.home)
    assert "nothing is converted" in page.get(f"/balances?business={MAPLE}").text
    before = reads.get_outstanding_balance(marts, business_id=MAPLE)
    assert before.reporting_totals == []

    rates = books.home.root.parent / "rates.csv"
    rates.write_text("date,currency,rate\n2026-01-01,usd,1.3745\n2026-12-01,usd,9\n")
    told = books.hub.run("currency", "cad", "--rates", str(rates))
    assert (told.returncode, "Totals are also shown in CAD" in told.stdout) == (0, True), told.stderr
    [total] = reads.get_outstanding_balance(marts, business_id=MAPLE).reporting_totals
    assert total.outstanding_amount is None
    assert total.missing == "There is no rate of EUR on or before 2026-10-31, so the total in CAD is unknown."
    text = page.get(f"/balances?business={MAPLE}").text
    assert total.missing in text
    assert "nothing is converted" not in text

    rates.write_text(
        "date,currency,rate\n" + "".join(f"2026-01-01,{c},{rate}\n" for c, rate in RATES.items())
    )
    assert books.hub.run("currency", "Cad", "--rates", str(rates)).returncode == 0
    after = reads.get_outstanding_balance(marts, business_id=MAPLE)
    assert after.model_dump(exclude={"reporting_totals"}) == before.model_dump(exclude={"reporting_totals"})
    [total] = after.reporting_totals
    cents = Decimal("0.01")
    expected = sum(
        (row.outstanding_amount * RATES.get(row.currency_code, Decimal(1))).quantize(cents, ROUND_HALF_UP)
        for row in after.totals
    )
    assert len(after.totals) == 3
    assert (total.outstanding_amount, total.missing) == (expected, None)
    assert {rate.currency_code: rate.rate for rate in total.rates} == RATES
    assert f"together: {expected:,.2f} CAD outstanding." in summary(after)
    text = page.get(f"/balances?business={MAPLE}").text
    assert f"{expected:,.2f}" in text
    assert "All together in CAD" in text

    shown = tables(page, f"/money?business={MAPLE}")
    profit = {title: rows for title, rows in shown.items() if title.startswith("Profit by month")}
    together = profit.pop("Profit by month, all together in CAD")
    assert together[-2][:2] == ["Nov 2025", "unknown"]  # before the first rates
    income = [
        (number(rows[1][1]) * RATES.get(title.rpartition(" ")[2], Decimal(1))).quantize(cents, ROUND_HALF_UP)
        for title, rows in profit.items()
    ]
    earned, spent, left = map(number, together[1][1::2])
    assert len(income) == 3
    assert earned == sum(income)
    assert left == earned - spent

    assert "USD" in books.hub.run("currency").stdout
    assert books.hub.run("currency", "--off").returncode == 0
    assert reads.get_outstanding_balance(marts, business_id=MAPLE).reporting_totals == []


def test_it_is_set_on_the_settings_page(new_books: Callable[[], Books]) -> None:
    books = new_books()
    page = Client(books.home)

    def save(currency: str, rates: str) -> str:
        answer = page.submit("/settings/currency", "/settings", currency=currency, rates=rates)
        return page.get(answer.headers["location"]).text if answer.is_redirect else answer.text

    lines = ("date,currency,rate", *(f"2026-01-01,{code},{rate}" for code, rate in RATES.items()))
    assert "totals are also shown in CAD" in save(" cad", "\r\n".join(lines))
    assert "All together in CAD" in page.get(f"/balances?business={MAPLE}").text
    assert all(line in page.get("/settings").text for line in lines)
    wrong = save("CAD", "date,currency,rate\nyesterday,USD,1")
    assert "Line 2 of the rates cannot be read" in wrong
    assert "yesterday,USD,1</textarea>" in wrong  # to be mended, not typed again
    assert "All together in CAD" in page.get(f"/balances?business={MAPLE}").text
    assert "per currency alone" in save("", "")
    assert "nothing is converted" in page.get(f"/balances?business={MAPLE}").text
    (books.home.root / "reporting_currency.json").write_text("{")
    assert "totals are also shown in EUR" in save("EUR", "")


def test_what_cannot_be_used_is_said(new_books: Callable[[], Books]) -> None:
    books = new_books()
    wrong = books.hub.run("currency", "dollars")
    assert (wrong.returncode, "is not a currency code" in wrong.stderr) == (1, True)
    absent = books.hub.run("currency", "CAD", "--rates", str(books.home.root / "none.csv"))
    assert (absent.returncode, "cannot be read" in absent.stderr) == (1, True)
    (books.home.root / "reporting_currency.json").write_text("{")
    assert "Set it again" in Client(books.home).get(f"/balances?business={MAPLE}").text
