"""Charts, drawn as inline SVG. Widths are percentages, so that text keeps its size on a phone and on paper.

Colours are classes of the style sheet. A chart only draws: the exact amounts stand in the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from markupsafe import Markup

from freshbooks_hub.core.currencies import amount_text

BAR = 10  # pixels of a horizontal bar
TOP, PLOT, FOOT = 14, 200, 40  # pixels above, of and below the columns
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Bar:
    """One horizontal bar; `text` is the value as written, `look` a class of the style sheet."""

    label: str
    value: Decimal
    text: str
    look: str


@dataclass(frozen=True)
class Series:
    """One colour of the stacked columns: a value for each month."""

    label: str
    values: Sequence[Decimal]
    look: str


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars on one scale, each below its label and value; a negative value has no bar."""
    largest = max((row.value for row in rows), default=Decimal(0))
    parts = [
        Markup(
            '<div class="bar" title="{label}: {text}"><span class="label">{label}</span> '
            '<span class="value">{text}</span><svg width="100%" height="{h}" aria-hidden="true">'
            '<rect class="track" width="100%" height="{h}" rx="{r}"/>'
            '<rect class="{look}" width="{width}%" height="{h}" rx="{r}"/></svg></div>'
        ).format(
            label=row.label,
            text=row.text,
            h=BAR,
            r=BAR // 2,
            look=row.look,
            width=_share(row.value, largest),
        )
        for row in rows
    ]
    return Markup('<div class="chart" role="img" aria-label="{}">{}</div>').format(
        title, Markup("").join(parts)
    )


def columns(title: str, months: Sequence[date], series: Sequence[Series], code: str) -> Markup:
    """Stacked columns, one a month, on a scale of round numbers; negative values are left out of the stack."""
    stacks = [sum((max(s.values[i], Decimal(0)) for s in series), Decimal(0)) for i in range(len(months))]
    highest = max(stacks, default=Decimal(0))
    step = _step(highest)
    lines = range(1 + max(int((highest / step).to_integral_value(ROUND_CEILING)), 1))
    top = step * lines[-1]
    slot = HUNDRED / (len(months) + 1)  # the first slot holds the scale
    parts = [_grid(step * line, _y(step * line, top)) for line in lines]
    for index, month in enumerate(months):
        x = slot * (index + 1)
        below = Decimal(0)
        for one in series:
            value = max(one.values[index], Decimal(0))
            if value:
                parts.append(_block(one, month, code, value, x + slot / 8, slot * 3 / 4, below, top))
            below += value
        parts.append(_month(month, x + slot / 2, show_year=index == 0 or month.month == 1))
    return _picture(title, TOP + PLOT + FOOT, parts)


def _block(
    series: Series,
    month: date,
    code: str,
    value: Decimal,
    x: Decimal,
    width: Decimal,
    below: Decimal,
    top: Decimal,
) -> Markup:
    upper, lower = _y(below + value, top), _y(below, top)
    return Markup(
        '<rect class="{look}" x="{x:.3f}%" y="{y:.1f}" width="{w:.3f}%" height="{h:.1f}">'
        "<title>{label}, {month}: {code} {value}</title></rect>"
    ).format(
        look=series.look,
        x=x,
        y=upper,
        w=width,
        h=max(lower - upper, Decimal("0.5")),
        label=series.label,
        month=f"{month:%B %Y}",
        code=code,
        value=amount_text(value, code),
    )


def _grid(value: Decimal, y: Decimal) -> Markup:
    return Markup(
        '<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<text class="axis" x="0" y="{ty:.1f}">{text}</text>'
    ).format(y=y, ty=y - 4, text=_short(value))


def _month(month: date, x: Decimal, *, show_year: bool) -> Markup:
    y = TOP + PLOT + 17
    year = Markup('<text class="axis" x="{:.3f}%" y="{}" text-anchor="middle">{}</text>').format(
        x, y + 16, month.year
    )
    name = Markup('<text class="axis" x="{:.3f}%" y="{}" text-anchor="middle">{}</text>').format(
        x, y, f"{month:%b}"
    )
    return name + year if show_year else name


def _picture(title: str, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" role="img" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        title, height, Markup("").join(parts)
    )


def _y(value: Decimal, top: Decimal) -> Decimal:
    return TOP + PLOT - value / top * PLOT


def _share(value: Decimal, largest: Decimal) -> Decimal:
    """Percent of the largest; whatever is more than nothing can be seen."""
    if value <= 0 or largest <= 0:
        return Decimal(0)
    return max(value / largest * HUNDRED, Decimal(1)).quantize(Decimal("0.01"))


def _step(largest: Decimal) -> Decimal:
    """A round distance of lines, so that three to five of them reach `largest`."""
    if largest <= 0:
        return Decimal(1)
    rough = largest / 4
    power = Decimal(10) ** rough.adjusted()
    return next(power * step for step in STEPS if power * step >= rough)


def _short(value: Decimal) -> str:
    """`0`, `250`, `1.5k`, `2m`."""
    for size, letter in ((Decimal(1_000_000), "m"), (Decimal(1000), "k")):
        if value >= size:
            return f"{(value / size).normalize():f}{letter}"
    return f"{value.normalize():f}"
