"""The decimals of each currency (ISO 4217), and amounts written with them.

dbt_project/macros/currencies.sql has the same codes; the marts hold three decimals at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE = "BHD CLF IQD JOD KWD LYD OMR TND UYW"  # CLF and UYW have a fourth
_EXACT = Context(prec=100)  # more digits than a decimal of the marts has


@lru_cache(maxsize=500)  # asked of every amount of a list
def decimals(code: str | None) -> int:
    """Two for a currency that is not known."""
    return 0 if code in NONE.split() else 3 if code in THREE.split() else 2


def rounded(amount: Decimal, code: str | None) -> Decimal:
    """The amount to the smallest unit of its currency, half up."""
    return amount.quantize(Decimal(1).scaleb(-decimals(code)), ROUND_HALF_UP, context=_EXACT)


def in_decimals(amount: Decimal, code: str | None) -> Decimal:
    """The same amount with the decimals of its currency, and with more where it has more: no digit is dropped."""
    for places in (decimals(code), 2):
        written = amount.quantize(Decimal(1).scaleb(-places), context=_EXACT)
        if written == amount:
            return written
    return amount.normalize(_EXACT)


def amount_text(amount: Decimal, code: str | None) -> str:
    """`1,234.50`; in yen `1,234`, in dinars `1,234.500`."""
    return f"{in_decimals(amount, code):,f}"


def with_code(amount: Decimal | str, code: str) -> str:
    """`1,234.50 CAD`, in a sentence; of decimal text too."""
    return f"{amount_text(Decimal(amount), code)} {code}"


def known_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of amounts of one currency; null as soon as one of them is unknown."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(listed) else None
