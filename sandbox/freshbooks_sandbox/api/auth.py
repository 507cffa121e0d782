"""The auth family: who the caller is, which businesses, who works there (freshbooks-api.md 2, 3.9)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox.api.call import Call, route
from freshbooks_sandbox.books.store import Books, Store
from freshbooks_sandbox.domain.common import fake_secret
from freshbooks_sandbox.lists.paging import bare_page, capped
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.responses import Answer
from freshbooks_sandbox.values import Row, words

_FLAGS = words(
    "advanced_accounting attachments proposals_candidate retainers_feature rich_proposals esignatures "
    "auto_bank_import premium_contractor_role new_time_tracking invoice_v3_search estimate_v3_search "
    "payroll_integration improved_profit_and_loss_report accounting_reports_v2_general_ledger"
)


def _me(call: Call) -> Response:
    call.need("profile")
    return Answer({"response": me(call.store)}, media_type="application/json; charset=utf-8")


def me(store: Store) -> Row:
    """The person with all memberships; one `groups` row per business and one per project."""
    person = public(store.identity)
    businesses = list(store.businesses.values())
    own = [b for b in businesses if b.role != "client" and b.account_id]
    common = {"identity_id": person["identity_id"], "identity_uuid": person["identity_uuid"], "active": True}
    groups = []
    for number, books in enumerate(businesses, 1):
        base = {"role": books.role, "business_id": books.business_id, **common}
        groups.append({"id": 7_900_000 + number, "group_id": 5_206_500 + number, **base})
        for project in books["projects"].values():
            if project["active"]:
                identifier = books.business_id * 1000 + project["id"] % 1000
                groups.append({"id": identifier, "group_id": project["group_id"], **base})
    return {
        **person,
        "permissions": {str(b.account_id): _permissions() for b in own},
        "subscription_statuses": {str(b.account_id): b.business["status"] for b in own},
        "business_statuses": {str(b.account_id): b.business["status"] for b in own},
        "groups": groups,
        "business_memberships": [_membership(number, books) for number, books in enumerate(businesses, 1)],
        "roles": [_role(number, books) for number, books in enumerate(businesses, 1) if books.account_id],
    }


def _permissions() -> dict[str, Any]:
    return {**{f"{flag}.access": True for flag in _FLAGS}, "client.limit": -1, "staff.limit": -1}


def _membership(number: int, books: Books) -> Row:
    return {
        "id": 6_765_600 + number,  # the membership's own id, not the business's
        "role": books.role,
        "unacknowledged_change": False,
        "fasttrack_token": fake_secret("fasttrack", books.business_id),
        "business": {**books.business, "business_clients": []},
    }


def _role(number: int, books: Books) -> Row:
    identifier = 2_290_800 + number
    return {
        "id": identifier,
        "role": "client" if books.role == "client" else "admin",
        "systemid": books.system.get("systemid", 4_350_000 + number),
        "userid": 165_104 if books.role == "client" else 1,
        "accountid": books.account_id,
        "created_at": "2024-10-01T15:42:54Z",
        "links": {"destroy": f"/service/auth/api/v1/users/role/{identifier}"},
    }


def _business_group(call: Call) -> Response:
    books = call.books(call.store.by_business(call.path("business")))
    call.need("profile")
    members = [
        {
            "id": 70_000 + number,
            "group_id": 5_206_500,
            "role": member["business_role_name"],
            "identity_id": member["identity_id"],
            "identity_uuid": member["uuid"],
            "first_name": member["first_name"],
            "last_name": member["last_name"],
            "language": "en",
            "email": member["email"],
            "company": books.business["name"],
            "business_id": books.business_id,
            "unacknowledged_change": False,
            "active": member["active"],
        }
        for number, member in enumerate(books["team_members"].values(), 1)
    ]
    group = {"id": 5_206_500, "category": "business", "members": members}
    return Answer({"response": {**books.business, "business_group": group, "business_clients": []}})


def _team_members(call: Call) -> Response:
    books = call.books(call.store.by_business(call.path("business")))
    call.need("teams")
    rows = [] if books.role == "client" else list(books["team_members"].values())
    page = capped(bare_page(call.params, len(rows)), "team_members", call.store.behaviours)
    return Answer({"response": [public(row) for row in page.cut(rows)], "meta": page.block()})


def routes() -> list[Route]:
    return [
        route("/auth/api/v1/users/me", {"GET": _me}, "auth"),
        route("/auth/api/v1/users/business/{business}", {"GET": _business_group}, "auth"),
        route("/auth/api/v1/businesses/{business}/team_members", {"GET": _team_members}, "auth"),
    ]
