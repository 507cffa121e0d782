"""Services: the list of the business, and those that only its projects show (freshbooks-api.md 3.2, 3.9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from source_freshbooks.components.endpoints import FAMILIES, Page, fetch_page
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.paging import read_list
from source_freshbooks.components.permissions import skip_or_raise
from source_freshbooks.components.retriever_list import ListRetriever


@dataclass
class ServicesRetriever(ListRetriever):
    """One user's list was empty while projects embedded services, so both are read."""

    def unlisted(self, ids: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        family = FAMILIES["projects"]
        path = family.path(ids, "projects")

        def ask(number: int, per_page: int) -> Page:
            params = {"page": number, "per_page": per_page}
            return fetch_page(self.client, family, path, ["projects"], params)[0]

        read = False
        try:
            workers, ahead = self.connection.page_workers, self.connection.pages_in_flight
            for page in read_list(ask, path, workers, ahead):
                read = True
                for project in page.rows:
                    if isinstance(project, dict):
                        yield from project.get("services") or []
        except FreshbooksError as error:
            skip_or_raise(error, "projects", ids["business_id"], self.connection.previously_read, read)
