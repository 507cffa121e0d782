"""Questions that one read answers."""

from collections import Counter
from datetime import date
from decimal import Decimal

from integration_tests import oracle
from integration_tests.agent.golden import ledger as books
from integration_tests.agent.golden.ledger import ARCHIVED, CENT, DELETED, MAIN, SECOND, ZERO, money
from integration_tests.agent.golden.question import direct, rows, totals

BALANCE, CLIENTS, CLIENT = "get_outstanding_balance", "list_clients", "get_client"
INVOICES, INVOICE, UNBILLED = "list_invoices", "get_invoice", "list_unbilled_time"
EXPENSES, MARTS = "expense_summary", "describe_marts"

SEPTEMBER = {"issued_from": date(2026, 9, 1), "issued_to": date(2026, 9, 30)}


def owes(pages, figure="outstanding_amount"):
    return {row.currency_code: getattr(row, figure) for row in rows(pages, "balances")}


def owed_by(name, figure="outstanding"):
    return lambda s: {currency: found[figure] for currency, found in books.balance(s, name).items()}


def late(sandbox, bucket):
    """Clients with an amount in the bucket."""
    found = oracle.outstanding_balances(sandbox, books.TODAY).items()
    return {(business, client) for (business, client, _), row in found if row["buckets"][bucket] > 0}


def invoice_ids(pages):
    return {(row.business_id, row.invoice_id) for row in rows(pages, "invoices")}


def issued_in_september(sandbox):
    return [(of, row) for of, row in books.issued(sandbox) if row["create_date"].startswith("2026-09")]


def with_drafts_in_september(sandbox):
    every = ((of, row) for of, row in oracle.books(sandbox, "invoices"))
    return books.by_currency(((of, r) for of, r in every if r["create_date"].startswith("2026-09")), "amount")


def keyed(pages):
    return {
        (row.business_id, row.group, row.currency_code): row.total_amount for row in rows(pages, "groups")
    }


def spent_between(first, last):
    return lambda s: books.summed(
        ((of, row["amount"]["code"]), money(row["amount"]))
        for of, row in books.expenses(s)
        if first <= row["date"] <= last
    )


def across(found):
    """The sum that nobody should make."""
    return {"all": sum(found.values(), ZERO)}


RECEIVABLES = [
    direct(
        "What does Willow Creek School owe us?",
        BALANCE,
        {"client": "Willow Creek School"},
        owes,
        owed_by("Willow Creek School"),
    ),
    direct(
        "How much does Cafe Lumiere still owe?",
        BALANCE,
        {"client": "cafe lumiere"},
        owes,
        owed_by("Café Lumière"),
    ),
    direct(
        "How much of what Paper Crane Cards owes us is overdue?",
        BALANCE,
        {"client": "Paper Crane Cards"},
        lambda p: owes(p, "overdue_amount"),
        owed_by("Paper Crane Cards", "overdue"),
    ),
    direct(
        "Does the deleted client Blue Heron Dental still owe us something?",
        BALANCE,
        {"client": "Blue Heron Dental"},
        owes,
        owed_by("Blue Heron Dental"),
        naive=lambda s: {},
    ),
    direct(
        "What is the outstanding balance of the archived client Pacheco & Filhos?",
        BALANCE,
        {"client": "Pacheco & Filhos"},
        owes,
        owed_by("Pacheco & Filhos"),
        naive=lambda s: {},
    ),
    direct(
        "How much do all clients owe us?",
        BALANCE,
        {},
        lambda p: totals(p, "totals", "outstanding_amount"),
        books.owed,
        naive=lambda s: across(books.owed(s)),
    ),
    direct(
        "How much is owed to Atelier Boréal?",
        BALANCE,
        {"business_id": SECOND},
        lambda p: totals(p, "totals", "outstanding_amount"),
        lambda s: {key: amount for key, amount in books.owed(s).items() if key[0] == SECOND},
        naive=books.owed,
    ),
    direct(
        "How much of the receivables is overdue?",
        BALANCE,
        {"overdue_only": True},
        lambda p: totals(p, "totals", "overdue_amount"),
        lambda s: books.owed(s, "overdue"),
        naive=books.owed,
    ),
    direct(
        "Which clients are more than 90 days late?",
        BALANCE,
        {"overdue_only": True},
        lambda p: {(r.business_id, r.client_id) for r in rows(p, "balances") if r.overdue_91_plus_amount > 0},
        lambda s: late(s, "91_plus"),
        naive=lambda s: {
            (of, row["customerid"])
            for of, row in books.open_invoices(s)
            if (books.TODAY - books.day(row, "create_date")).days > 90
        },
    ),
    direct(
        "Who owes us euros?",
        BALANCE,
        {"currency_code": "EUR"},
        lambda p: {(r.business_id, r.client_id) for r in rows(p, "balances") if r.outstanding_amount > 0},
        lambda s: {
            (of, row["customerid"]) for of, row in books.open_invoices(s) if row["currency_code"] == "EUR"
        },
    ),
    direct(
        "What does the client with the address björn@blueherondental.example owe?",
        BALANCE,
        {"client": "björn@blueherondental.example"},
        owes,
        owed_by("Ōkami Robotics"),  # the other client of this mailbox is deleted
        naive=owed_by("Blue Heron Dental"),
    ),
    direct(
        "What is the aging of the balance of Velvet Fox Salon?",
        BALANCE,
        {"client": "velvet fox"},
        lambda p: [
            getattr(row, f"overdue_{bucket}_amount")
            for row in p[0].balances
            for bucket in ("1_30", "31_60", "61_90", "91_plus")
        ],
        lambda s: [
            found["buckets"][bucket]
            for found in books.balance(s, "Velvet Fox Salon").values()
            for bucket in ("1_30", "31_60", "61_90", "91_plus")
        ],
    ),
]

