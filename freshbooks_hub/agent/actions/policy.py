"""What the owner allows: each kind of write is off until it is turned on, and then has its caps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Literal

from pydantic import ConfigDict, Field

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.models import SENT, ActionRefused, Channel
from freshbooks_hub.agent.actions.preview import Shape
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural

DAY = timedelta(hours=24)
Link = Literal["auto", "mark", "lines", "off"]


class Rule(Shape):
    """What the owner allows of one kind of write. Amounts are caps by currency; without any, no cap.

    Once one currency has a cap, an action in a currency without one is refused. Days are the last 24 hours.
    """

    allowed: bool = False
    max_amount: dict[str, str] = Field(default_factory=dict)
    max_amount_per_day: dict[str, str] = Field(default_factory=dict)
    per_day: int = 20
    per_recipient_per_day: int = 3


class PolicyView(Shape):
    """The owner's settings; each further field is the Rule of the kind of write of that name.

    `receipts_folder`: the only place from which receipt files are read. `link`, how billed time is to show as
    billed in FreshBooks (freshbooks-api.md 7.4, 9): `mark` each entry after the draft; `lines`: send the entries
    with the lines too, undocumented; `auto`: as `lines` where `verify` saw how this account's invoices name theirs,
    else as `mark`; `off`: leave FreshBooks alone, the ledger guards by itself.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Rule] = Field(init=False)

    receipts_folder: str | None = None
    link: Link = "auto"

    def rule(self, write: str) -> Rule:
        """What is allowed of a kind of write; nothing, unless the owner has said so."""
        return self.__pydantic_extra__.get(write, Rule())


class Policy:
    """The settings in hub.sqlite. Only a person changes them; no tool of the agents does.

    `writes`: the kinds of write that there are (`ActionKind.write`).
    """

    def __init__(self, home: Home, audit: Audit, writes: Iterable[str]) -> None:
        self._history = home.history
        self._writes = tuple(writes)
        self._audit = audit

    def view(self) -> PolicyView:
        """The settings as they stand, with a rule for each kind of write."""
        with transaction(self._history) as db:
            return self._complete(read_policy(db))

    def _complete(self, policy: PolicyView) -> PolicyView:
        off: dict[str, Any] = {write: {} for write in self._writes}
        return PolicyView.model_validate(off | policy.model_dump())

    def check_write(self, write: str) -> None:
        """Raises ActionRefused when there is no such kind of write."""
        if write not in self._writes:
            raise ActionRefused("unknown_write", f"The kinds of write are {', '.join(self._writes)}.")

    def set(self, write: str, rule: Rule, who: str, channel: Channel | str) -> PolicyView:
        """Turn a kind of write (`ActionKind.write`) on or off, with its caps. Raises ActionRefused `invalid_cap`."""
        self.check_write(write)
        for caps in (rule.max_amount, rule.max_amount_per_day):
            for currency, amount in caps.items():
                if not _is_cap(amount) or len(currency) != 3 or not currency.isupper():
                    raise ActionRefused(
                        "invalid_cap",
                        "A limit is an amount of 0 or more and a currency, for example 500 USD.",
                    )
        if rule.per_day < 0 or rule.per_recipient_per_day < 0:
            raise ActionRefused("invalid_cap", "A number of actions per day is 0 or more.")
        return self._change({write: rule.model_dump()}, who, channel)

    def set_receipts_folder(self, folder: Path | None, who: str, channel: Channel | str) -> PolicyView:
        """The only folder from which receipt files are read; None: receipts come as bytes only."""
        if folder is not None and not folder.is_dir():
            raise ActionRefused("invalid_folder", "The receipts folder is not an existing folder.")
        chosen = str(folder.resolve()) if folder else None
        return self._change({"receipts_folder": chosen}, who, channel)

    def set_link(self, link: Link, who: str, channel: Channel | str) -> PolicyView:
        """How billed time is to show as billed in FreshBooks; see PolicyView."""
        return self._change({"link": link}, who, channel)

    def _change(self, settings: dict[str, Any], who: str, channel: Channel | str) -> PolicyView:
        with transaction(self._history) as db:
            changed = PolicyView.model_validate(read_policy(db).model_dump() | settings)
            for name in settings:
                value = changed.model_dump()[name]
                db.execute(
                    "INSERT INTO action_settings VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, json.dumps(value)],
                )
            self._audit.append(db, "policy", who, channel=Channel(channel), **settings)
            head = self._audit.head(db)
        if head:
            self._audit.mirror(head)
        return self._complete(changed)


def read_policy(db: Connection) -> PolicyView:
    """The settings, within the caller's transaction; what was never turned on is off."""
    rows = db.execute("SELECT name, value FROM action_settings")
    return PolicyView.model_validate({row["name"]: json.loads(row["value"]) for row in rows})


def check_on(policy: PolicyView, write: str) -> Rule:
    """The rule, if this kind of write is on; raises ActionRefused `writes_off`."""
    rule = policy.rule(write)
    if not rule.allowed:
        raise ActionRefused(
            "writes_off",
            f"The owner has not turned on this kind of write. They can, in a terminal: "
            f"freshbooks actions allow {write}",
        )
    return rule


def check_amount(rule: Rule, amount: Decimal, currency: str) -> None:
    """Raises ActionRefused `over_cap` when one action is larger than allowed."""
    _under(rule.max_amount, amount, currency, "over_cap", "one action")


def check_day(db: Connection, rule: Rule, row: Row, clock: SystemClock) -> None:
    """Raises ActionRefused when this action would pass a cap of the last 24 hours, itself included."""
    sent = ", ".join(f"'{status.value}'" for status in SENT)
    since = exact_stamp(clock.now() - DAY)
    query = (
        "SELECT amount, currency, recipients FROM actions "  # noqa: S608 - our own words
        f"WHERE kind = ? AND status IN ({sent}) AND dispatched_at > ? AND id <> ?"
    )
    earlier = db.execute(query, [row["kind"], since, row["id"]]).fetchall()
    if len(earlier) >= rule.per_day:
        raise ActionRefused(
            "over_daily_count",
            f"The owner allows {plural(rule.per_day, 'such action')} in 24 hours, and that limit is reached. "
            "Try again later, or ask the owner to raise it.",
        )
    same = [Decimal(r["amount"]) for r in earlier if r["currency"] == row["currency"]]
    total = sum(same, Decimal(row["amount"]))
    _under(rule.max_amount_per_day, total, row["currency"], "over_daily_amount", "24 hours")
    for address in json.loads(row["recipients"]):
        count = sum(address in json.loads(r["recipients"]) for r in earlier)
        if count >= rule.per_recipient_per_day:
            raise ActionRefused(
                "over_recipient_count",
                f"The owner allows {plural(rule.per_recipient_per_day, 'email')} to one address in 24 hours.",
                recipient=address,
            )


def _under(caps: dict[str, str], amount: Decimal, currency: str, code: str, span: str) -> None:
    if not caps:
        return
    if currency not in caps:
        raise ActionRefused(
            code, f"The owner has set no limit for {currency}, so nothing in it is allowed. They can add one."
        )
    if amount > Decimal(caps[currency]):
        raise ActionRefused(
            code,
            f"The owner's limit for {span} is {caps[currency]} {currency}; this would make {amount} {currency}.",
        )


def _is_cap(text: str) -> bool:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return False
    return value.is_finite() and value >= 0
