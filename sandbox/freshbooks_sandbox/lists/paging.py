"""Pages: 1-based, silently capped at 100 rows, empty past the end (freshbooks-api.md 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.behaviours import Behaviours

CAP = 100


@dataclass(frozen=True)
class Page:
    """`per_page` rows come. `told`: how many are said to come, if others; `stops`: none past the pages told so."""

    page: int
    per_page: int
    total: int
    told: int | None = None
    stops: bool = False

    @property
    def pages(self) -> int:
        per_page = self.told or self.per_page
        return -(-self.total // per_page) if per_page else 0

    def cut(self, rows: Sequence[Any]) -> Sequence[Any]:
        if self.stops and self.page > self.pages:
            return []
        start = (self.page - 1) * self.per_page
        return rows[start : start + self.per_page]

    def block(self) -> dict[str, int]:
        per_page = self.told or self.per_page
        return {"page": self.page, "pages": self.pages, "per_page": per_page, "total": self.total}


def capped(page: Page, resource: str, behaviours: Behaviours) -> Page:
    """`page` of a list that serves fewer rows than it is asked for, where a behaviour says so."""
    cap = behaviours.page_caps.get(resource)
    if cap is None or cap >= page.per_page:
        return page
    told = None if behaviours.page_caps_told else page.per_page
    return Page(page.page, cap, page.total, told, behaviours.page_caps_stop)


def accounting_page(params: dict[str, str], total: int, default: int = 15) -> Page:
    def positive(name: str, errno: int, default: int) -> int:
        text = params.get(name)
        if text is None:
            return default
        if not text.isdigit():
            message = f"Invalid value '{text}' for '{name}'."
            raise responses.accounting(422, errno, message, name, None, text)
        return int(text)

    page = max(positive("page", 1014, 1), 1)
    per_page = min(positive("per_page", 1013, default), CAP)
    if per_page == 0:
        raise responses.accounting(422, 1013, "Invalid value '0' for 'per_page'.", "per_page", None, "0")
    return Page(page, per_page, total)


def bare_page(params: dict[str, str], total: int, default: int | None = 30) -> Page:
    """Projects, comments, auth: 30 by default. `default=None`: everything at once (time entries)."""

    def positive(name: str) -> int | None:
        text = params.get(name)
        if text is not None and not text.isdigit():
            raise responses.invalid(
                name, "Input should be a valid integer, unable to parse string as an integer"
            )
        return None if text is None else int(text)

    page = max(positive("page") or 1, 1)
    wanted = positive("per_page")
    if wanted is None:
        return Page(page, total if default is None else default, total)
    return Page(page, max(min(wanted, CAP), 1), total)
