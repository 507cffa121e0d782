"""The basis that a page is on: amounts as they were billed, or as they were paid."""

from __future__ import annotations

from starlette.requests import Request

BASES = (("accrual", "As billed"), ("cash", "As paid"))


def basis_of(request: Request) -> str:
    """The one that the address asks for, by default `accrual`."""
    return "cash" if request.query_params.get("basis") == "cash" else "accrual"
