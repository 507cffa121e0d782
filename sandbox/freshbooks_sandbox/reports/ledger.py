"""General ledger, cash flow and chart of accounts: the reports of the newer paths, from the same postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from freshbooks_sandbox import responses
from freshbooks_sandbox.ledger.chart import EQUITY, NON_CURRENT, Account, Chart, SubAccount, chart
from freshbooks_sandbox.ledger.journal import Entry, Posting, balances, entries
from freshbooks_sandbox.ledger.tables import account_uuid, is_custom
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.reports.statements import day_before
from freshbooks_sandbox.values import ZERO, Row

_LINKS = ("categoryid", "clientid", "creditid", "expenseid", "incomeid", "invoiceid", "paymentid")
_ENTITY = {"sales": "invoice", "tax": "tax", "manual": "adjustment"}
_CASH = "cash"
_CATEGORIES = ("operating", "investing", "financing")


@dataclass(frozen=True)
class _Line:
    """One posting of the period with its entry."""

    entry: Entry
    posting: Posting


def general_ledger(ask: Ask) -> Row:
    """Every posting of the period under its sub-account and account; `accountid` (a uuid) keeps one account."""
    made, wanted = chart(ask.books), ask.get("accountid")
    by_key: dict[str, list[_Line]] = defaultdict(list)
    for entry in _of_period(ask):
        for posting in entry.postings:
            by_key[posting.key].append(_Line(entry, posting))
    accounts = []
    for account in made.accounts:
        identifier = account_uuid(ask.books, account.id)
        subs = [_sub(ask, sub, by_key[sub.key]) for sub in made.under(account) if by_key[sub.key]]
        if subs and wanted in ("", identifier):
            lines = [line for sub in made.under(account) for line in by_key[sub.key]]
            head = {"account_name": account.name, "account_number": account.number}
            accounts.append({"accountid": identifier, **head, **_sums(ask, lines), "sub_accounts": subs})
    shown = {row["account_number"] for row in accounts}
    every = [ln for key, lines in by_key.items() if made.by_key[key].account.number in shown for ln in lines]
    sums = _sums(ask, every)
    return {
        **ask.head(),
        "locale": ask.get("locale") or "en",
        "summary_only": False,
        "summary": {"total_credit": sums["credit"], "total_debit": sums["debit"]},
        "data": accounts,
    }


def _of_period(ask: Ask) -> list[Entry]:
    found = [e for e in entries(ask.books) if e.code == ask.code and ask.holds(e.date)]
    return sorted(found, key=lambda entry: (entry.date, entry.id))


def _sums(ask: Ask, lines: Iterable[_Line]) -> Row:
    values = [line.posting.debit for line in lines]
    debit = sum((value for value in values if value > 0), ZERO)
    credit = -sum((value for value in values if value < 0), ZERO)
    return {
        "debit": ask.money(debit),
        "credit": ask.money(credit + ZERO),
        "net_movement_debit": ask.money(max(debit - credit, ZERO)),
        "net_movement_credit": ask.money(max(credit - debit, ZERO)),
    }


def _sub(ask: Ask, sub: SubAccount, lines: list[_Line]) -> Row:
    return {
        "sub_accountid": account_uuid(ask.books, sub.id),
        "sub_account_name": sub.name,
        "sub_account_number": sub.number,
        **_sums(ask, lines),
        "transactions": [_transaction(ask, line) for line in lines],
    }


def _transaction(ask: Ask, line: _Line) -> Row:
    client = ask.books["clients"].get(line.entry.links.get("clientid"))
    return {
        "entity_type": _ENTITY.get(line.posting.kind, line.posting.kind),
        "reference": line.entry.name,
        "description": line.posting.text,
        "date": line.entry.date,
        "client_name": client["organization"] if client else None,
        "debit": ask.money(max(line.posting.debit, ZERO)),
        "credit": ask.money(max(-line.posting.debit, ZERO)),
        **{name: line.entry.links.get(name) for name in _LINKS},
    }


def cash_flow(ask: Ask) -> Row:
    """Money that moved, by what it moved for: the other side of every entry that touches cash."""
    made = chart(ask.books)
    moved: dict[str, Decimal] = defaultdict(lambda: ZERO)
    inflow = outflow = ZERO
    for entry in _of_period(ask):
        cash = sum((p.debit for p in entry.postings if p.key == _CASH), ZERO)
        if not cash:
            continue
        inflow, outflow = inflow + max(cash, ZERO), outflow + min(cash, ZERO)
        for posting in entry.postings:
            if posting.key != _CASH:
                moved[posting.key] -= posting.debit
    activities = [_activity(ask, made, category, moved) for category in _CATEGORIES]
    before = balances(ask.books, ask.code, last=day_before(ask.start)).get(_CASH, ZERO)
    return {
        **ask.head(),
        "activities": activities,
        "summary": {
            "starting_balance": ask.money(before),
            "ending_balance": ask.money(before + inflow + outflow),
            "gross_cash_inflow": ask.money(inflow),
            "gross_cash_outflow": ask.money(outflow),
            "net_cash_change": ask.money(inflow + outflow),
        },
    }


def _category(account: Account) -> str:
    if account is EQUITY or (account.kind == "liability" and account.term == NON_CURRENT):
        return "financing"
    return "investing" if account.kind == "asset" and account.term == NON_CURRENT else "operating"


def _activity(ask: Ask, made: Chart, category: str, moved: dict[str, Decimal]) -> Row:
    details = []
    for name in dict.fromkeys(account.sub_type for account in made.accounts):
        accounts = [
            _flow(ask, account, [s for s in made.under(account) if moved.get(s.key)], moved)
            for account in made.accounts
            if account.sub_type == name and _category(account) == category
        ]
        accounts = [row for row in accounts if row["sub_accounts"]]
        if accounts:
            details.append({"name": name, "accounts": accounts, "total": _total(ask, accounts)})
    return {"category": category, "details": details, "total": _total(ask, details)}


def _flow(ask: Ask, account: Account, subs: list[SubAccount], moved: dict[str, Decimal]) -> Row:
    rows = [
        {
            "name": sub.name,
            "categoryid": sub.category["id"] if sub.category else None,
            "sub_accountid": sub.id,
            "total": ask.money(moved[sub.key]),
        }
        for sub in subs
    ]
    return {"name": account.name, "sub_accounts": rows, "total": _total(ask, rows)}


def _total(ask: Ask, rows: list[Row]) -> Row:
    return dict(ask.money(sum((Decimal(row["total"]["amount"]) for row in rows), ZERO)))


def chart_of_accounts(ask: Ask) -> list[Row]:
    """Every account with its balance, three decimals; of a period only where dates are given."""
    first = ask.start if ask.get("start_date") else ""
    last = ask.end if ask.get("end_date") else "9999-12-31"
    posted, made = balances(ask.books, ask.code, first, last), chart(ask.books)
    if ask.get("account_type") not in ("", *(account.kind for account in made.accounts)):
        message = "Invalid value for field 'account_type'."
        raise responses.accounting(422, 1004, message, "account_type", "report", ask.get("account_type"))
    code = ask.get("currency_code") or None
    rows = [
        {
            **_account(ask, account, account.name, account.number, code),
            "balance": _three(account, sum((posted.get(s.key, ZERO) for s in made.under(account)), ZERO)),
            "system_account_name": account.name,
            "auto_created": True,
            "state": "active",
            "sub_accounts": [
                {
                    **_account(ask, account, sub.name, f"{account.number}-{sub.number}", code),
                    "account_uuid": account_uuid(ask.books, sub.id),
                    "parent_account_uuid": account_uuid(ask.books, account.id),
                    "balance": _three(account, posted.get(sub.key, ZERO)),
                    "system_account_name": None if sub.category else sub.name,
                    "auto_created": not is_custom(sub),
                    "state": _state(sub),
                }
                for sub in made.under(account)
                if ask.get("state") in ("", _state(sub))
            ],
        }
        for account in made.accounts
        if ask.get("account_type") in ("", account.kind)
    ]
    return sorted(rows, key=lambda row: row["account_number"])


def _account(ask: Ask, account: Account, name: str, number: str, code: str | None) -> Row:
    return {
        "account_name": name,
        "account_number": number,
        "account_type": account.kind,
        "account_sub_type": account.sub_type,
        "account_uuid": account_uuid(ask.books, account.id),
        "currency_code": code,
    }


def _three(account: Account, debit: Decimal) -> str:
    return f"{(-debit if account.credit_natured else debit) + ZERO:.3f}"


def _state(sub: SubAccount) -> str:
    return "active" if sub.category is None or sub.category["vis_state"] == 0 else "archived"
