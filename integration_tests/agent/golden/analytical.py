"""Questions that take a query: comparisons, shares, rankings, developments."""

import statistics
from collections import Counter
from decimal import Decimal

from integration_tests.agent.golden import ledger as books
from integration_tests.agent.golden.ledger import ACTIVE, CENT, DELETED, MAIN, SECOND, ZERO, money
from integration_tests.agent.golden.question import analytical, table


def invoiced_per_month(sandbox):
    rows = [(of, r) for of, r in books.issued(sandbox, MAIN) if r["create_date"].startswith("2026")]
    totals = books.summed(
        ((f"{r['create_date'][:7]}-01", r["currency_code"]), money(r["amount"])) for _, r in rows
    )
    return {key: amount for key, amount in totals.items() if amount}


def collected_per_month(sandbox):
    return books.summed(
        ((row["date"][:7], row["amount"]["code"]), money(row["amount"])) for row in books.cash(sandbox, MAIN)
    )


def every_payment_per_month(sandbox):
    rows = sandbox.books(MAIN)["payments"].values()
    return books.summed(((row["date"][:7], row["amount"]["code"]), money(row["amount"])) for row in rows)


def best_clients(sandbox):
    rows = [(of, r) for of, r in books.issued(sandbox, MAIN) if r["create_date"].startswith("2026")]
    totals = books.summed(
        (r["customerid"], money(r["amount"])) for _, r in rows if r["currency_code"] == "USD"
    )
    return sorted(totals.items(), key=lambda item: -item[1])[:5]


def overdue_share(sandbox):
    whole, late = books.owed(sandbox), books.owed(sandbox, "overdue")
    return {key: (late[key] / amount * 100).quantize(CENT) for key, amount in whole.items() if amount}


def hours_by(sandbox, business, key, rows=None):
    seconds = books.summed(
        (key(row), Decimal(row["duration"])) for row in rows or books.entries(sandbox, business)
    )
    return {name: (total / 3600).quantize(CENT) for name, total in seconds.items()}


def late_days(sandbox):
    return statistics.median(
        (books.TODAY - books.day(row, "due_date")).days for _, row in books.overdue_invoices(sandbox, MAIN)
    )


def over_budget(sandbox):
    logged = books.summed(
        (row["project_id"], Decimal(row["duration"])) for row in books.entries(sandbox, MAIN)
    )
    return {
        row["id"]
        for row in books.projects(sandbox, MAIN)
        if row["budget"] and logged.get(row["id"], ZERO) > row["budget"]
    }


def estimates(sandbox, business, *stages):
    rows = sandbox.books(business)["estimates"].values()
    return [r for r in rows if r["vis_state"] != DELETED and r["ui_status"] in stages]


def bills(sandbox, business):
    rows = sandbox.books(business)["bills"].values()
    return [row for row in rows if row["vis_state"] != DELETED and money(row["outstanding"]) > 0]


def vendors_owed(sandbox):
    names = {row["vendorid"]: row["vendor_name"] for row in sandbox.books(MAIN)["bill_vendors"].values()}
    return books.summed(
        ((names[row["vendorid"]], row["currency_code"]), money(row["outstanding"]))
        for row in bills(sandbox, MAIN)
    )


def average_days_to_pay(sandbox):
    """Of clients with five paid invoices or more."""
    days = {}
    for of, row in books.issued(sandbox, MAIN):
        if row["date_paid"] and money(row["outstanding"]) == 0:
            took = (books.day(row, "date_paid") - books.day(row, "create_date")).days
            days.setdefault((of, row["customerid"]), []).append(took)
    return {key[1]: round(statistics.mean(took), 4) for key, took in days.items() if len(took) >= 5}


def billable_share(sandbox):
    return {
        books.person(sandbox, MAIN, identity): (
            Decimal(sum(r["duration"] for r in rows if r["billable"]))
            / sum(r["duration"] for r in rows)
            * 100
        ).quantize(CENT)
        for identity, rows in _by_person(sandbox).items()
    }


def _by_person(sandbox):
    found = {}
    for row in books.entries(sandbox, MAIN):
        found.setdefault(row["identity_id"], []).append(row)
    return found


