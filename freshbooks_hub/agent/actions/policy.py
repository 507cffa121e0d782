"""What the owner allows: each kind of write is off until it is turned on, and then has its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Literal

from pydantic import ConfigDict, Field

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.models import SENT, ActionRefused, Channel
from freshbooks_hub.agent.actions.preview import Shape
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.currencies import with_code
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural

DAY = timedelta(hours=24)
GRANTED = timedelta(days=90)  # a standing permission, unless it is given again
Link = Literal["auto", "mark", "lines", "off"]


class Limits(Shape):
    """Caps. Amounts are by currency; without any, no cap.

    Once one currency has a cap, an action in a currency without one is refused. Days are the last 24 hours.
    """

    max_amount: dict[str, str] = Field(default_factory=dict)
    max_amount_per_day: dict[str, str] = Field(default_factory=dict)
    per_day: int = 20
    per_recipient_per_day: int = 3


class Standing(Limits):
    """What is done without asking, up to these caps of its own, until `until` (UTC).

    `own_drafts`: also send what was itself drafted without asking.
    """

    until: datetime
    granted_by: str
    own_drafts: bool = False


class Rule(Limits):
    """What the owner allows of one kind of write; `unattended`: what of it needs no approval."""

    allowed: bool = False
    unattended: Standing | None = None


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
        """What is allowed of a kind of write; nothing until the owner turns it on."""
        return self.rules.get(write, Rule())

    @property
    def rules(self) -> dict[str, Rule]:
        """The owner's rules so far, by kind of write."""
        return self.__pydantic_extra__


class Policy:
    """The settings in hub.sqlite. Only a person changes them; no tool of the agents does.

    `writes`: the kinds of write that there are (`ActionKind.write`), and whether they are about an amount.
    """

    def __init__(self, home: Home, audit: Audit, clock: SystemClock, writes: Mapping[str, bool]) -> None:
        self._history = home.history
        self._writes = writes
        self._audit = audit
        self._clock = clock

    def view(self) -> PolicyView:
        """The current settings, with a rule for each kind of write."""
        with transaction(self._history) as db:
            return self._complete(read_policy(db))

    def _complete(self, policy: PolicyView) -> PolicyView:
        off: dict[str, Any] = {write: {} for write in self._writes}
        return PolicyView.model_validate(off | policy.model_dump())

    def check_write(self, write: str) -> None:
        """Raises ActionRefused for an unknown kind of write."""
        if write not in self._writes:
            raise ActionRefused("unknown_write", f"The kinds of write are {', '.join(self._writes)}.")

    def set(self, write: str, rule: Rule, who: str, channel: Channel | str) -> PolicyView:
        """Turn a kind of write (`ActionKind.write`) on or off, with its caps. Raises ActionRefused `invalid_cap`."""
        self.check_write(write)
        _check_caps(rule)
        return self._change(lambda _: {write: rule}, who, channel)

    def grant(
        self, write: str, limits: Limits, who: str, channel: Channel | str, *, own_drafts: bool = False
    ) -> PolicyView:
        """Allow actions within `limits` without asking, for 90 days; the limits of proposals do not change.

        Raises ActionRefused `invalid_cap`, also where an amount is moved and none is named.
        """
        self.check_write(write)
        _check_caps(limits)
        if self._writes[write] and not limits.max_amount:
            raise ActionRefused(
                "invalid_cap", "What is done without asking needs a limit per action, for example 500:USD."
            )
        standing = Standing(
            **{name: getattr(limits, name) for name in Limits.model_fields},
            until=self._clock.now() + GRANTED,
            granted_by=who,
            own_drafts=own_drafts,
        )
        given = {"allowed": True, "unattended": standing}
        return self._change(
            lambda policy: {write: policy.rule(write).model_copy(update=given)},
            who,
            Channel.of_person(channel),
        )

    def stop(self, who: str, channel: Channel | str) -> PolicyView:
        """End every standing permission at once: everything waits for an approval again."""

        def ended(policy: PolicyView) -> dict[str, Rule]:
            return {
                name: rule.model_copy(update={"unattended": None})
                for name, rule in policy.rules.items()
                if rule.unattended is not None
            }

        return self._change(ended, who, channel, event="stopped")

    def set_receipts_folder(self, folder: Path | None, who: str, channel: Channel | str) -> PolicyView:
        """The only folder from which receipt files are read; None: receipts come as bytes only."""
        if folder is not None and not folder.is_dir():
            raise ActionRefused("invalid_folder", "The receipts folder is not an existing folder.")
        chosen = str(folder.resolve()) if folder else None
        return self._change(lambda _: {"receipts_folder": chosen}, who, channel)

    def set_link(self, link: Link, who: str, channel: Channel | str) -> PolicyView:
        """How billed time is to show as billed in FreshBooks; see PolicyView."""
        return self._change(lambda _: {"link": link}, who, channel)

    def _change(
        self,
        change: Callable[[PolicyView], Mapping[str, object]],
        who: str,
        channel: Channel | str,
        event: str = "policy",
    ) -> PolicyView:
        """`change`: from the current settings to those that replace some of them."""
        with transaction(self._history) as db:
            before = read_policy(db)
            settings = change(before)
            changed = PolicyView.model_validate({**before.model_dump(), **settings})
            values = changed.model_dump(mode="json")
            changes = {name: values[name] for name in settings}
            for name, value in changes.items():
                db.execute(
                    "INSERT INTO action_settings VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, json.dumps(value)],
                )
            self._audit.append(db, event, who, channel=Channel(channel), **changes)
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
            "The owner has not turned on this kind of write. They can, on the page Settings → Agents or in a terminal: "
            f"freshbooks actions allow {write}",
        )
    return rule


