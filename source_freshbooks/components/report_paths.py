"""Where a report is asked for: at its older path, and where that is gone (404), at the newer ones.

The newest docs move reports from `/accounting/account/{account_id}/reports/accounting/` to
`/accounting/businesses/{business_uuid}/reports/`; one client calls a newer path with the business's number
(freshbooks-api.md 3.10, 9.1). Which place answered is remembered for the run, so each is looked for once.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import requests

from freshbooks_api.streams import ROOTS
from source_freshbooks.components.connection import Connection
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.http import Client

logger = logging.getLogger("airbyte.freshbooks")

# Older name -> newer name, and key of the result, where they differ.
RENAMED = {"profitloss_entity": "profit_and_loss"}


class Place(NamedTuple):
    """The path of a report, and the key of its result there."""

    path: str
    key: str


def places(
    ids: Mapping[str, Any], report: str, key: str, only_newer: bool = False, found_out: str | None = None
) -> Iterator[Place]:
    """Where `report` may be for the business `ids`, in the order of asking; `key`: of the older result.

    found_out: the id that the newer path takes ("uuid" or "business"), where `verify` found the older one wrong.
    """
    if not only_newer and not found_out:
        yield Place(f"{ROOTS['reports'].format_map(ids)}/{report}", key)
    name = RENAMED.get(report, report)
    for kind, given in (("uuid", ids.get("business_uuid")), ("business", ids["business_id"])):
        if given and found_out in (None, kind):
            root = ROOTS["newer_reports"].format_map({**ids, "business_uuid": given})
            yield Place(f"{root}/{name}", RENAMED.get(report, key))


def ask(
    connection: Connection,
    client: Client,
    ids: Mapping[str, Any],
    candidates: list[Place],
    params: Mapping[str, Any],
) -> tuple[Any, requests.Response, Place]:
    """The answer of the first of `candidates` that is there. FreshbooksError, the first one's if none is."""
    known = (ids["business_id"], candidates[0].path)
    first: FreshbooksError | None = None
    for place in candidates[connection.report_places.get(known, 0) :]:
        try:
            body, response = client.get(place.path, params)
        except FreshbooksError as error:
            if error.status != 404:
                raise
            first = first or error
            continue
        if place is not candidates[0] and known not in connection.report_places:
            logger.info("%s is gone; %s answers in its place", candidates[0].path, place.path)
        connection.report_places[known] = candidates.index(place)
        return body, response, place
    assert first is not None
    raise first