WHO = [
    direct(
        "List our clients at Maple & Pine Studio.",
        CLIENTS,
        {"business_id": MAIN},
        lambda p: {row.client_id for row in rows(p, "clients")},
        lambda s: books.clients(s, MAIN, 0),
        naive=lambda s: books.clients(s, MAIN, 0, DELETED, ARCHIVED),
    ),
    direct(
        "How many clients does Atelier Boréal have?",
        CLIENTS,
        {"business_id": SECOND},
        lambda p: p[0].total_count,
        lambda s: len(books.clients(s, SECOND, 0)),
        naive=lambda s: len(books.clients(s, SECOND, 0, DELETED, ARCHIVED)),
    ),
    direct(
        "Which clients are archived?",
        CLIENTS,
        {"status": "archived"},
        lambda p: {(row.business_id, row.client_id) for row in rows(p, "clients")},
        lambda s: {(of, n) for of in (MAIN, SECOND) for n in books.clients(s, of, ARCHIVED)},
    ),
    direct(
        "Search for clients in Zürich.",
        CLIENTS,
        {"search": "zurich", "status": "any"},
        lambda p: {row.client_name for row in rows(p, "clients")},
        lambda s: {
            books.client_name(row)
            for _, row in oracle.books(s, "clients")
            if "Zürich" in row["p_city"] + row["organization"]
        },
    ),
    direct(
        "Which customer has an e-mail at nimbussoftware?",
        CLIENTS,
        {"search": "@nimbussoftware"},
        lambda p: [row.client_name for row in rows(p, "clients")],
        lambda s: ["Nimbus Software"],
    ),
    direct(
        "What is the address of Bluebird Florist?",
        CLIENT,
        {"client": "Bluebird Florist"},
        lambda p: (p[0].client.street, p[0].client.city, p[0].client.postal_code),
        lambda s: tuple(
            books.client(s, "Bluebird Florist")[f"p_{part}"] for part in ("street", "city", "code")
        ),
    ),
    direct(
        "Who are the contact people at Halcyon Spa?",
        CLIENT,
        {"client": "Halcyon Spa"},
        lambda p: sorted(person.full_name for person in p[0].people),
        lambda s: sorted(
            f"{row['fname']} {row['lname']}"
            for row in (books.client(s, "Halcyon Spa"), *books.client(s, "Halcyon Spa")["contacts"])
        ),
        naive=lambda s: [
            f"{row['fname']} {row['lname']}" for row in books.client(s, "Halcyon Spa")["contacts"]
        ],
    ),
    direct(
        "What is the phone number of Kestrel Aviation?",
        CLIENT,
        {"client": "Kestrel Aviation"},
        lambda p: (p[0].client.business_phone or "", p[0].client.mobile_phone or ""),
        lambda s: tuple(
            books.client(s, "Kestrel Aviation")[name] or "" for name in ("bus_phone", "mob_phone")
        ),
    ),
    direct(
        "Is there a note in the details of client Silverline Yoga?",
        CLIENT,
        {"client": "Silverline Yoga"},
        lambda p: p[0].client.note,
        lambda s: books.client(s, "Silverline Yoga")["note"],
    ),
    direct(
        "What is the tax number of the client Zephyr Cycles, if any, and of Northwind Outfitters?",
        CLIENT,
        {"client": "Northwind Outfitters"},
        lambda p: p[0].client.vat_number,
        lambda s: books.client(s, "Northwind Outfitters")["vat_number"],
    ),
    direct(
        "What are the details of client Nimbus Software: sales so far?",
        CLIENT,
        {"client": "Nimbus Software"},
        lambda p: {row.currency_code: row.invoiced_amount for row in p[0].sales},
        lambda s: books.summed(
            (row["currency_code"], money(row["amount"]))
            for of, row in books.issued(s)
            if (of, row["customerid"]) == books.client_id(s, "Nimbus Software")
        ),
    ),
]