REVENUE = [
    analytical(
        "How did our revenue develop month by month in 2026, per currency?",
        "SELECT month_start_date, currency_code, sum(invoiced_amount) AS invoiced FROM revenue_monthly "
        f"WHERE business_id = {MAIN} AND month_start_date >= DATE '2026-01-01' "
        "GROUP BY ALL HAVING sum(invoiced_amount) <> 0",
        invoiced_per_month,
    ),
    analytical(
        "Which were our top five clients by revenue in 2026 in US dollars?",
        "SELECT client_id, sum(total_amount) AS total FROM invoices WHERE NOT is_draft AND currency_code = 'USD' "
        f"AND business_id = {MAIN} AND year(create_date) = 2026 GROUP BY client_id ORDER BY total DESC LIMIT 5",
        best_clients,
        got=table,
    ),
    analytical(
        "What is the average invoice amount in each currency?",
        "SELECT business_id, currency_code, round(sum(total_amount) / count(*), 2)::DECIMAL(18, 2) AS average "
        "FROM invoices WHERE NOT is_draft GROUP BY ALL",
        lambda s: {
            key: (
                amount / len([1 for of, r in books.issued(s, key[0]) if r["currency_code"] == key[1]])
            ).quantize(CENT)
            for key, amount in books.by_currency(books.issued(s), "amount").items()
        },
    ),
    analytical(
        "What share of receivables is overdue in each currency, in percent?",
        "SELECT business_id, currency_code, round(100 * sum(overdue_amount) / sum(outstanding_amount), 2)"
        "::DECIMAL(18, 2) AS percent FROM outstanding_balances GROUP BY ALL HAVING sum(outstanding_amount) > 0",
        overdue_share,
    ),
    analytical(
        "What is the median delay of our late invoices?",
        f"SELECT 'days', median(days_overdue) FROM invoices WHERE is_overdue AND business_id = {MAIN}",
        lambda s: {"days": late_days(s)},
    ),
    analytical(
        "How many days does each client take to pay on average?",
        "SELECT client_id, round(avg(paid_date - create_date), 4) FROM invoices WHERE paid_date IS NOT NULL "
        f"AND invoice_status = 'paid' AND business_id = {MAIN} GROUP BY client_id HAVING count(*) >= 5",
        average_days_to_pay,
    ),
    analytical(
        "For how many clients of each business has revenue stopped, with no invoice since July 2026?",
        "SELECT business_id, count(*) FROM clients WHERE client_status = 'active' "
        "AND (last_invoice_date IS NULL OR last_invoice_date < DATE '2026-07-01') GROUP BY business_id",
        lambda s: dict(
            Counter(
                of
                for of in (MAIN, SECOND)
                for client in books.clients(s, of, ACTIVE)
                if client
                not in {r["customerid"] for _, r in books.issued(s, of) if r["create_date"] >= "2026-07"}
            )
        ),
    ),
]
MONEY_IN_AND_OUT = [
    analytical(
        "What cash came in through payments per month?",
        "SELECT strftime(payment_date, '%Y-%m') AS month, currency_code, sum(payment_amount) AS collected "
        f"FROM payments WHERE is_cash AND is_counted AND business_id = {MAIN} GROUP BY ALL",
        collected_per_month,
        naive=every_payment_per_month,
    ),
    analytical(
        "Break payments down by type.",
        "SELECT payment_type, currency_code, sum(payment_amount) FROM payments "
        f"WHERE is_counted AND business_id = {SECOND} GROUP BY ALL",
        lambda s: books.summed(
            ((row["type"], row["amount"]["code"]), money(row["amount"]))
            for row in s.books(SECOND)["payments"].values()
            if row["vis_state"] != DELETED
            and s.books(SECOND)["invoices"][row["invoiceid"]]["vis_state"] != DELETED
        ),
    ),
    analytical(
        "What was the largest payment in each currency?",
        f"SELECT currency_code, max(payment_amount) FROM payments WHERE is_cash AND business_id = {MAIN} "
        "GROUP BY currency_code",
        lambda s: {
            code: max(money(r["amount"]) for r in books.cash(s, MAIN) if r["amount"]["code"] == code)
            for code in ("USD", "CAD", "EUR")
        },
    ),
    analytical(
        "What do we still have to pay on open bills, per currency?",
        "SELECT business_id, currency_code, sum(outstanding_amount) FROM bills WHERE is_open GROUP BY ALL",
        lambda s: books.by_currency(((of, r) for of in (MAIN, SECOND) for r in bills(s, of)), "outstanding"),
        naive=lambda s: books.by_currency(
            ((of, r) for of in (MAIN, SECOND) for r in bills(s, of)), "total_amount"
        ),
    ),
    analytical(
        "Rank suppliers by what our unpaid bills owe them.",
        "SELECT vendor_name, currency_code, sum(outstanding_amount) FROM bills "
        f"WHERE is_open AND business_id = {MAIN} GROUP BY ALL",
        vendors_owed,
    ),
    analytical(
        "How much other income did we have without an invoice, by year?",
        "SELECT year(income_date)::VARCHAR AS year, currency_code, count(*) FROM other_income "
        f"WHERE business_id = {MAIN} GROUP BY ALL",
        lambda s: dict(
            Counter(
                (row["date"][:4], row["amount"]["code"])
                for row in s.books(MAIN)["other_income"].values()
                if row["vis_state"] != DELETED
            )
        ),
    ),
    analytical(
        "How do the expenses of October 2026 compare with those of September, and what is the trend?",
        "SELECT currency_code, coalesce(sum(total_amount) FILTER (month(expense_date) = 10), 0) "
        "- coalesce(sum(total_amount) FILTER (month(expense_date) = 9), 0) AS difference FROM expenses "
        f"WHERE business_id = {MAIN} AND expense_date BETWEEN DATE '2026-09-01' AND DATE '2026-10-31' GROUP BY ALL",
        lambda s: books.summed(
            (row["amount"]["code"], money(row["amount"]) * (1 if row["date"] >= "2026-10" else -1))
            for _, row in books.expenses(s, MAIN)
            if row["date"] >= "2026-09"
        ),
    ),
    analytical(
        "How much tax was in our purchases per quarter of 2026?",
        "SELECT quarter(expense_date), currency_code, sum(tax_amount) FROM expenses "
        f"WHERE business_id = {MAIN} AND year(expense_date) = 2026 GROUP BY ALL",
        lambda s: books.summed(
            (
                ((int(row["date"][5:7]) + 2) // 3, row["amount"]["code"]),
                money(row.get("taxAmount1")) + money(row.get("taxAmount2")),
            )
            for _, row in books.expenses(s, MAIN, "2026")
        ),
    ),
]
HOURS = [
    analytical(
        "How many hours did each person log in total?",
        f"SELECT person_name, round(sum(duration_seconds) / 3600, 2)::DECIMAL(18, 2) FROM time_entries "
        f"WHERE business_id = {MAIN} GROUP BY person_name",
        lambda s: hours_by(s, MAIN, lambda row: books.person(s, MAIN, row["identity_id"])),
        naive=lambda s: hours_by(
            s,
            MAIN,
            lambda row: books.person(s, MAIN, row["identity_id"]),
            [r for r in s.books(MAIN)["time_entries"].values() if r["is_logged"]],
        ),
    ),
    analytical(
        "How many hours were logged on each day of December 2025?",
        "SELECT entry_date, round(sum(duration_seconds) / 3600, 2)::DECIMAL(18, 2) FROM time_entries "
        f"WHERE business_id = {MAIN} AND strftime(entry_date, '%Y-%m') = '2025-12' GROUP BY entry_date",
        lambda s: {
            day: total
            for day, total in hours_by(s, MAIN, lambda row: books.local_day(row).isoformat()).items()
            if day.startswith("2025-12")
        },
        naive=lambda s: {
            day: total
            for day, total in hours_by(s, MAIN, lambda row: books.utc_day(row).isoformat()).items()
            if day.startswith("2025-12")
        },
    ),
    analytical(
        "How much time was logged on the night of 1 to 2 November 2025, when the clocks changed?",
        "SELECT entry_date, sum(duration_seconds)::BIGINT FROM time_entries "
        f"WHERE business_id = {MAIN} AND entry_date IN (DATE '2025-11-01', DATE '2025-11-02') GROUP BY entry_date",
        lambda s: books.summed(
            (day, row["duration"])
            for row in books.entries(s, MAIN)
            if (day := books.local_day(row).isoformat()) in ("2025-11-01", "2025-11-02")
        ),
    ),
    analytical(
        "Which share of logged hours is billable, per person?",
        "SELECT person_name, round(100 * sum(duration_seconds) FILTER (is_billable) / sum(duration_seconds), 2)"
        f"::DECIMAL(18, 2) FROM time_entries WHERE business_id = {MAIN} GROUP BY person_name",
        billable_share,
    ),
    analytical(
        "Which projects are over their budget of hours?",
        f"SELECT project_id, logged_hours > budget_hours FROM projects WHERE business_id = {MAIN} "
        "AND logged_hours > budget_hours",
        lambda s: dict.fromkeys(over_budget(s), True),
    ),
    analytical(
        "What was the busiest month by hours logged?",
        "SELECT strftime(entry_date, '%Y-%m') AS month, sum(duration_seconds)::BIGINT AS seconds FROM time_entries "
        f"WHERE business_id = {MAIN} GROUP BY month ORDER BY seconds DESC LIMIT 1",
        lambda s: dict(
            sorted(
                books.summed(
                    (books.local_day(r).isoformat()[:7], r["duration"]) for r in books.entries(s, MAIN)
                ).items(),
                key=lambda item: -item[1],
            )[:1]
        ),
    ),
]
PIPELINE = [
    analytical(
        "What are accepted estimates worth that have no invoice yet?",
        "SELECT business_id, currency_code, sum(total_amount) FROM estimates "
        "WHERE estimate_stage = 'accepted' AND NOT is_converted GROUP BY ALL",
        lambda s: books.by_currency(
            ((of, r) for of in (MAIN, SECOND) for r in estimates(s, of, "accepted")), "amount"
        ),
    ),
    analytical(
        "How many estimates of Maple & Pine Studio are in each stage of the pipeline?",
        f"SELECT estimate_stage, count(*) FROM estimates WHERE business_id = {MAIN} GROUP BY estimate_stage",
        lambda s: dict(
            Counter(
                {"open": "viewed"}.get(r["ui_status"], r["ui_status"])
                for r in s.books(MAIN)["estimates"].values()
                if r["vis_state"] != DELETED
            )
        ),
        naive=lambda s: dict(
            Counter(
                {"open": "viewed"}.get(r["ui_status"], r["ui_status"])
                for r in s.books(MAIN)["estimates"].values()
            )
        ),
    ),
    analytical(
        "Which services were sold most often, ranked?",
        f"SELECT line_name, count(*) FROM invoice_lines WHERE business_id = {MAIN} AND NOT is_draft "
        "AND line_type = 'item or service' AND line_name IS NOT NULL GROUP BY line_name",
        lambda s: dict(
            Counter(
                line["name"]
                for _, row in books.issued(s, MAIN)
                for line in row["lines"]
                if line["type"] == 0 and line["name"]
            )
        ),
        naive=lambda s: dict(
            Counter(
                line["name"]
                for row in s.books(MAIN)["invoices"].values()
                for line in row["lines"]
                if line["type"] == 0 and line["name"]
            )
        ),
    ),
    analytical(
        "How much credit was given per type of credit note?",
        "SELECT credit_type, currency_code, sum(credit_amount) FROM credits "
        f"WHERE business_id = {MAIN} AND NOT is_draft GROUP BY ALL",
        lambda s: books.summed(
            ((row["credit_type"], row["currency_code"]), money(row["amount"]))
            for row in s.books(MAIN)["credit_notes"].values()
            if row["vis_state"] != DELETED and row["display_status"] != "draft"
        ),
    ),
]

ANALYTICAL = [*REVENUE, *MONEY_IN_AND_OUT, *HOURS, *PIPELINE]
