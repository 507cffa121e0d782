"""Charts, drawn as inline SVG. Widths are percentages, so that text keeps its size on a phone and on paper.

Colours are classes of the style sheet, and each has a pattern (parts.html) or a label, so that none is needed to read a
chart. A month tells its values when it is pointed at or focused; all exact amounts stand in the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from markupsafe import Markup

from freshbooks_hub.core.currencies import amount_text

BAR = 10  # pixels of a horizontal bar
TOP, PLOT, FOOT = 34, 200, 40  # pixels above, of and below the columns
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


@dataclass(frozen=True)
class OpenSeries:
    """One colour of columns side by side: a value for each month, null where it is unknown."""

    label: str
    values: Sequence[Decimal | None]
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
    stacks = [[max(s.values[i], Decimal(0)) for s in series] for i in range(len(months))]
    scale = _Scale.of([sum(stack, Decimal(0)) for stack in stacks])
    slot = HUNDRED / (len(months) + 1)  # the first slot holds the scale
    parts = [_grid(value, scale.y(value)) for value in scale.lines]
    for index, month in enumerate(months):
        x, below, blocks = slot * (index + 1), Decimal(0), []
        for one, value in zip(series, stacks[index], strict=True):
            if value:
                blocks.append(_block(one.look, x + slot / 8, slot * 3 / 4, scale, below, below + value))
            below += value
        named = [(one.label, value) for one, value in zip(series, stacks[index], strict=True) if value]
        parts.append(_point(month, code, named, f"{code} {amount_text(below, code)}", x, slot, blocks))
        parts.append(_month(month, x + slot / 2, show_year=index == 0 or month.month == 1))
    return _picture(title, TOP + PLOT + FOOT, parts)


def grouped(title: str, months: Sequence[date], series: Sequence[OpenSeries], code: str) -> Markup:
    """Columns side by side in each month, below the line where negative; none for what is unknown."""
    scale = _Scale.of([value for one in series for value in one.values if value is not None])
    slot = HUNDRED / (len(months) + 1)
    parts = [_grid(value, scale.y(value)) for value in scale.lines]
    for index, month in enumerate(months):
        x, blocks, named = slot * (index + 1), [], []
        width = slot * 3 / 4 / len(series)
        for index, one in enumerate(series):
            value = one.values[index]
            named.append((one.label, value))
            if value:
                left = x + slot / 8 + width * index
                blocks.append(_block(one.look, left, width, scale, Decimal(0), value))
        tip = ", ".join(f"{label} {_value_text(value, code)}" for label, value in named)
        parts.append(_point(month, code, named, tip, x, slot, blocks))
        parts.append(_month(month, x + slot / 2, show_year=index == 0 or month.month == 1))
    return _picture(title, TOP + PLOT + FOOT, parts)


@dataclass(frozen=True)
class _Scale:
    """From `bottom` to `top`, with a line at each round number between."""

    bottom: Decimal
    top: Decimal
    lines: list[Decimal]

    @classmethod
    def of(cls, values: Sequence[Decimal]) -> _Scale:
        """So that all of these values and nought are on it."""
        highest, lowest = max([Decimal(0), *values]), min([Decimal(0), *values])
        step = _step(max(highest, -lowest))
        above = int((highest / step).to_integral_value(ROUND_CEILING))
        below = int((-lowest / step).to_integral_value(ROUND_CEILING))
        above = above if above or below else 1
        return cls(-step * below, step * above, [step * line for line in range(-below, above + 1)])

    def y(self, value: Decimal) -> Decimal:
        """In pixels."""
        return TOP + (self.top - value) / (self.top - self.bottom) * PLOT


def _block(look: str, x: Decimal, width: Decimal, scale: _Scale, start: Decimal, end: Decimal) -> Markup:
    """A column from `start` to `end`, with the pattern of its colour on top."""
    upper, lower = scale.y(max(start, end)), scale.y(min(start, end))
    shape = Markup('x="{x:.3f}%" y="{y:.1f}" width="{w:.3f}%" height="{h:.1f}"').format(
        x=x, y=upper, w=width, h=max(lower - upper, Decimal("0.5"))
    )
    return Markup('<rect class="{look}" {shape}/><rect fill="url(#weave-{look})" {shape}/>').format(
        look=look, shape=shape
    )


def _point(
    month: date,
    code: str,
    named: Sequence[tuple[str, Decimal | None]],
    tip: str,
    x: Decimal,
    width: Decimal,
    blocks: Sequence[Markup],
) -> Markup:
    """A month with its columns: it can be focused, and then shows its values."""
    values = ", ".join(f"{label} {_value_text(value, code)}" for label, value in named) or "nothing"
    return Markup(
        '<g class="point" tabindex="0" role="img" aria-label="{month}: {values}">'
        '<title>{month}: {values}</title><rect class="hit" x="{x:.3f}%" y="{top}" width="{w:.3f}%" height="{h}"/>'
        '{blocks}<text class="axis tip" x="100%" y="12" text-anchor="end" aria-hidden="true">{month}: {tip}</text></g>'
    ).format(
        month=f"{month:%B %Y}",
        values=values,
        x=x,
        w=width,
        top=TOP,
        h=PLOT,
        blocks=Markup("").join(blocks),
        tip=tip,
    )


def _value_text(value: Decimal | None, code: str) -> str:
    return "unknown" if value is None else f"{code} {amount_text(value, code)}"


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
    return Markup('<svg class="chart" role="group" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        title, height, Markup("").join(parts)
    )


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
    """`0`, `250`, `−1.5k`, `2m`."""
    if value < 0:
        return f"−{_short(-value)}"
    for size, letter in ((Decimal(1_000_000), "m"), (Decimal(1000), "k")):
        if value >= size:
            return f"{(value / size).normalize():f}{letter}"
    return f"{value.normalize():f}"
