"""Which streams may be read? One row of each is asked for, and refusals are told together, by what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from freshbooks_api import scopes
from freshbooks_api.errors import PLAN
from freshbooks_api.streams import ENTITIES, Entity
from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.api import Api, ApiRefused, ApiUnreachable
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.core.wording import stream_label

# freshbooks-api.md 6.3: at most four requests at a time.
AT_A_TIME = 4


class Why(StrEnum):
    """Why a stream cannot be read."""

    scope = "scope"
    plan = "plan"
    role = "role"
    grant = "grant"
    other = "other"


CODES = {
    Why.scope: permissions.Why.not_granted,
    Why.plan: permissions.Why.gated,
    Why.role: permissions.Why.refused,
}


@dataclass(frozen=True)
class Access:
    """The answer for one stream of one business. `why`, `what` and `remedy` are set when it cannot be read."""

    business_id: int
    stream: str
    ok: bool
    why: Why | None = None
    what: str = ""
    remedy: str = ""
    scopes: tuple[str, ...] = ()


def allowed(access_token: str) -> list[Entity]:
    """The streams whose scope the token has, as far as it tells."""
    lacking = {scope.name for scope in scopes.missing(access_token, scopes.READ)}
    return [entity for entity in ENTITIES if entity.scope_name not in lacking]


def counted(found: Iterable[Access], businesses: int) -> str:
    """How much can be read."""
    by_stream: dict[str, bool] = {}
    for access in found:
        by_stream[access.stream] = by_stream.get(access.stream, False) or access.ok
    readable = sum(by_stream.values())
    where = "1 business" if businesses == 1 else f"{businesses} businesses"
    return f"{readable} of {len(ENTITIES)} kinds of data can be read in {where}."


def grouped(found: Iterable[Access], names: Mapping[int, str]) -> list[permissions.NotAvailable]:
    """What scopes, plan and role do not allow."""
    refusals = [
        permissions.Refusal(access.stream, CODES[access.why], access.business_id, access.scopes)
        for access in found
        if access.why in CODES
    ]
    return permissions.group(refusals, names)


def told(found: Iterable[Access], names: Mapping[int, str]) -> list[str]:
    """A sentence for each missing scope, for what plan and role do not allow, and for each other refusal."""
    answers = list(found)
    lacking = sorted({name for access in answers if access.why is Why.scope for name in access.scopes})
    sentences = [permissions.told(scope) for scope in permissions.described(lacking)]
    sentences += [
        f"Not available: {one}" for one in grouped(answers, names) if one.why != permissions.Why.not_granted
    ]
    sentences += [
        f"{stream_label(access.stream)} of {names.get(access.business_id, access.business_id)}: {access.what}. "
        f"{access.remedy}"
        for access in answers
        if not access.ok and access.why not in CODES
    ]
    return sentences


def probe(
    access_token: str, businesses: Iterable[Business], entities: Iterable[Entity] = ENTITIES
) -> list[Access]:
    """Ask for one row of each stream of `businesses`, in that order. Raises ApiUnreachable at the first silence."""
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
            "FreshBooks counts rows that your role does not show",
            "Ask the owner of the business for an administrator's role, then connect again.",
        )
    return Access(business.id, entity.stream, True)


def _refused(business: Business, entity: Entity, refused: ApiRefused) -> Access:
    if refused.scopes or "insufficient_scope" in refused.said:
        lacking = refused.scopes or (entity.scope_name,)
        names = ", ".join(lacking)
        why, what = Why.scope, f"the scope {names} was not approved"
        remedy = f"Enable {names} on your app in the FreshBooks developer portal, then connect again."
        return Access(business.id, entity.stream, False, why, what, remedy, lacking)
    if refused.errno in PLAN or refused.status == 402:
        why, what = Why.plan, f"the business's plan does not include it ({refused.said})"
        remedy = "Nothing to do: it is read automatically once the plan includes it."
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