BILLS_TO_CLIENTS = [
    direct(
        "Show the invoices of Gustavo Ito.",
        INVOICES,
        {"client": "Gustavo Ito"},
        invoice_ids,
        lambda s: {
            (of, row["id"])
            for of, row in books.issued(s)
            if (of, row["customerid"]) == books.client_id(s, "Gustavo Ito")
        },
        naive=lambda s: {
            (of, row["id"])
            for of, row in oracle.books(s, "invoices")
            if (of, row["customerid"]) == books.client_id(s, "Gustavo Ito")
        },
    ),
    direct(
        "Which invoices are overdue?",
        INVOICES,
        {"status": "overdue", "limit": 200},
        invoice_ids,
        lambda s: {(of, row["id"]) for of, row in books.overdue_invoices(s)},
        naive=lambda s: {(of, row["id"]) for of, row in books.open_invoices(s)},
    ),
    direct(
        "How much is unpaid on overdue invoices at Atelier Boréal?",
        INVOICES,
        {"status": "overdue", "business_id": SECOND},
        lambda p: totals(p, "totals", "outstanding_amount"),
        lambda s: books.by_currency(books.overdue_invoices(s, SECOND), "outstanding"),
        naive=lambda s: books.by_currency(books.overdue_invoices(s, SECOND), "amount"),
    ),
    direct(
        "Which draft invoices of Maple & Pine Studio are not sent yet?",
        INVOICES,
        {"status": "draft", "business_id": MAIN},
        lambda p: {row.invoice_id for row in rows(p, "invoices")},
        lambda s: books.drafts(s, MAIN),
    ),
    direct(
        "List the invoices that were issued in September 2026, with totals.",
        INVOICES,
        SEPTEMBER,
        lambda p: totals(p, "totals", "total_amount"),
        lambda s: books.by_currency(issued_in_september(s), "amount"),
        naive=with_drafts_in_september,
    ),
    direct(
        "How many invoices did Maple & Pine Studio issue in September 2026?",
        INVOICES,
        {**SEPTEMBER, "business_id": MAIN},
        lambda p: len(invoice_ids(p)),
        lambda s: len([row for of, row in issued_in_september(s) if of == MAIN]),
    ),
    direct(
        "Which unpaid invoices fall due in the first half of November 2026?",
        INVOICES,
        {"status": "open", "due_from": date(2026, 11, 1), "due_to": date(2026, 11, 15)},
        invoice_ids,
        lambda s: {
            (of, row["id"])
            for of, row in books.open_invoices(s)
            if "2026-11-01" <= row["due_date"] <= "2026-11-15"
        },
    ),
    direct(
        "Show open invoices in Canadian dollars, largest first.",
        INVOICES,
        {"status": "open", "currency_code": "cad", "sort": "largest"},
        lambda p: [row.outstanding_amount for row in rows(p, "invoices")],
        lambda s: sorted(
            (money(r["outstanding"]) for _, r in books.open_invoices(s) if r["currency_code"] == "CAD"),
            reverse=True,
        ),
    ),
    direct(
        "Which invoices of Grünwald Möbel are paid?",
        INVOICES,
        {"client": "Grunwald Mobel", "status": "paid"},
        invoice_ids,
        lambda s: {
            (of, row["id"])
            for of, row in books.issued(s)
            if (of, row["customerid"]) == books.client_id(s, "Grünwald Möbel GmbH")
            and money(row["outstanding"]) == 0
        },
    ),
    direct(
        "What is on invoice 0000047 of Maple & Pine Studio?",
        INVOICE,
        {"invoice": "0000047", "business_id": MAIN},
        lambda p: [(line.line_name or "", line.line_amount) for line in p[0].lines],
        lambda s: [
            (line["name"] or "", money(line["amount"])) for line in books.invoice(s, MAIN, "0000047")["lines"]
        ],
        naive=lambda s: [
            (line["name"] or "", money(line["amount"]))
            for line in books.invoice(s, SECOND, "0000047")["lines"]
        ],
    ),
    direct(
        "How much of invoice number 72 is still unpaid?",
        INVOICE,
        {"invoice": "72", "business_id": MAIN},
        lambda p: (p[0].invoice.currency_code, p[0].invoice.outstanding_amount),
        lambda s: (
            books.invoice(s, MAIN, "0000072")["currency_code"],
            money(books.invoice(s, MAIN, "0000072")["outstanding"]),
        ),
        naive=lambda s: (
            books.invoice(s, MAIN, "0000072")["currency_code"],
            money(books.invoice(s, MAIN, "0000072")["amount"]),
        ),
    ),
    direct(
        "Which payments were received on invoice 0000080?",
        INVOICE,
        {"invoice": "#0000080", "business_id": MAIN},
        lambda p: [payment.payment_amount for payment in p[0].payments],
        lambda s: books.payments_of(s, MAIN, "0000080"),
    ),
]

