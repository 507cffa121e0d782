"""The currencies of a business: a report shows one currency alone, and none is shown that nobody asked for.

They are those of the base, of the clients, and of whatever has an amount: an expense may be in a currency that no
client has. A list that may not be read adds none, and reports that name no currency tell the base too. Deleted rows are
in no report. The lists are read without includes, once per business and sync, and only where a report is read.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from source_freshbooks.components.access import is_gate
from source_freshbooks.components.connection import Client, Connection
from source_freshbooks.components.deletions import ACTIVE, ARCHIVED
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.families import FAMILIES, Page
from source_freshbooks.components.paging import read_list

logger = logging.getLogger("airbyte.freshbooks")

Code = Callable[[Mapping[str, Any]], Any]


def _own(row: Mapping[str, Any]) -> Any:
    return row.get("currency_code")


def _of_amount(row: Mapping[str, Any]) -> Any:
    amount = row.get("amount")
    return amount.get("code") if isinstance(amount, dict) else None


# Route, result keys, where a row has its currency.
LISTS: tuple[tuple[str, list[str], Code], ...] = (
    ("users/clients", ["clients"], _own),
    ("invoices/invoices", ["invoices"], _own),
    ("expenses/expenses", ["expenses"], _of_amount),
    ("bills/bills", ["bills"], _own),
    ("other_incomes/other_incomes", ["other_income", "other_incomes"], _of_amount),
)


def currencies(connection: Connection, client: Client, ids: Mapping[str, Any]) -> set[str]:
    """The codes in use, as far as the scopes, the plan and the role let them be seen."""
    found: set[Any] = set()
    for pages, code in _sources(connection, client, ids):
        try:
            for page in pages:
                found |= {code(row) for row in page.rows if isinstance(row, dict)}
        except FreshbooksError as error:
            if not is_gate(error):
                raise
            logger.info("currencies of reports: %s", error.message)
    return {found_code for found_code in found if isinstance(found_code, str) and found_code}


def _sources(
    connection: Connection, client: Client, ids: Mapping[str, Any]
) -> Iterator[tuple[Iterator[Page], Code]]:
    yield _system(client, ids), _own
    for route, rows, code in LISTS:
        path = FAMILIES["accounting"].path(ids, route)
        for state in (ACTIVE, ARCHIVED):
            yield _list(connection, client, path, rows, state), code


def _system(client: Client, ids: Mapping[str, Any]) -> Iterator[Page]:
    family = FAMILIES["systems"]
    yield family.page(client.get(family.path(ids, "systems/{business_id}"), {})[0], ["system"])


def _list(connection: Connection, client: Client, path: str, rows: list[str], state: int) -> Iterator[Page]:
    def ask(number: int, per_page: int) -> Page:
        params = {"search[vis_state]": state, "page": number, "per_page": per_page}
        return FAMILIES["accounting"].page(client.get(path, params)[0], rows)

    return read_list(ask, path, connection.page_workers, connection.pages_in_flight)
