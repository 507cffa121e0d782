"""How money, hours, days and times look on a page: filters of the templates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from freshbooks_hub.core.currencies import amount_text, known_sum
from freshbooks_hub.core.labels import day_text, plural

MINUS = "−"
NOTHING = Markup(
    '<span class="nothing"><span aria-hidden="true">–</span><span class="hidden">none</span></span>'
)
UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def amount(value: Decimal | None, code: str | None = None) -> str | Markup:
    """`1,234.50`: the decimals of the currency `code`, two without one; a real minus; a dash for null."""
    if value is None:
        return NOTHING
    return (amount_text(value, code) if code else f"{value:,.2f}").replace("-", MINUS)


def money(value: Decimal | None, code: str | None) -> Markup:
    """An amount with its currency, never one without the other."""
    if value is None:
        return NOTHING
    return Markup('<span class="money"><span class="code">{}</span> {}</span>').format(
        code or "?", amount(value, code)
    )


def known(
    value: Decimal | None, reason: str | None = None, code: str | None = None, *, bare: bool = False
) -> str | Markup:
    """As `amount` or, with a currency, as `money`; null with a `reason` is unknown, and says why.

    `bare`: as `amount`, for the currency stands elsewhere.
    """
    if value is not None:
        return money(value, code) if code and not bare else amount(value, code)
    if not reason:
        return NOTHING
    return Markup('<span class="unknown" title="{}">unknown</span>').format(reason)


def written(text: str | None, code: str | None, *, bare: bool = False) -> str | Markup:
    """Decimal text such as `1200.5`, as `amount` or, with a currency, as `money`; `bare`: it stands elsewhere."""
    value = Decimal(text) if text is not None else None
    return money(value, code) if code and not bare else amount(value, code)


def hours(value: Decimal | None) -> str | Markup:
    """`12.75 h`, rounded to a hundredth."""
    return NOTHING if value is None else f"{value:,.2f} h"


def count(value: int | None) -> str | Markup:
    """`1,234`; a dash for null."""
    return NOTHING if value is None else f"{value:,}"


def number(value: Decimal | int | None) -> str | Markup:
    """`1,234.5`: as many decimals as it has."""
    if value is None:
        return NOTHING
    return f"{value.normalize():,f}" if isinstance(value, Decimal) else f"{value:,}"


def day(value: date | str | None) -> Markup:
    """`31 Oct 2026`, a calendar day without a zone."""
    if value is None:
        return NOTHING
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day_text(value))


@pass_context
def moment(context: Context, value: datetime | str | None, zone: tzinfo | None = None) -> Markup:
    """`31 Oct 2026, 14:05` in `zone`, by default that of the page, which names it in its footer."""
    if value is None:
        return NOTHING
    at = _instant(value).astimezone(zone or context["zone"])
    text = f"{at.day} {at:%b %Y, %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), text)


def ago(value: datetime | str | None, zone: tzinfo = UTC, now: datetime | None = None) -> Markup:
    """`5 min ago` or `in 20 min`, with the moment itself on hover."""
    if value is None:
        return NOTHING
    at = _instant(value)
    distance = (now or datetime.now(UTC)) - at
    local = at.astimezone(zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), f"{local.day} {local:%b %Y, %H:%M %Z}", _relative(distance)
    )


def span(value: timedelta | float | None) -> str | Markup:
    """`20 min`, `2 h`, `1 d 4 h`: at most two units."""
    if value is None:
        return NOTHING
    left = value if isinstance(value, timedelta) else timedelta(seconds=value)
    if left < timedelta(minutes=1):
        return f"{max(0, round(left.total_seconds()))} s"
    parts = []
    for size, name in UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])


def _relative(distance: timedelta) -> str:
    if abs(distance) < timedelta(minutes=1):
        return "just now" if distance >= timedelta(0) else "in a moment"
    text = _largest(abs(distance))
    return f"{text} ago" if distance > timedelta(0) else f"in {text}"


def _largest(distance: timedelta) -> str:
    for size, name in UNITS:
        if distance >= size:
            return f"{distance // size} {name}"
    return "0 min"


def _instant(value: datetime | str) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    # DuckDB's TIMESTAMP and our own texts are UTC.
    return at if at.tzinfo else at.replace(tzinfo=UTC)


FILTERS = {
    "amount": amount,
    "money": money,
    "known": known,
    "known_sum": known_sum,
    "written": written,
    "hours": hours,
    "count": count,
    "number": number,
    "day": day,
    "moment": moment,
    "ago": ago,
    "span": span,
    "plural": plural,
}
