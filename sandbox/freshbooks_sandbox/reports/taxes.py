"""Sales tax collected and paid, by tax name."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from freshbooks_sandbox.ledger.documents import documents, portion
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.values import ZERO, Row


def tax_summary(ask: Ask) -> Row:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    invoiced = ZERO
    for document in documents(ask.books):
        if document.code != ask.code:
            continue
        side = "collected" if document.is_sale else "paid"
        for day, before, after in document.recognised(cash=ask.cash_based):
            if not ask.holds(day):
                continue
            if document.kind == "invoice":
                invoiced += portion(document.total, before, after)
            for tax in document.taxes:
                sums[tax.name][f"tax_{side}"] += portion(tax.amount, before, after)
                sums[tax.name][f"taxable_{side}"] += portion(tax.taxable, before, after)
    head = ask.head()
    del head["company_name"]
    rows = [
        {
            "tax_name": name,
            "tax_collected": ask.money(found["tax_collected"]),
            "tax_paid": ask.money(found["tax_paid"]),
            "net_tax": ask.money(found["tax_collected"] - found["tax_paid"]),
            "taxable_amount_collected": ask.money(found["taxable_collected"]),
            "taxable_amount_paid": ask.money(found["taxable_paid"]),
            "net_taxable_amount": ask.money(found["taxable_collected"] - found["taxable_paid"]),
        }
        for name, found in sorted(sums.items())
    ]
    return {**head, "cash_based": ask.cash_based, "taxes": rows, "total_invoiced": ask.money(invoiced)}
