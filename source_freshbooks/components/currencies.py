"""The currencies of a business: a report shows one currency alone, and none is shown that nobody asked for.

They are those of the base, of the clients, and of whatever has an amount: an expense may be in a currency that no
client has. Deleted rows are in no report. The lists are read without includes, once per business and sync, and only
where a report is read.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from source_freshbooks.components.access import is_gate
from source_freshbooks.components.connection import Client, Connection
from source_freshbooks.components.deletions import ACTIVE, ARCHIVED
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.families import FAMILIES, Page
from source_freshbooks.components.paging import PER_PAGE, read_pages

logger = logging.getLogger("airbyte.freshbooks")

Code = Callable[[Mapping[str, Any]], Any]


def _own(row: Mapping[str, Any]) -> Any:
    return row.get("currency_code")


def _of_amount(row: Mapping[str, Any]) -> Any:
    return (row.get("amount") or {}).get("code")


# Route, result keys, where a row has its currency.
LISTS: tuple[tuple[str, list[str], Code], ...] = (
    ("users/clients", ["clients"], _own),
    ("invoices/invoices", ["invoices"], _own),
    ("expenses/expenses", ["expenses"], _of_amount),
    ("bills/bills", ["bills"], _own),
    ("other_incomes/other_incomes", ["other_income", "other_incomes"], _of_amount),
)


def currencies(connection: Connection, client: Client, ids: Mapping[str, Any]) -> set[str]:
    """The codes in use. A list that the plan or the role does not give adds none."""
    family = FAMILIES["systems"]
    system, _ = client.get(family.path(ids, "systems/{business_id}"), {})
    found = {_own(system["response"]["result"]["system"])}
    for route, rows, code in LISTS:
        try:
            for page in _pages(connection, client, FAMILIES["accounting"].path(ids, route), rows):
                found |= {code(row) for row in page.rows}
        except FreshbooksError as error:
            if not is_gate(error):
                raise
            logger.warning("currencies of reports: %s", error.message)
    return {found_code for found_code in found if isinstance(found_code, str) and found_code}


def _pages(connection: Connection, client: Client, path: str, rows: list[str]) -> Iterator[Page]:
    for state in (ACTIVE, ARCHIVED):

        def fetch(number: int, state: int = state) -> Page:
            params = {"search[vis_state]": state, "page": number, "per_page": PER_PAGE}
            return FAMILIES["accounting"].page(client.get(path, params)[0], rows)

        first = fetch(1)
        yield from read_pages(fetch, first, first.pages, connection.page_workers, connection.pages_in_flight)
