"""The context of a request: the connection in its address, who is signed in, and the chosen business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property, lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import named_zone
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import DEFAULT, Home
from freshbooks_hub.web.access import Need, Person
from freshbooks_hub.web.app_state import Site
from freshbooks_hub.web.marts import Marts, Row, opened
from freshbooks_hub.web.security import person_of

EVERYTHING = "all"
NAMED = 3  # businesses of a connection, before “and 2 more”
# If the list of businesses cannot be read, the rows show which there are. With true: only those with accounting.
BUSINESSES = (
    "SELECT * FROM (SELECT business_id, business_name, account_id, time_zone, base_currency_code "
    "FROM businesses UNION ALL SELECT business_id, 'Business ' || business_id, max(account_id), NULL, NULL "
    "FROM fb_freshness WHERE row_count > 0 AND business_id NOT IN (SELECT business_id FROM businesses) "
    "GROUP BY business_id) WHERE account_id IS NOT NULL OR NOT ? ORDER BY account_id IS NULL, business_id"
)


@dataclass(frozen=True)
class RequestContext:
    """Where a request is: one connection of the site, by name ("" is the default one)."""

    site: Site
    name: str

    @cached_property
    def home(self) -> Home:
        """The home of the connection. Raises HTTPException 404 for a name that does not exist."""
        if not self.name:
            return self.site.home
        home = connections(self.site).get(self.name)
        if home is None:
            raise HTTPException(404, "There is no connection of this name.")
        return home

    @property
    def base(self) -> str:
        """What every address of this connection begins with."""
        return f"/c/{self.name}" if self.name else ""


def context_of(request: Request) -> RequestContext:
    """The connection that the address names; where it names none, the first one that this person sees."""
    site, name = request.app.state.site, request.path_params.get("connection", "")
    person = person_of(request)
    if not name and person and not person.may(Need.look):
        name = next(iter(visible(request)), "")
    return RequestContext(site, name)


def person(request: Request) -> Person:
    """Who is signed in; for pages that require it."""
    found = person_of(request)
    assert found is not None
    return found


def visible(request: Request) -> dict[str, Home]:
    """The connections that this person sees, as `connections` names them."""
    found = person_of(request)
    every = connections(request.app.state.site)
    return {name: home for name, home in every.items() if found and found.may(Need.look, home.name)}


def origin(request: Request) -> str:
    """This server as browsers call it; its Host header was checked."""
    return context_of(request).site.public_url or f"{request.url.scheme}://{request.url.netloc}"


def connections(site: Site) -> dict[str, Home]:
    """Name to home; the default connection is ""."""
    return {"": site.home} | {home.name: home for home in Home.connections() if home.name != DEFAULT}


def title_of(home: Home) -> str:
    """The names of the synced businesses; the connection's own name before there are any."""
    try:
        return _read_title(home.connection, home.connection.stat().st_mtime_ns) or home.name
    except (OSError, HubError):
        return home.name


@lru_cache(maxsize=1000)
def _read_title(path: Path, _changed: int) -> str:
    """`_changed` makes another connection a new reading: every page names all of them."""
    connection = ConnectionStore(path).load()
    names = connection.business_names
    chosen = [names[number] for number in sorted(connection.chosen) if number in names]
    more = len(chosen) - NAMED
    return ", ".join(chosen[:NAMED]) + (f" and {more} more" if more > 0 else "")


def titles_of(homes: Mapping[str, Home]) -> dict[str, str]:
    """The titles of all connections; equal ones are followed by the connection's own name."""
    titles = {name: title_of(home) for name, home in homes.items()}
    alike = Counter(titles.values())
    return {
        name: f"{title} ({homes[name].name})" if alike[title] > 1 else title for name, title in titles.items()
    }


@dataclass(frozen=True)
class Choice:
    """The businesses of the marts, and the one that the page is about.

    `everything`: all of them were asked for, which some pages show side by side; the others keep to `current`.
    """

    businesses: list[Row]
    current: Row | None
    everything: bool = False

    @property
    def shown(self) -> list[Row]:
        """Those that a page shows which can show all of them."""
        return self.businesses if self.everything else [one for one in [self.current] if one]

    @property
    def zone(self) -> tzinfo:
        """The time zone of the business; UTC when it is unknown."""
        return named_zone((self.current or {}).get("time_zone")) or UTC


def choose_business(request: Request, marts: Marts | None, *, accounting: bool = True) -> Choice:
    """The business in the address, by default the first; with `accounting`, of those that have it."""
    found = (
        marts.rows(
            BUSINESSES,
            accounting,
        )
        if marts
        else []
    )
    label_businesses(found)
    asked = request.query_params.get("business", "")
    current = next((b for b in found if str(b["business_id"]) == asked), found[0] if found else None)
    return Choice(found, current, asked == EVERYTHING and len(found) > 1)


def label_businesses(businesses: list[Row]) -> None:
    """Give each what a switch calls it: its name, and where others have the same what tells it apart."""
    names = [one["business_name"] or f"Business {one['business_id']}" for one in businesses]
    for one, name in zip(businesses, names, strict=True):
        alike = [other for other, its in zip(businesses, names, strict=True) if its == name]
        currencies = {other["base_currency_code"] for other in alike}
        apart = one["base_currency_code"] if len(currencies) == len(alike) else f"number {one['business_id']}"
        one["label"] = f"{name} ({apart or 'no currency'})" if len(alike) > 1 else name


def zone_of(home: Home) -> tzinfo:
    try:
        return _read_zone(home.marts, home.marts.stat().st_mtime_ns)
    except (OSError, HubError):  # not built yet, or damaged, which Status reports
        return UTC


@lru_cache(maxsize=500)
def _read_zone(path: Path, _changed: int) -> tzinfo:
    """`_changed` makes new marts a new entry of the cache: opening them costs more than such a page."""
    with opened(path) as marts:
        rows = marts.rows(BUSINESSES, False) if marts else []
    return Choice(rows, rows[0] if rows else None).zone
