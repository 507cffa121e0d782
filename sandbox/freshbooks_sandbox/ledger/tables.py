"""Accounts and postings as the API shows them (freshbooks-api.md 3.6)."""

from __future__ import annotations

import uuid
from functools import cache

from freshbooks_sandbox.books.store import Books, Derived
from freshbooks_sandbox.ledger import chart as charts
from freshbooks_sandbox.ledger import journal
from freshbooks_sandbox.ledger.chart import Account, SubAccount, chart
from freshbooks_sandbox.values import ZERO, Row, money, parse_eastern, plain, utc_micro

_LINKS = ("categoryid", "clientid", "creditid", "expenseid", "incomeid", "invoiceid", "paymentid")
_MADE = "2024-10-01 11:42:54"  # the account's first day, Eastern


def attach(books: Books) -> None:
    """Let the ledger's tables follow from the documents of `books`."""
    sources = (*charts.SOURCES, "journal_entries")
    books.derive("journal_entry_details", Derived(sources, _details))
    books.derive("journal_entry_accounts", Derived(sources, _accounts))
    books.derive("ledger_accounts", Derived(sources, _ledger))


def _details(books: Books) -> dict[int, Row]:
    """One row per posting; `balance` is this posting's amount in the account's natural direction."""
    account_id, found = books.account_id, {}
    shown = {sub.key: (_account(books, sub.account), _sub(books, sub)) for sub in chart(books).subs}
    subs = chart(books).by_key
    for entry in journal.entries(books):
        links = {
            "entryid": entry.id,
            "id": entry.id,
            "accounting_systemid": account_id,
            **{name: entry.links.get(name) for name in _LINKS},
        }
        for position, posting in enumerate(entry.postings, 1):
            key, debit = entry.id * 100 + position, posting.debit
            account, sub = shown[posting.key]
            sign = -1 if subs[posting.key].account.credit_natured else 1
            found[key] = {
                "detailid": key,
                "id": key,
                "accounting_systemid": account_id,
                "name": entry.name,
                "description": posting.text,
                "user_entered_date": entry.date,
                "detail_type": posting.kind,
                "debit": money(debit, entry.code) if debit > 0 else None,
                "credit": money(-debit, entry.code) if debit < 0 else None,
                "balance": money(sign * debit, entry.code),
                "account": account,
                "sub_account": sub,
                "entry": links,
            }
    return found


def _account(books: Books, account: Account) -> Row:
    return {
        "account_name": account.name,
        "account_number": account.number,
        "account_type": account.kind,
        "accountid": account.id,
        "accounting_systemid": books.account_id,
        "id": account.id,
    }


def _sub(books: Books, sub: SubAccount) -> Row:
    return {
        "account_sub_name": sub.name,
        "account_sub_number": sub.number,
        "accounting_systemid": books.account_id,
        "id": sub.id,
        "parentid": sub.account.id,
        "sub_accountid": sub.id,
    }


def _accounts(books: Books) -> dict[int, Row]:
    return accounts(books, books.currency)


def accounts(books: Books, code: str, first: str = "", last: str = "9999-12-31") -> dict[int, Row]:
    """The chart with balances of one currency and period: nothing in the API converts another currency."""
    made, posted = chart(books), journal.balances(books, code, first, last)
    touched = {posting.key for entry in journal.entries(books) for posting in entry.postings}
    found: dict[int, Row] = {}
    for account in made.accounts:
        sign = -1 if account.credit_natured else 1
        subs = made.under(account)
        common = {"account_type": account.kind, "currency_code": code}
        found[account.id] = {
            "accountid": account.id,
            "id": account.id,
            "account_name": account.name,
            "account_number": account.number,
            "balance": plain(sign * sum((posted.get(sub.key, ZERO) for sub in subs), ZERO) + ZERO),
            "created_at": _MADE,
            **common,
            "sub_accounts": [
                {
                    "sub_accountid": sub.id,
                    "id": sub.id,
                    "parentid": account.id,
                    "account_sub_name": sub.name,
                    "account_sub_number": sub.number,
                    "balance": plain(sign * posted.get(sub.key, ZERO) + ZERO),  # no "-0"
                    "custom": is_custom(sub),
                    "transaction_posted": sub.key in touched,
                    "created_at": sub.category["created_at"] if sub.category else _MADE,
                    **common,
                }
                for sub in subs
            ],
        }
    return found


def is_custom(sub: SubAccount) -> bool:
    return sub.category is not None and bool(sub.category["is_editable"])


def _ledger(books: Books) -> dict[str, Row]:
    """The newer, flat chart; `jea_id` and `jesa_id` are the older one's ids."""
    made, found = chart(books), {}
    for account in made.accounts:
        subs = made.under(account)
        children = [account_uuid(books, sub.id) for sub in subs]
        found[account_uuid(books, account.id)] = _ledger_row(books, account, None, children)
        for sub in subs:
            found[account_uuid(books, sub.id)] = _ledger_row(books, account, sub, [])
    return found


def account_uuid(books: Books, number: int) -> str:
    """Of an account or a sub-account, by its older number."""
    return _uuid(f"freshbooks sandbox/{books.account_id}/{number}")


@cache
def _uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _ledger_row(books: Books, account: Account, sub: SubAccount | None, children: list[str]) -> Row:
    category = sub.category if sub else None
    name = sub.name if sub else account.name
    row: Row = {
        "uuid": account_uuid(books, sub.id if sub else account.id),
        "name": name,
        "number": f"{account.number}-{sub.number}" if sub else account.number,
        "description": "",
        "type": account.kind,
        "sub_type": account.sub_type,
        "parent_account": account_uuid(books, account.id) if sub else None,
        "sub_accounts": children,
        "auto_created": not (sub and is_custom(sub)),
        "state": "active" if category is None or category["vis_state"] == 0 else "archived",
        "updated_at": utc_micro(parse_eastern(category["updated_at"] if category else _MADE)),
        "category_id": category["id"] if category else None,
        "jea_id": None if sub else account.id,
        "jesa_id": sub.id if sub else None,
    }
    if category is None:  # the key is absent from accounts that are no system accounts
        row["system_account_name"] = name
    return row
