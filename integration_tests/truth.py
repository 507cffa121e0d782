"""The published marts of a hub against the oracle."""

from datetime import date
from decimal import Decimal

from integration_tests import oracle
from integration_tests.hub import AS_OF, Hub

ZERO = Decimal("0.00")


def agree(hub: Hub) -> None:
    """Every row of the three marts against the oracle, and nothing more or less."""
    as_of = date.fromisoformat(AS_OF)
    balances = {
        (r["business_id"], r["client_id"], r["currency_code"]): r
        for r in hub.query("select * from outstanding_balances")
    }
    for key, expected in oracle.outstanding_balances(hub.sandbox, as_of).items():
        row = balances.pop(key)
        assert Decimal(row["outstanding_amount"]) == expected["outstanding"], key
        assert Decimal(row["overdue_amount"]) == expected["overdue"], key
        assert Decimal(row["current_amount"]) == expected["buckets"]["current"], key
        for bucket in ("1_30", "31_60", "61_90", "91_plus"):
            assert Decimal(row[f"overdue_{bucket}_amount"]) == expected["buckets"][bucket], key
        assert row["open_invoice_count"] == expected["open"], key
        assert row["oldest_due_date"] == (expected["oldest"] and expected["oldest"].isoformat()), key
        assert Decimal(row["draft_amount"]) == expected["drafts"], key
    for key, row in balances.items():  # only credit not yet used can bring a client without open invoices
        assert Decimal(row["outstanding_amount"]) == ZERO, key
        assert Decimal(row["unapplied_credit_amount"]) > 0, key

    expenses = {
        (r["business_id"], r["category_id"], r["currency_code"], date.fromisoformat(r["month_start_date"])): (
            Decimal(r["total_amount"]),
            Decimal(r["tax_amount"]),
            r["expense_count"],
        )
        for r in hub.query("select * from expense_categories")
    }
    assert expenses == oracle.expense_categories(hub.sandbox)

    contacts = {
        (r["business_id"], r["contact_key"]): {
            "status": r["status"],
            "clients": r["client_count"],
            "invoices": r["invoice_count"],
        }
        for r in hub.query("select * from crm_contacts where email is not null")
    }
    assert contacts == oracle.crm_contacts(hub.sandbox)
