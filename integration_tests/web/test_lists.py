"""Lists: their figures are those of the mart, their files the rows of their pages, and what leads to them is true."""

import csv
import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.listing import PAGE, Column, Listing
from freshbooks_hub.web.lists.pages import LISTINGS
from freshbooks_hub.web.lists.query import asked_of
from freshbooks_hub.web.marts import Marts, opened
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.hub import Books
from integration_tests.web.serving import Client
from integration_tests.web.test_pages import MAPLE, Tables

Cells = list[list[str]]
Fill = Callable[..., None]
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# What is asked of a list, and the same in SQL; documents are on two bases, of which the first is shown.
ASKED = {"/ledger": "&from=2026-08-01&accounts=profit"}
WHERE = {
    "/ledger": "posting_date >= '2026-08-01' AND account_type IN ('income', 'expense')",
    "/tax/lines": "basis = 'accrual'",
}
NUMBER = re.compile(r"[−-]?[\d,]+(\.\d+)?")
# What a hostile or mistyped address may hold.
HOSTILE = (
    "'; drop table invoices; --",
    "%",
    "\x00",
    "9" * 40,
    "-1",
    "1e9",
    "é" * 300,
    "<script>",
    "--sort",
    "none",
)


def csv_rows(text: str) -> Cells:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def xlsx_rows(content: bytes) -> Cells:
    """The cells of the first sheet as a CSV would have them: numbers as numbers, dates as days."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        styles = ElementTree.fromstring(book.read("xl/styles.xml"))
        patterns = {one.get("numFmtId"): one.get("formatCode") or "" for one in styles.iter(f"{SPACE}numFmt")}
        cells = styles.find(f"{SPACE}cellXfs")
        assert cells is not None
        formats = [patterns.get(one.get("numFmtId"), "") for one in cells]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{SPACE}row"):
        found: list[str] = []
        for cell in row:
            column = 0
            for letter in re.match("[A-Z]+", cell.get("r") or "")[0]:  # type: ignore[index]
                column = column * 26 + ord(letter) - 64
            found += [""] * (column - 1 - len(found))
            value = "".join(one.text or "" for one in cell.iter() if one.tag in {f"{SPACE}v", f"{SPACE}t"})
            if "yyyy" in formats[int(cell.get("s") or 0)]:
                value = str(date(1899, 12, 30) + timedelta(days=int(float(value))))
            found.append(value)
        rows.append(found)
    return [row + [""] * (len(rows[0]) - len(row)) for row in rows]


def same(one: str, other: str) -> bool:
    """Equal as text, or as numbers; the apostrophe that guards a formula in a CSV is not in a workbook."""
    if one == other or one.removeprefix("'") == other:
        return True
    return bool(NUMBER.fullmatch(one) and NUMBER.fullmatch(other)) and Decimal(one) == Decimal(other)


def totals(text: str) -> dict[str, list[str]]:
    """The cells of each currency in the totals of a list."""
    found: Cells = next(
        (rows for name, rows in Tables(text).found.items() if name.startswith("Totals of all")), [[]]
    )
    return {row[0]: row[1:] for row in found[1:]}


def amounts(cells: list[str]) -> list[Decimal]:
    return [Decimal(cell.removesuffix(" h").replace(",", "").replace("−", "-")) for cell in cells]


def page_rows(text: str, title: str) -> Cells:
    return next(
        rows for name, rows in Tables(text).found.items() if re.fullmatch(rf"{title} \d+ to \d+ of \d+", name)
    )


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda one: one.path)
def test_a_list_its_csv_and_its_workbook_are_the_rows_of_the_mart(
    client: Client, seen: Books, listing: Listing
) -> None:
    where = f"business_id = {MAPLE} AND {WHERE.get(listing.path, 'true')}"
    currency = listing.currency if listing.by_currency else "'All'"
    # Hours are shown to the hundredth.
    sums = "".join(
        f", round(coalesce(sum({one.sql}) FILTER ({one.where or 'true'}), 0), {2 if one.kind == 'hours' else 3})"
        for one in listing.totals
        if one.always
    )
    with duckdb.connect(seen.home.marts, read_only=True) as db:
        expected = db.execute(
            f"SELECT {currency}, count(*){sums} FROM marts.{listing.mart} WHERE {where} GROUP BY ALL"
        ).fetchall()
    address = f"business={MAPLE}&columns=all{ASKED.get(listing.path, '')}"
    text = client.get(f"{listing.path}?{address}").text
    if listing.totals:
        shown = totals(text)
        assert {code: amounts(cells)[: len(rest)] for code, *rest in expected for cells in [shown[code]]} == {
            code: rest for code, *rest in expected
        }
    lines = csv_rows(client.get(f"{listing.path}.csv?{address}").text)
    assert len(lines) - 1 == sum(row[1] for row in expected)
    workbook = xlsx_rows(client.get(f"{listing.path}.xlsx?{address}").content)
    assert len(workbook) == len(lines)
    different = [
        (left, right)
        for one, other in zip(lines, workbook, strict=True)
        for left, right in zip(one, other, strict=True)
        if not same(left, right) and not left.startswith(right)  # a moment has a time, its day is compared
    ]
    assert different == []
    shown_rows = page_rows(text, listing.title)
    assert shown_rows[0][0].removesuffix(" ↓").removesuffix(" ↑") == lines[0][0]
    names = [
        index
        for index, head in enumerate(lines[0])
        if head in {"Client", "Project", "Vendor", "Number", "Note"}
    ]
    for row, line in zip(shown_rows[1:], lines[1:], strict=False):
        # What is nothing is a dash on the page, and an empty cell in a file.
        assert [row[i].replace("–none", "") for i in names] == [line[i] for i in names]


def test_the_figures_of_balances_and_expenses_are_those_of_the_rows_they_lead_to(client: Client) -> None:
    for path, total in (("/balances", 3), ("/expenses", 1)):
        text = client.get(f"{path}?business={MAPLE}").text
        rows = re.findall(
            r'<tr[^>]*><th scope="row">((?:(?!</tr>).)*'
            r'href="(/(?:invoices\?|expenses/list\?)[^"]+)"(?:(?!</tr>).)*)</tr>',
            text,
            re.DOTALL,
        )
        assert len(rows) > 10
        for cells, there in rows[::4]:
            figure = re.sub(r"<[^>]+>", "", re.findall(r"<td[^>]*>(.*?)</td>", cells)[-1])
            found = totals(client.get(html.unescape(there)).text)
            assert [amounts(row)[total] for row in found.values()] == amounts([figure]), there


def test_what_an_address_asks_for_is_checked(client: Client) -> None:
    whole = client.get("/invoices").text
    names = (
        "q",
        "sort",
        "page",
        "status",
        "client",
        "currency",
        "from",
        "to",
        "age",
        "project",
        "columns",
        "x",
    )
    for value in HOSTILE:
        answer = client.get("/invoices?" + "&".join(f"{name}={quote(value)}" for name in names))
        assert answer.status_code == 200
        assert "<script>" not in answer.text
    for name, value in (("sort", "invoice_id"), ("sort", "total_amount;"), ("page", "0"), ("x", "y")):
        rows = page_rows(client.get(f"/invoices?{name}={quote(value)}").text, "Invoices")
        assert rows == page_rows(whole, "Invoices")
    text = client.get("/invoices?from=31.10.2026&status=late").text
    assert "“31.10.2026” is not a date such as 2026-10-31, so it was left out." in text
    assert "Status: there is no “late”, so it was left out." in text
    # A file of more rows than were asked for could be sent on unseen.
    assert client.get("/invoices.csv?from=31.10.2026").status_code == 400


def test_search_and_filters_narrow_pages_follow_and_links_keep_them(client: Client) -> None:
    text = client.get(f"/invoices?business={MAPLE}&q=CAFE+lum&status=overdue&sort=-total_amount").text
    rows = page_rows(text, "Invoices")[1:]
    assert {row[1] for row in rows} == {"Café Lumière"}
    assert {row[4] for row in rows} == {"Overdue"}
    largest = [Decimal(row[6].removeprefix("CAD ").replace(",", "")) for row in rows]
    assert largest == sorted(largest, reverse=True)
    first = page_rows(client.get(f"/invoices?business={MAPLE}").text, "Invoices")[1:]
    second = client.get(f"/invoices?business={MAPLE}&page=2").text
    assert len(first) == PAGE
    assert not {row[0] for row in first} & {row[0] for row in page_rows(second, "Invoices")[1:]}
    beyond = client.get(f"/invoices?business={MAPLE}&page=99").text
    assert re.search(r"Page (\d+) of \1<", beyond)
    (client_page,) = set(re.findall(r'href="(/clients/\d+\?[^"]+)"', text))
    assert "Café Lumière" in client.get(html.unescape(client_page)).text


def test_pages_of_one_add_up(client: Client, seen: Books) -> None:
    with duckdb.connect(seen.home.marts, read_only=True) as db:
        (invoice, total, code), (owing, owed, currency) = (
            db.execute(
                "SELECT invoice_id, total_amount, currency_code FROM marts.invoices WHERE discount_amount < 0 "
                f"AND tax_amount > 0 AND paid_amount > 0 AND business_id = {MAPLE} ORDER BY invoice_id LIMIT 1"
            ).fetchall()[0],
            db.execute(
                "SELECT client_id, outstanding_amount, currency_code FROM marts.outstanding_balances "
                f"WHERE business_id = {MAPLE} ORDER BY outstanding_amount DESC LIMIT 1"
            ).fetchall()[0],
        )
    parts = Tables(client.get(f"/invoices/{invoice}?business={MAPLE}").text).found[
        f"From lines to total, in {code}"
    ]
    by_name = {row[0]: amounts(row[1:])[0] for row in parts[1:]}
    assert by_name.pop("Total") == total
    by_name.pop("Without tax", None)
    assert sum(by_name.values()) == total
    found = Tables(client.get(f"/clients/{owing}").text).found
    (balance,) = [row[1] for row in found["Balance of each currency"][1:] if row[0] == currency]
    assert amounts([balance.removeprefix(f"{currency} ")]) == [owed]
    unpaid = [row[-1].removeprefix(f"{currency} ") for row in found["Open invoices"][1:]]
    assert sum(amounts(unpaid)) == owed
    # The business need not be named; what does not exist is told as such.
    for path in ("/projects", "/bills", "/clients?business=439117"):
        there = re.findall(rf'href="({path.partition("?")[0]}/\d+)\?', client.get(path).text)[0]
        assert client.get(there).status_code == 200
    assert client.get("/invoices/1").status_code == client.get(f"/bills/{'9' * 40}").status_code == 404


@pytest.fixture
def home_of(empty_home: Home, seen: Books) -> Callable[[str], Home]:
    """A home whose marts are a business and what some SQL makes of the empty invoices."""
    ConnectionStore(empty_home.ensure().connection).connect(config_of(Sandbox(seed="empty")))

    def made(sql: str) -> Home:
        with duckdb.connect(empty_home.marts) as db:
            db.execute(f"ATTACH '{seen.home.marts}' AS seen (READ_ONLY)")
            db.execute("CREATE SCHEMA marts")
            for mart in ("businesses", "fb_freshness", "fb_gaps", "fb_rejected_rows"):
                db.execute(f"CREATE TABLE marts.{mart} AS FROM seen.marts.{mart} WHERE business_id = {MAPLE}")
            db.execute("CREATE TABLE marts.invoices AS FROM seen.marts.invoices LIMIT 0")
            db.execute("SET search_path = 'marts'")
            db.execute(sql)
        return empty_home

    return made


ODD = """
INSERT INTO invoices BY NAME SELECT 'mPx4Q9' AS account_id, 439000 AS business_id, range AS invoice_id,
['<b>1</b>', NULL, '=cmd|calc'][range] AS invoice_number, ['-2+3 & Co', NULL, '<script>'][range] AS client_name,
[NULL, 7, 8][range] AS client_id, DATE '2026-10-01' AS create_date, 'on_fire' AS invoice_status,
['JPY', 'KWD', 'USD'][range] AS currency_code, [1200, 1.234, -5.5][range] AS total_amount, 0 AS outstanding_amount,
0 AS paid_amount, false AS is_draft, false AS is_open, false AS is_overdue, false AS is_dated_later,
false AS is_archived, 0 AS days_overdue FROM range(1, 4)
"""


def test_odd_rows_are_shown_as_they_are(home_of: Callable[[str], Home]) -> None:
    client = Client(home_of(ODD))
    text = client.get("/invoices").text
    assert "&lt;b&gt;1&lt;/b&gt;" in text
    assert "<b>1" not in text
    rows = {row[0]: row for row in page_rows(text, "Invoices")[1:]}
    assert rows["no number"][1] == "no name"
    assert rows["no number"][6] == "KWD 1.234"
    assert rows["<b>1</b>"][6] == "JPY 1,200"
    assert {row[4] for row in rows.values()} == {"On fire"}
    lines = csv_rows(client.get("/invoices.csv?sort=total_amount").text)
    assert [lines[1][i] for i in (0, 1, 6)] == ["'=cmd|calc", "<script>", "-5.50"]
    assert [lines[3][i] for i in (1, 6)] == ["'-2+3 & Co", "1200"]
    # Other lists were never synced; the one invoice has neither lines nor payments to show.
    assert "Not synced yet" in client.get("/payments").text
    assert client.get("/payments.csv").status_code == 404
    assert client.get("/invoices/2").status_code == 200
    for nowhere in ("zzz", "%25", "_", "%5C"):  # %, _ and \ are no wildcards
        assert "Nothing matches" in client.get(f"/invoices?q={nowhere}").text


def test_of_many_rows_a_page_reads_the_first_fifty(home_of: Callable[[str], Home]) -> None:
    many = re.sub(r"\[range\]", "[range % 3 + 1]", ODD).replace("range(1, 4)", "range(1, 20001)")
    home = home_of(many)
    with opened(Path(home.marts)) as marts:
        assert marts
        query = asked_of(marts, INVOICES, MAPLE, {"q": "co", "sort": "-total_amount", "page": "3"})
        assert query
        assert len(query.page(marts, 3, 6666)) == PAGE
        assert sum(one.rows for one in query.totals(marts)) == 6666
        # The best rows are kept on the way; all rows are never put in order.
        statement, *values = query.statement(3, 6666)
        plan = str(marts.rows(f"EXPLAIN {statement}", *values))
        assert "TOPN" in re.sub(r"[\W_]", "", plan).upper()


TEXTS = Listing(
    path="/texts",
    title="Texts",
    noun="text",
    lead="",
    mart="texts",
    stream="",
    columns=(Column("id", "Id"), Column("one", "One"), Column("two", "Two")),
    key=("id",),
    sort="one",
    search=("one", "two"),
    search_label="",
)
PIECES = ("", "ab", "Éa", "7%", "_ñ", "A'7", "b\\", None)
ROWS = [(n, PIECES[n % 8], PIECES[n * n % 7]) for n in range(150)]
WORDS = st.text("aAbBéÉñ7%_\\'", min_size=1, max_size=2)


@pytest.fixture(scope="module")
def texts() -> Iterator[Marts]:
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE texts (business_id INT, currency_code VARCHAR, id INT, one VARCHAR, two VARCHAR)"
        )
        db.executemany("INSERT INTO texts VALUES (1, 'CAD', ?, ?, ?)", ROWS)
        yield Marts(db)


def folded(text: str | None) -> str:
    decomposed = unicodedata.normalize("NFD", (text or "").lower())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


@given(st.lists(WORDS, min_size=1, max_size=3), st.sampled_from(["one", "-one", "two"]), st.integers(1, 4))
@example(["a", "7"], "-one", 1)
@example(["a"], "two", 2)
@settings(max_examples=60, deadline=None)
def test_a_search_finds_the_rows_that_hold_every_word(
    texts: Marts, words: list[str], sort: str, page: int
) -> None:
    """Whatever their case and accents, in the order asked for; beyond the last page there is the last one."""
    expected = [
        row for row in ROWS if all(any(folded(word) in folded(text) for text in row[1:]) for word in words)
    ]
    column = 1 if sort.endswith("one") else 2
    expected.sort(key=lambda row: row[0], reverse=True)
    expected.sort(key=lambda row: folded(row[column]), reverse=sort.startswith("-"))
    expected.sort(key=lambda row: row[column] is None)
    number = min(page, max(1, -(-len(expected) // PAGE)))
    query = asked_of(texts, TEXTS, 1, {"q": " ".join(words), "sort": sort, "page": str(page)})
    assert query
    shown = query.shown(texts)
    assert (shown.count, shown.number) == (len(expected), number)
    assert [row["id"] for row in shown.rows] == [
        row[0] for row in expected[(number - 1) * PAGE : number * PAGE]
    ]
