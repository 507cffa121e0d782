"""What is behind the server: seeded books, the app, the clock, faults, and what a person does in the web app."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freshbooks_sandbox.behaviours import Behaviours
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.books.store import Books, Store
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.domain import invoices, settlement
from freshbooks_sandbox.oauth import OAuth
from freshbooks_sandbox.resources import BY_NAME
from freshbooks_sandbox.seed import fill
from freshbooks_sandbox.traffic import Faults, Limits, RequestLog
from freshbooks_sandbox.values import Row
from freshbooks_sandbox.webhooks import Webhooks

REDIRECT_URI = "https://localhost:8765/callback"


class Backend:
    """FreshBooks without its server.

    `seed`: "demo" (two synced businesses and two others) or "empty" (the businesses with their team,
    categories, taxes, items and services, but no client or document). `scale`: that
    many invoices of four lines in the first business, instead of the demo's records. `clock`: a `Clock`, or a
    start instant. `rate_limit`, `post_rate_limit`: requests a minute, None for no limit.
    """

    def __init__(
        self,
        seed: str = "demo",
        scale: int | None = None,
        clock: Clock | datetime | None = None,
        *,
        rate_limit: int | None = 600,
        post_rate_limit: int | None = 250,
        redirect_uri: str = REDIRECT_URI,
    ) -> None:
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.behaviours = Behaviours()
        self.store = Store(self.clock, self.behaviours)
        self.faults = Faults()
        self.limits = Limits(rate_limit, post_rate_limit, self.behaviours)
        self.requests = RequestLog()
        self.oauth = OAuth(self.clock, self.behaviours, redirect_uri)
        self.redirect_uri = redirect_uri
        fill(self.store, seed, scale)
        self.webhooks = Webhooks(self.behaviours, self.store.identity["identity_id"])
        for books in self.store.businesses.values():
            books.listener = self.webhooks.heard
        self.url = ""  # while it is served

    # -- the app and its user

    @property
    def client_id(self) -> str:
        return self.oauth.client_id

    @property
    def client_secret(self) -> str:
        return self.oauth.client_secret

    @property
    def outbox(self) -> list[Row]:
        """Mails that were sent: `{at, business_id, resource, id, recipients, subject, body, pdf}`."""
        return self.store.outbox

    def grant(self, scopes: list[str] | None = None) -> Row:
        """The token answer as if the person had just consented (it kills an earlier grant)."""
        with self.store.lock:
            return self.oauth.issue(" ".join(scopes) if scopes else None)

    # -- the books, as a person in the web app

    def books(self, business_id: int) -> Books:
        return self.store.businesses[business_id]

    def create(self, resource: str, business_id: int, **fields: Any) -> Row:
        """A new record with everything that follows from it; the row."""
        with self.store.lock:
            return crud.create(BY_NAME[resource], self.books(business_id), fields, self.clock.now())

    def edit(self, resource: str, business_id: int, id: Any, **fields: Any) -> Row:
        """Change fields, recompute what follows, move the update stamp if anything changed; the row."""
        if resource == "businesses":
            business = self.books(business_id).business
            business.update(fields)
            return business
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            unknown = fields.keys() - row.keys()
            if unknown:
                raise KeyError(f"{resource} have no field {', '.join(sorted(unknown))}")
            crud.edit(found, books, row, fields, self.clock.now())
            return row

    def befall(self, business_id: int, id: int, trouble: str) -> Row:
        """An invoice is disputed, or its payment declined, pending, retried or failed; the row (4.1)."""
        with self.store.lock:
            found, books, row = self._row("invoices", business_id, id)
            settlement.befall(row, trouble)
            crud.touch(found, books, row, self.clock.now())
            books.tell("invoices", "update", id)
            return row

    def reprice(self, business_id: int) -> int:
        """Total the invoices without payments anew, under `tax_rounding` as it is now; how many moved."""
        with self.store.lock:
            books = self.books(business_id)
            paid = {payment["invoiceid"] for payment in books["payments"].values()}
            rows = [row for row in books["invoices"].values() if row["id"] not in paid]
            before = [row["amount"] for row in rows]
            for row in rows:
                invoices.change(books, row, {}, self.clock.now())
            books.table("invoices").changed()
            return sum(row["amount"] != amount for row, amount in zip(rows, before, strict=True))

    def archive(self, resource: str, business_id: int, id: Any) -> Row:
        return self._visibility(resource, business_id, id, crud.ARCHIVED)

    def delete(self, resource: str, business_id: int, id: Any) -> Row:
        """Delete; a resource without a deletion flag (taxes, rates) loses the row."""
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            if found.soft_delete is None and found.change is not None:
                books.table(resource).remove(id)
                books.tell(resource, "delete", id)
                return row
        return self._visibility(resource, business_id, id, crud.DELETED)

    def undelete(self, resource: str, business_id: int, id: Any) -> Row:
        """Back to active, from deleted or archived."""
        return self._visibility(resource, business_id, id, crud.ACTIVE)

    def _visibility(self, resource: str, business_id: int, id: Any, state: int) -> Row:
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            crud.set_visibility(found, books, row, state, self.clock.now())
            return row

    def _row(self, resource: str, business_id: int, id: Any) -> tuple[Resource, Books, Row]:
        books = self.books(business_id)
        return BY_NAME[resource], books, books[resource][id]