def check_amount(limits: Limits, amount: Decimal, currency: str) -> None:
    """Raises ActionRefused `over_cap` when one action is larger than allowed."""
    _under(limits.max_amount, amount, currency, "over_cap", "one action")


def check_day(db: Connection, limits: Limits, row: Row, clock: SystemClock) -> None:
    """Raises ActionRefused when this action would pass a cap of the last 24 hours, itself included.

    The caps of a standing permission count what was done under one alone.
    """
    sent = ", ".join(f"'{status.value}'" for status in SENT)
    since = exact_stamp(clock.now() - DAY)
    query = (
        "SELECT amount, currency, recipients FROM actions "  # noqa: S608 - our own words
        f"WHERE kind = ? AND status IN ({sent}) AND dispatched_at > ? AND id <> ?"
    )
    if isinstance(limits, Standing):
        query += f" AND approved_channel = '{Channel.standing.value}'"
    earlier = db.execute(query, [row["kind"], since, row["id"]]).fetchall()
    if len(earlier) >= limits.per_day:
        raise ActionRefused(
            "over_daily_count",
            f"The owner allows {plural(limits.per_day, 'such action')} in 24 hours, and that limit is reached. "
            "Try again later, or ask the owner to raise it.",
        )
    same = [Decimal(r["amount"]) for r in earlier if r["currency"] == row["currency"]]
    total = sum(same, Decimal(row["amount"]))
    _under(limits.max_amount_per_day, total, row["currency"], "over_daily_amount", "24 hours")
    for address in json.loads(row["recipients"]):
        count = sum(address in json.loads(r["recipients"]) for r in earlier)
        if count >= limits.per_recipient_per_day:
            raise ActionRefused(
                "over_recipient_count",
                f"The owner allows {plural(limits.per_recipient_per_day, 'email')} to one address in 24 hours.",
                recipient=address,
            )


def check_cool_down(db: Connection, row: Row, cool_down: timedelta | None, clock: SystemClock) -> None:
    """Raises ActionRefused `cooling_down` when the action's client had one of this kind within `cool_down`."""
    if cool_down is None:
        return
    sent = ", ".join(f"'{status.value}'" for status in SENT)
    query = (
        "SELECT max(dispatched_at) AS last FROM actions "  # noqa: S608 - our own words
        f"WHERE kind = ? AND business_id = ? AND id <> ? AND status IN ({sent}) AND dispatched_at > ? "
        "AND json_extract(preview, '$.client.id') = json_extract(?, '$.client.id')"
    )
    since = exact_stamp(clock.now() - cool_down)
    values = [row["kind"], row["business_id"], row["id"], since, row["preview"]]
    last = db.execute(query, values).fetchone()["last"]
    if last is not None:
        raise ActionRefused(
            "cooling_down",
            f"This client had one on {last[:10]}; the next may go out {plural(cool_down.days, 'day')} after that.",
        )


def _check_caps(limits: Limits) -> None:
    for caps in (limits.max_amount, limits.max_amount_per_day):
        for currency, amount in caps.items():
            if not _is_cap(amount) or len(currency) != 3 or not currency.isupper():
                raise ActionRefused(
                    "invalid_cap",
                    "A limit is an amount of 0 or more and a currency, for example 500 USD.",
                )
    if limits.per_day < 0 or limits.per_recipient_per_day < 0:
        raise ActionRefused("invalid_cap", "A number of actions per day is 0 or more.")


def _under(caps: dict[str, str], amount: Decimal, currency: str, code: str, span: str) -> None:
    if not caps or not currency:
        return
    if currency not in caps:
        raise ActionRefused(
            code, f"The owner has set no limit for {currency}, so nothing in it is allowed. They can add one."
        )
    if amount > Decimal(caps[currency]):
        raise ActionRefused(
            code,
            f"The owner's limit for {span} is {caps[currency]} {currency}; "
            f"this would make {with_code(amount, currency)}.",
        )


def _is_cap(text: str) -> bool:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return False
    return value.is_finite() and value >= 0
