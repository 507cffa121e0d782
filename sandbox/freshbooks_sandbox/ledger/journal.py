"""The postings of every document, payment, credit and manual entry; debits equal credits in each entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.ledger.chart import chart
from freshbooks_sandbox.ledger.documents import SOURCES as DOCUMENTS
from freshbooks_sandbox.ledger.documents import (
    Document,
    counts,
    documents,
    is_money,
    live_bill_payments,
    live_payments,
)
from freshbooks_sandbox.values import ZERO, decimal

SOURCES = (*DOCUMENTS, "journal_entries")
_KINDS = ("invoice", "payment", "credit", "expense", "other_income", "bill", "bill_payment")
_DETAIL_TYPE = {"invoice": "sales"}
_AGAINST = {
    "invoice": "receivable",
    "credit": "deposits",
    "other_income": "cash",
    "expense": "cash",
    "bill": "payable",
}


@dataclass(frozen=True)
class Posting:
    """`debit` is negative for a credit."""

    key: str
    text: str
    kind: str
    debit: Decimal


@dataclass(frozen=True)
class Entry:
    """One event. `id` is the same for ever: the kind's number in tens of millions, then the record's id."""

    id: int
    date: str
    code: str
    name: str
    postings: tuple[Posting, ...]
    links: dict[str, int | None] = field(default_factory=dict)


def entry_id(kind: str, record: int) -> int:
    return (_KINDS.index(kind) + 1) * 10_000_000 + record % 10_000_000


def entries(books: Books) -> list[Entry]:
    """Every entry with a posting, of every currency."""
    return books.follow("entries", SOURCES, lambda: [e for e in _all(books) if e.postings])


def _all(books: Books) -> Iterator[Entry]:
    yield from (_document(document) for document in documents(books))
    yield from _payments(books)
    yield from _credits_paid_in(books)
    yield from _bill_payments(books)
    yield from _manual(books)


def _document(document: Document) -> Entry:
    kind = _DETAIL_TYPE.get(document.kind, document.kind)
    side = -1 if document.is_sale else 1
    postings = [Posting(_AGAINST[document.kind], document.name, kind, -side * document.total)]
    postings += [Posting(part.key, part.text, kind, side * part.amount) for part in document.parts]
    postings += [Posting(f"tax:{tax.name}", tax.name, "tax", side * tax.amount) for tax in document.taxes]
    link = {"invoice": "invoiceid", "credit": "creditid", "other_income": "incomeid", "expense": "expenseid"}
    links = {link[document.kind]: document.id} if document.kind in link else {}
    if document.kind == "expense":
        links["categoryid"] = int(document.parts[0].key.removeprefix("category:"))
    return Entry(
        entry_id(document.kind, document.id),
        document.date,
        document.code,
        document.name,
        _kept(postings),
        {**links, "clientid": document.client},
    )


def _kept(postings: list[Posting]) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.debit)


def _transfer(kind: str, to: str, source: str, text: str, value: Decimal) -> tuple[Posting, ...]:
    return _kept([Posting(to, text, kind, value), Posting(source, text, kind, -value)])


def _payments(books: Books) -> Iterator[Entry]:
    """Money, or a client's credit, against what the client owes."""
    for row in live_payments(books):
        name = f"Payment of invoice {books['invoices'][row['invoiceid']]['invoice_number']}"
        source = "deposits" if row["creditid"] else "cash"
        postings = _transfer("payment", source, "receivable", name, decimal(row["amount"]))
        links = {
            "paymentid": row["id"],
            "invoiceid": row["invoiceid"],
            "clientid": row["clientid"],
            "creditid": row["creditid"],
        }
        yield Entry(entry_id("payment", row["id"]), row["date"], row["amount"]["code"], name, postings, links)


def _credits_paid_in(books: Books) -> Iterator[Entry]:
    """Overpayments and prepayments: money that waits for an invoice. Goodwill is a document."""
    for row in books["credit_notes"].values():
        if counts(row) and is_money(row):
            name = f"Credit {row['credit_number']}"
            postings = _transfer("credit", "cash", "deposits", name, decimal(row["amount"]))
            links = {"creditid": row["id"], "clientid": row["clientid"]}
            yield Entry(
                entry_id("credit", row["id"]), row["create_date"], row["currency_code"], name, postings, links
            )


def _bill_payments(books: Books) -> Iterator[Entry]:
    for bill in books["bills"].values():
        name = f"Payment of bill {bill['bill_number'] or bill['id']}"
        for row in live_bill_payments(books, bill):
            postings = _transfer("bill_payment", "payable", "cash", name, decimal(row["amount"]))
            yield Entry(
                entry_id("bill_payment", row["id"]), row["paid_date"], row["amount"]["code"], name, postings
            )


def _manual(books: Books) -> Iterator[Entry]:
    subs = chart(books).by_id
    for row in books["journal_entries"].values():
        postings = [
            Posting(
                subs[detail["sub_accountid"]].key,
                detail["description"],
                "manual",
                decimal(detail["debit"]) - decimal(detail["credit"]),
            )
            for detail in row["details"]
        ]
        yield Entry(
            row["entryid"], row["user_entered_date"], row["currency_code"], row["name"], _kept(postings)
        )


def balances(books: Books, code: str, first: str = "", last: str = "9999-12-31") -> dict[str, Decimal]:
    """Debits less credits by sub-account key, of entries dated `first` to `last`, both included."""
    found: dict[str, Decimal] = {}
    for entry in entries(books):
        if entry.code == code and first <= entry.date <= last:
            for posting in entry.postings:
                found[posting.key] = found.get(posting.key, ZERO) + posting.debit
    return found
