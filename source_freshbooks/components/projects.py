"""Projects with their logged time, which is null in a list that is not asked for it (freshbooks-api.md 3.8)."""

from dataclasses import dataclass

import requests

from source_freshbooks.components.deletions import Params
from source_freshbooks.components.families import Family, Page
from source_freshbooks.components.retriever import ListRetriever


@dataclass
class ProjectsRetriever(ListRetriever):
    """Asks each page with `include_logged_duration`, a parameter of its own and no `include[]`."""

    def page(
        self, family: Family, path: str, rows: list[str], params: Params
    ) -> tuple[Page, requests.Response]:
        return super().page(family, path, rows, {**params, "include_logged_duration": "true"})
