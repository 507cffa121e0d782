"""Reads of the FreshBooks API about the connection itself: the user, the businesses, and which streams may be read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from freshbooks_api import scopes
from freshbooks_api.client import Client, FixedToken, Json, NoAnswer, api_url
from freshbooks_api.errors import PLAN
from freshbooks_api.request_window import RequestWindow
from freshbooks_api.streams import STREAMS, Stream
from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.oauth import USER_AGENT
from freshbooks_hub.connection.profile import Business, Profile
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import plural, stream_label

# freshbooks-api.md 6.3: at most four requests at a time.
AT_A_TIME = 4


class ApiRefused(HubError):
    """An answer that is no success. `scopes` are those the answer itself names as required."""

    def __init__(self, path: str, status: int, errno: int | None, said: str, scopes: tuple[str, ...]) -> None:
        number = f", error {errno}" if errno else ""
        why = f"the authorization lacks {', '.join(scopes)}" if scopes else said or "no reason given"
        super().__init__(f"FreshBooks refused {path} (status {status}{number}): {why}.")
        self.status, self.errno, self.said, self.scopes = status, errno, said, scopes


class ApiUnreachable(HubError):
    """No answer, or none that is FreshBooks' own."""


@dataclass(frozen=True)
class Api:
    """GET requests with one access token, within the budget of `window`. Raises ApiRefused and ApiUnreachable."""

    access_token: str = field(repr=False)
    window: RequestWindow | None = None

    def me(self) -> Profile:
        """The user and the businesses (`users/me`)."""
        body = self.get("/auth/api/v1/users/me")
        return Profile.of(body.get("response") or {})

    def get(
        self, path: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        """The JSON object of a good answer; a 429 is waited out once."""
        client = Client(
            api_url(), FixedToken(self.access_token), USER_AGENT, sleep=time.sleep, window=self.window
        )
        try:
            answer = client.get(path, params, headers)
        except NoAnswer as error:
            raise ApiUnreachable(
                f"FreshBooks ({api_url()}) cannot be reached. Check the network and try again."
            ) from error
        if answer.status == 429 or answer.status >= 500 or answer.body is None:
            raise ApiUnreachable(
                f"FreshBooks failed to answer {path} ({answer.status}). Try again in a few minutes."
            )
        if answer.status < 400 and answer.error is None:
            return answer.body
        errno, said = (
            (answer.error.errno, answer.error.message[:200].rstrip(".")) if answer.error else (None, "")
        )
        raise ApiRefused(path, answer.status, errno, said, answer.missing_scopes or ())


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


def allowed(access_token: str) -> list[Stream]:
    """The streams whose scope the token has, as far as the token shows its scopes."""
    lacking = {scope.name for scope in scopes.missing(access_token, scopes.READ + scopes.OPTIONAL)}
    return [stream for stream in STREAMS if stream.scope_name not in lacking]


def counted(found: Iterable[Access], businesses: int) -> str:
    """How much can be read."""
    by_stream: dict[str, bool] = {}
    for access in found:
        by_stream[access.stream] = by_stream.get(access.stream, False) or access.ok
    readable = sum(by_stream.values())
    return f"{readable} of {len(STREAMS)} kinds of data can be read in {plural(businesses, 'business', 'businesses')}."


def grouped(found: Iterable[Access], names: Mapping[int, str]) -> list[permissions.NotAvailable]:
    """What scopes, plan and role do not allow."""
    refusals = [
        permissions.Refusal(access.stream, CODES[access.why], access.business_id, access.scopes)
        for access in found
        if access.why in CODES
    ]
    return permissions.group(refusals, names)


def refusal_texts(found: Iterable[Access], names: Mapping[int, str]) -> list[str]:
    """A sentence for each missing scope, for what plan and role do not allow, and for each other refusal."""
    answers = list(found)
    lacking = sorted({name for access in answers if access.why is Why.scope for name in access.scopes})
    sentences = [permissions.not_approved_text(scope) for scope in permissions.described(lacking)]
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


def probe(api: Api, businesses: Iterable[Business], streams: Iterable[Stream] = STREAMS) -> list[Access]:
    """Ask for one row of each stream of `businesses`, in that order. Raises ApiUnreachable at the first silence."""
    asked = [(business, stream) for business in businesses for stream in streams]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            return list(pool.map(lambda pair: _ask(api, *pair), asked))
        except ApiUnreachable:
            pool.shutdown(cancel_futures=True)
            raise


def _ask(api: Api, business: Business, stream: Stream) -> Access:
    ids = {"account_id": business.account_id, "business_id": business.id, "business_uuid": business.uuid}
    if "{business_uuid}" in stream.path and not business.uuid:
        return Access(business.id, stream.name, True)
    one_row = {"per_page": "1"} if stream.rows else {}
    try:
        body = api.get(stream.path.format_map(ids), stream.params | one_row, stream.headers)
    except ApiRefused as refused:
        if refused.status == 404 and stream.optional:
            return Access(business.id, stream.name, True)
        return _refused(business, stream, refused)
    if stream.rows and _hidden(body, stream.rows):
        return Access(
            business.id,
            stream.name,
            False,
            Why.role,
            "FreshBooks counts rows that your role does not show",
            "Ask the owner of the business for an administrator's role, then connect again.",
        )
    return Access(business.id, stream.name, True)


def _refused(business: Business, stream: Stream, refused: ApiRefused) -> Access:
    if refused.scopes or "insufficient_scope" in refused.said:
        lacking = refused.scopes or (stream.scope_name,)
        names = ", ".join(lacking)
        why, what = Why.scope, f"the scope {names} was not approved"
        remedy = f"Enable {names} on your app in the FreshBooks developer portal, then connect again."
        return Access(business.id, stream.name, False, why, what, remedy, lacking)
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
    return Access(business.id, stream.name, False, why, what, remedy)


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