WORK_AND_SPENDING = [
    direct(
        "How much unbilled time does Maple & Pine Studio have?",
        UNBILLED,
        {"business_id": MAIN},
        lambda p: sum((row.hours for row in p[0].totals), ZERO).quantize(CENT),
        lambda s: books.hours(books.unbilled(s, MAIN)),
        naive=lambda s: books.hours(row for row in books.entries(s, MAIN) if not row["billed"]),
    ),
    direct(
        "How many hours are not billed on the project Catalogue Quill & Ink Press?",
        UNBILLED,
        {"project": "Quill & Ink"},
        lambda p: sum((row.hours for row in rows(p, "entries")), ZERO).quantize(CENT),
        lambda s: books.hours(books.unbilled(s, MAIN, project_id=133120)),
    ),
    direct(
        "Which finished projects have hours left to bill?",
        UNBILLED,
        {"complete_only": True, "business_id": MAIN},
        lambda p: {row.project_id for row in rows(p, "entries")},
        lambda s: {
            row["id"]
            for row in books.projects(s, MAIN, complete=True)
            if books.unbilled(s, MAIN, project_id=row["id"])
        },
        naive=lambda s: {row["id"] for row in books.projects(s, MAIN, complete=True)},
    ),
    direct(
        "What could we bill Bright Minds Tutoring for time worked?",
        UNBILLED,
        {"client": "Bright Minds Tutoring", "project": "Campaign"},
        lambda p: totals(p, "totals", "unbilled_amount"),
        lambda s: {
            (MAIN, "USD"): (books.hours(books.unbilled(s, MAIN, project_id=133113)) * 140).quantize(CENT)
        },
    ),
    direct(
        "Whose time for Hearthstone Bakery is unbilled?",
        UNBILLED,
        {"client": "Hearthstone Bakery"},
        lambda p: {row.person_name for row in rows(p, "entries")},
        lambda s: {
            books.person(s, MAIN, row["identity_id"])
            for row in books.unbilled(s, MAIN, client_id=books.client_id(s, "Hearthstone Bakery")[1])
        },
    ),
    direct(
        "What did we spend in September 2026?",
        EXPENSES,
        {"date_from": date(2026, 9, 1), "date_to": date(2026, 9, 30)},
        lambda p: totals(p, "totals", "total_amount"),
        spent_between("2026-09-01", "2026-09-30"),
        naive=lambda s: across(spent_between("2026-09-01", "2026-09-30")(s)),
    ),
    direct(
        "What did Maple & Pine Studio spend by category in 2026?",
        EXPENSES,
        {"date_from": date(2026, 1, 1), "date_to": date(2026, 12, 31), "business_id": MAIN},
        keyed,
        lambda s: books.spent(
            s, lambda of, row: books.category_path(s, of, row["categoryid"]), business=MAIN, year="2026"
        ),
    ),
    direct(
        "How much did we spend on software?",
        EXPENSES,
        {"category": "software"},
        lambda p: totals(p, "totals", "total_amount"),
        lambda s: books.summed(
            ((of, row["amount"]["code"]), money(row["amount"]))
            for of, row in books.expenses(s)
            if "Software" in books.category_path(s, of, row["categoryid"])
        ),
    ),
    direct(
        "What did we spend at the vendor Regus?",
        EXPENSES,
        {"vendor": "regus", "group_by": "vendor"},
        lambda p: totals(p, "totals", "total_amount"),
        lambda s: books.summed(
            ((of, row["amount"]["code"]), money(row["amount"]))
            for of, row in books.expenses(s)
            if row["vendor"] == "Regus"
        ),
        naive=lambda s: books.summed(
            ((of, row["amount"]["code"]), money(row["amount"]))
            for of, row in oracle.books(s, "expenses")
            if row["vendor"] == "Regus"
        ),
    ),
    direct(
        "What are the monthly expenses of Atelier Boréal?",
        EXPENSES,
        {"group_by": "month", "business_id": SECOND},
        keyed,
        lambda s: books.spent(s, lambda of, row: row["date"][:7], business=SECOND),
    ),
    direct(
        "Which billable expenses are not yet billed to their client?",
        EXPENSES,
        {"unbilled_only": True, "group_by": "client"},
        lambda p: totals(p, "totals", "expense_count"),
        lambda s: dict(
            Counter(
                (of, row["amount"]["code"])
                for of, row in books.expenses(s)
                if row["billable"] and row["status"] == 1
            )
        ),
        naive=lambda s: dict(
            Counter((of, row["amount"]["code"]) for of, row in books.expenses(s) if row["billable"])
        ),
    ),
    direct(
        "How many expenses does each vendor have?",
        EXPENSES,
        {"group_by": "vendor"},
        lambda p: {
            (row.business_id, row.group, row.currency_code): Decimal(row.expense_count)
            for row in rows(p, "groups")
        },
        lambda s: books.summed(
            ((of, row["vendor"] or None, row["amount"]["code"]), Decimal(1)) for of, row in books.expenses(s)
        ),
    ),
]

MEANING = [
    direct(
        "What does the column outstanding_amount in the invoices table mean, in which currency is it?",
        MARTS,
        {"mart": "invoices"},
        lambda p: {c.column_name: c.currency_column for c in p[0].columns}["outstanding_amount"],
        lambda s: "currency_code",
    ),
    direct(
        "How fresh is the sync, how many clients were read?",
        MARTS,
        {},
        lambda p: {row.stream_name: row.row_count for row in p[0].freshness}["clients"],
        lambda s: sum(len(s.books(of)["clients"]) for of in (MAIN, SECOND)),
        naive=lambda s: len(s.books(MAIN)["clients"]),
    ),
    direct(
        "Which metrics are defined?",
        MARTS,
        {},
        lambda p: {"outstanding", "collected", "net_profit"} <= {row.metric_name for row in p[0].metrics},
        lambda s: True,
    ),
]

DIRECT = [*RECEIVABLES, *WHO, *BILLS_TO_CLIENTS, *WORK_AND_SPENDING, *MEANING]
