"""Services: the list of the business, and those that only its projects show (freshbooks-api.md 3.2, 3.9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteMessage

from source_freshbooks.components.families import FAMILIES
from source_freshbooks.components.paging import PER_PAGE
from source_freshbooks.components.records import RecordShaper
from source_freshbooks.components.retriever import ListRetriever, Pages


@dataclass
class ServicesRetriever(ListRetriever):
    """One user's list was empty while projects embedded services, so both are read."""

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        listed: set[Any] = set()
        observed = ""
        for page in super().read_business(ids, since, shaper):
            if not isinstance(page, AirbyteMessage):
                for record in page:
                    listed.add(record["id"])
                    observed = record[self.cursor_field]
            yield page
        only_embedded = []
        for service, now in self._embedded(ids):
            record = shaper.shape(service)
            if record["id"] not in listed:
                listed.add(record["id"])
                only_embedded.append(
                    {
                        **record,
                        "account_id": ids["account_id"],
                        "business_id": ids["business_id"],
                        self.cursor_field: observed or now,
                        "is_deleted": service.get("vis_state") == 1,
                        "is_archived": service.get("vis_state") == 2,
                    }
                )
        yield only_embedded

    def _embedded(self, ids: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
        family = FAMILIES["projects"]
        path = family.path(ids, "projects")
        number, pages = 1, 1
        while number <= pages:
            body, response = self.client.get(path, {"page": number, "per_page": PER_PAGE})
            page = family.page(body, ["projects"])
            pages = page.pages
            for project in page.rows:
                for service in project.get("services") or []:
                    yield service, self.observed(response)
            number += 1
