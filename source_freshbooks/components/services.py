"""Services: the list of the business, and those that only its projects show (freshbooks-api.md 3.2, 3.9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from source_freshbooks.components.access import skip_or_raise
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.families import FAMILIES
from source_freshbooks.components.paging import PER_PAGE
from source_freshbooks.components.retriever import ListRetriever


@dataclass
class ServicesRetriever(ListRetriever):
    """One user's list was empty while projects embedded services, so both are read."""

    def unlisted(self, ids: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        family = FAMILIES["projects"]
        path = family.path(ids, "projects")
        number, pages = 1, 1
        while number <= pages:
            try:
                page, _ = self.page(family, path, ["projects"], {"page": number, "per_page": PER_PAGE})
            except FreshbooksError as error:
                skip_or_raise(error, "projects", ids["business_id"], self.connection.worked, read=number > 1)
                return
            pages = page.pages
            for project in page.rows:
                yield from project.get("services") or []
            number += 1
