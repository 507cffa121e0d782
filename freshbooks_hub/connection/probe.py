"""May each entity be read? One row of each is asked for, and a refusal is explained."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from freshbooks_api.streams import ENTITIES, Entity
from freshbooks_hub.connection.api import Api, ApiRefused, ApiUnreachable
from freshbooks_hub.connection.profile import Business

# freshbooks-api.md 6.3: at most four requests at a time.
AT_A_TIME = 4
PLAN_ERRNOS = frozenset({7005, 12001, 31001, 41001, 41101})


class Why(StrEnum):
    """Why an entity cannot be read."""

    scope = "scope"
    plan = "plan"
    role = "role"
    grant = "grant"
    other = "other"


@dataclass(frozen=True)
class Access:
    """The answer for one entity of one business. `why`, `what` and `remedy` are set when it cannot be read."""

    business_id: int
    stream: str
    ok: bool
    why: Why | None = None
    what: str = ""
    remedy: str = ""
    scopes: tuple[str, ...] = ()


def probe(
    access_token: str, businesses: Iterable[Business], entities: Iterable[Entity] = ENTITIES
) -> list[Access]:
    """Ask for one row of every entity of `businesses`, in that order. Raises ApiUnreachable at the first silence."""
    api = Api(access_token)
    asked = [(business, entity) for business in businesses for entity in entities]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            return list(pool.map(lambda pair: _ask(api, *pair), asked))
        except ApiUnreachable:
            pool.shutdown(cancel_futures=True)
            raise


def _ask(api: Api, business: Business, entity: Entity) -> Access:
    ids = {"account_id": business.account_id, "business_id": business.id, "business_uuid": business.uuid}
    if "{business_uuid}" in entity.path and not business.uuid:
        return Access(business.id, entity.stream, True)
    one_row = {"per_page": "1"} if entity.rows else {}
    try:
        body = api.get(entity.path.format_map(ids), entity.params | one_row)
    except ApiRefused as refused:
        return _refused(business, entity, refused)
    if entity.rows and _hidden(body, entity.rows):
        return Access(
            business.id,
            entity.stream,
            False,
            Why.role,
            f"there are {entity.stream} that your role does not show",
            "Ask the owner of the business for an administrator's role, then connect again.",
        )
    return Access(business.id, entity.stream, True)


def _refused(business: Business, entity: Entity, refused: ApiRefused) -> Access:
    if refused.scopes or "insufficient_scope" in refused.said:
        scopes = refused.scopes or (entity.scope_name,)
        names = ", ".join(scopes)
        why, what = Why.scope, f"the scope {names} was not approved"
        remedy = f"Enable {names} on your app in the FreshBooks developer portal, then connect again."
        return Access(business.id, entity.stream, False, why, what, remedy, scopes)
    if refused.errno in PLAN_ERRNOS or refused.status == 402:
        why, what = Why.plan, f"the business's plan does not include it ({refused.said})"
        remedy = "Nothing to do, it is left out of each sync; or change the plan in FreshBooks."
    elif refused.status == 401:
        why, what = Why.grant, "FreshBooks refused the access token"
        remedy = "Run `freshbooks doctor`; if the grant is gone, connect again with `freshbooks connect`."
    elif refused.status == 403 or refused.errno == 1003:
        why, what = Why.role, f"your role in the business does not allow it ({refused.said})"
        remedy = "Ask the owner of the business for an administrator's role, then connect again."
    else:
        why, what = Why.other, str(refused)
        remedy = "Check that the business still exists in FreshBooks; if it does, report this."
    return Access(business.id, entity.stream, False, why, what, remedy)


def _hidden(body: dict[str, Any], key: str) -> bool:
    """Rows are counted but not shown: the role may not read them (freshbooks-api.md 6.4)."""
    inner = body.get("response", body)
    if isinstance(inner, dict):
        inner = inner.get("result", inner)
    if not isinstance(inner, dict):
        return False
    meta = inner.get("meta") if isinstance(inner.get("meta"), dict) else inner
    total = meta.get("total") if isinstance(meta, dict) else None
    return isinstance(total, int) and total > 0 and inner.get(key) == []
