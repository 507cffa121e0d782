"""Trial balance and balance sheet, from the postings."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from freshbooks_sandbox.ledger.chart import CURRENT, NON_CURRENT, Account, Chart, chart
from freshbooks_sandbox.ledger.journal import balances
from freshbooks_sandbox.reports.ask import Ask, checked_day
from freshbooks_sandbox.values import ZERO, Row

_BLOCKS = (
    ("asset", CURRENT),
    ("asset", NON_CURRENT),
    ("liability", CURRENT),
    ("liability", NON_CURRENT),
    ("equity", None),
)
_RESULT = ("income", "expense")


def trial_balance(ask: Ask) -> Row:
    made = chart(ask.books)
    found = _with_earnings(made, balances(ask.books, ask.code, last=day_before(ask.start)))
    for key, value in balances(ask.books, ask.code, ask.start, ask.end).items():
        found[key] = found.get(key, ZERO) + value
    rows = [
        {
            "account_name": sub.account.name,
            "account_number": sub.account.number,
            "account_sub_name": sub.name,
            "account_sub_number": sub.number,
            "sub_accountid": sub.id,
            "debit": ask.money(max(found[sub.key], ZERO)),
            "credit": ask.money(max(-found[sub.key], ZERO)),
        }
        for sub in sorted(made.subs, key=lambda sub: (sub.account.number, int(sub.number)))
        if found.get(sub.key)
    ]
    return {**ask.head(), "data": rows}


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _with_earnings(made: Chart, found: dict[str, Decimal]) -> dict[str, Decimal]:
    """Income and expense closed into Retained Earnings."""
    closed = {k: v for k, v in found.items() if made.by_key[k].account.kind not in _RESULT}
    earned = sum((v for k, v in found.items() if k not in closed), ZERO)
    closed["retained"] = closed.get("retained", ZERO) + earned
    return closed


def balance_sheet(ask: Ask) -> Row:
    dates = sorted({checked_day("dates", day) for day in ask.all("dates[]")}) or [ask.today]
    made = chart(ask.books)
    by_date = [_with_earnings(made, balances(ask.books, ask.code, last=day)) for day in dates]

    def shown(keys: set[str], sign: int) -> list[Row]:
        totals = [sum((found.get(key, ZERO) for key in keys), ZERO) for found in by_date]
        return [
            {"balance": ask.money(sign * total + ZERO), "date": day}
            for day, total in zip(dates, totals, strict=True)
        ]

    def keys(account: Account) -> set[str]:
        return {sub.key for sub in made.under(account)}

    def block(kind: str, term: str | None) -> Row:
        accounts = [a for a in made.accounts if a.kind == kind and a.term == term]
        sign = 1 if kind == "asset" else -1
        rows = [
            {
                "account_name": account.name,
                "account_number": account.number,
                "balances": shown(keys(account), sign),
                "sub_accounts": [
                    {
                        "sub_account_name": sub.name,
                        "sub_account_number": sub.number,
                        "balances": shown({sub.key}, sign),
                    }
                    for sub in made.under(account)
                    if any(found.get(sub.key) for found in by_date)
                ],
            }
            for account in accounts
            if any(found.get(key) for found in by_date for key in keys(account))
        ]
        every = set().union(*(keys(account) for account in accounts))
        return {"account_type": kind, "category": term, "accounts": rows, "balances": shown(every, sign)}

    assets = {sub.key for sub in made.subs if sub.account.kind == "asset"}
    claims = {sub.key for sub in made.subs if sub.account.kind in ("liability", "equity")}
    head = ask.head()
    return {
        **{name: head[name] for name in ("company_name", "currency_code", "download_token")},
        "dates": dates,
        "data": [block(kind, term) for kind, term in _BLOCKS],
        "assets_total": shown(assets, 1),
        "liabilities_and_equity_total": shown(claims, -1),
    }
