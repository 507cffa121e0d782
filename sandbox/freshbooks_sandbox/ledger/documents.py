"""What each document puts in the books: its net parts and its taxes, in one currency.

A document counts unless it is deleted; an invoice also not while it is a draft. Archived ones count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.pricing import line_taxes, price
from freshbooks_sandbox.values import ZERO, Row, cents, decimal, words

SOURCES = words("invoices payments credit_notes expenses other_income bills bill_payments")


@dataclass(frozen=True)
class Part:
    """An amount without tax on one sub-account."""

    key: str
    text: str
    amount: Decimal


@dataclass(frozen=True)
class Tax:
    name: str
    taxable: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Document:
    """`kind`: invoice, credit, other_income (sales), expense or bill (spending).

    A goodwill credit has negative amounts. `paid`: dated cash on it, for the cash basis.
    """

    kind: str
    id: int
    date: str
    code: str
    name: str
    client: int | None
    parts: tuple[Part, ...]
    taxes: tuple[Tax, ...]
    paid: tuple[tuple[str, Decimal], ...]

    @property
    def is_sale(self) -> bool:
        return self.kind not in ("expense", "bill")

    @cached_property
    def net(self) -> Decimal:
        return sum((part.amount for part in self.parts), ZERO)

    @cached_property
    def total(self) -> Decimal:
        return self.net + sum((tax.amount for tax in self.taxes), ZERO)

    def recognised(self, *, cash: bool) -> list[tuple[str, Decimal, Decimal]]:
        """(day, share of the total before, share after): at once on its date, or as it is paid."""
        return self._as_paid if cash else [(self.date, ZERO, Decimal(1))]

    @cached_property
    def _as_paid(self) -> list[tuple[str, Decimal, Decimal]]:
        if not self.total:
            return []
        steps, before = [], ZERO
        for day, value in sorted(self.paid):
            after = before + value / self.total
            steps.append((day, before, after))
            before = after
        return steps


def portion(amount: Decimal, before: Decimal, after: Decimal) -> Decimal:
    """The part of `amount` between two shares; all portions of a document add up to it."""
    return cents(amount * after) - cents(amount * before)


def counts(row: Row) -> bool:
    return int(row["vis_state"]) != 1


def issued(invoice: Row) -> bool:
    """Neither deleted nor a draft."""
    return counts(invoice) and invoice["v3_status"] != "draft"


def live_payments(books: Books) -> list[Row]:
    """Payments of invoices, neither of them deleted; a payment outlives its invoice (3.5)."""
    invoices = books["invoices"]
    return [p for p in books["payments"].values() if counts(p) and counts(invoices[p["invoiceid"]])]


def is_money(credit: Row) -> bool:
    """Overpayments and prepayments were paid in; a goodwill credit was given."""
    return credit["credit_type"] in ("overpayment", "prepayment")


def documents(books: Books) -> list[Document]:
    """Everything that counts, of every currency."""
    return books.follow("documents", SOURCES, lambda: list(_all(books)))


def _all(books: Books) -> Iterator[Document]:
    paid: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in live_payments(books):
        if not row["creditid"] or is_money(books["credit_notes"][row["creditid"]]):
            paid[row["invoiceid"]].append((row["date"], decimal(row["amount"])))
    yield from (_invoice(r, paid[r["id"]]) for r in books["invoices"].values() if issued(r))
    for row in books["credit_notes"].values():
        if counts(row) and not is_money(row):
            yield _credit(row)
    yield from (_income(r) for r in books["other_income"].values() if counts(r))
    yield from (_expense(r) for r in books["expenses"].values() if counts(r))
    yield from (_bill(books, r) for r in books["bills"].values() if counts(r))


def _invoice(row: Row, paid: list[tuple[str, Decimal]]) -> Document:
    rate = decimal(row["discount_value"])
    totals = price(row["lines"], rate, by_line="_tax_by_line" in row)
    name = f"Invoice {row['invoice_number']}"
    part = Part("sales", row["description"] or name, totals.subtotal + totals.discount)
    taxes = tax_parts(row["lines"], 1 - rate / 100, totals.taxes)
    return Document(
        "invoice",
        row["id"],
        row["create_date"],
        row["currency_code"],
        name,
        row["customerid"],
        (part,),
        taxes,
        tuple(paid),
    )


def tax_parts(lines: list[Row], keep: Decimal, amounts: dict[tuple[str, str], Decimal]) -> tuple[Tax, ...]:
    """One per (name, percent) of the lines; the taxable amount is after discount and before any tax."""
    taxable: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        base = decimal(line["amount"]) * keep
        for key, _ in line_taxes(line, base):
            taxable[key] += base
    return tuple(Tax(key[0], cents(taxable[key]), amount) for key, amount in amounts.items())


def _credit(row: Row) -> Document:
    totals = price(row["lines"], ZERO)
    taxes = tax_parts(row["lines"], Decimal(1), totals.taxes)
    given = tuple(Tax(tax.name, -tax.taxable, -tax.amount) for tax in taxes)
    part = Part("credits", row["description"] or "Credit", -totals.subtotal)
    name = f"Credit {row['credit_number']}"
    return Document(
        "credit",
        row["id"],
        row["create_date"],
        row["currency_code"],
        name,
        row["clientid"],
        (part,),
        given,
        (),
    )


def _income(row: Row) -> Document:
    """`amount` holds the taxes: the net is what is left when their percents are taken out."""
    gross, rates = decimal(row["amount"]), [decimal(tax["amount"]) for tax in row["taxes"]]
    net = cents(gross / (1 + sum(rates, ZERO) / 100))
    values = [cents(net * rate / 100) for rate in rates[:-1]]
    values += [gross - net - sum(values, ZERO)] if rates else []
    taxes = tuple(
        Tax(tax["name"], net, value) for tax, value in zip(row["taxes"], values, strict=True) if value
    )
    part = Part("other_income", row["source"], gross - sum((tax.amount for tax in taxes), ZERO))
    return Document(
        "other_income",
        row["incomeid"],
        row["date"],
        row["amount"]["code"],
        row["source"],
        None,
        (part,),
        taxes,
        ((row["date"], gross),),
    )


def _expense(row: Row) -> Document:
    """`amount` holds the taxes; they are recoverable, so the cost is what is left."""
    gross = decimal(row["amount"])
    named = [
        (row[f"taxName{slot}"], decimal(row[f"taxAmount{slot}"])) for slot in "12" if row[f"taxName{slot}"]
    ]
    net = gross - sum((value for _, value in named), ZERO)
    taxes = tuple(Tax(name, net, value) for name, value in named if value)
    text = row["vendor"] or row["notes"] or "Expense"
    return Document(
        "expense",
        row["id"],
        row["date"],
        row["amount"]["code"],
        f"Expense {row['id']}",
        row["clientid"] or None,
        (Part(f"category:{row['categoryid']}", text, net),),
        taxes,
        ((row["date"], gross),),
    )


def _bill(books: Books, row: Row) -> Document:
    parts = tuple(
        Part(f"category:{ln['categoryid']}", ln["description"] or ln["category"], decimal(ln["amount"]))
        for ln in row["lines"]
    )
    taxable: dict[str, Decimal] = defaultdict(lambda: ZERO)
    amount: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in row["lines"]:
        for slot in "12":
            if line[f"tax_name{slot}"]:
                taxable[line[f"tax_name{slot}"]] += decimal(line["amount"])
                amount[line[f"tax_name{slot}"]] += decimal(line[f"tax_amount{slot}"])
    taxes = tuple(Tax(name, taxable[name], value) for name, value in amount.items())
    paid = tuple((p["paid_date"], decimal(p["amount"])) for p in live_bill_payments(books, row))
    name = f"Bill {row['bill_number'] or row['id']}"
    return Document(
        "bill", row["id"], row["issue_date"], row["currency_code"], name, None, parts, taxes, paid
    )


def live_bill_payments(books: Books, bill: Row) -> list[Row]:
    """What was paid on a bill, nothing when it is deleted."""
    rows = books.where("bill_payments", billid=bill["id"])
    return [p for p in rows if counts(p)] if counts(bill) else []
