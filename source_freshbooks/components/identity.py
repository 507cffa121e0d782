"""What the rest of the source takes for granted in /auth/api/v1/users/me (freshbooks-api.md 2), looked at once."""

import logging
from typing import Annotated, Any, cast

import orjson
from msgspec import Meta, Struct, ValidationError, convert

from source_freshbooks.components.errors import ODD_ANSWER, unknown_shape
from source_freshbooks.components.fitting import GREATEST, LEAST
from source_freshbooks.components.redaction import clean

logger = logging.getLogger("airbyte.freshbooks")

PATH = "/auth/api/v1/users/me"


class _Business(Struct):
    id: Annotated[int, Meta(ge=LEAST, le=GREATEST)]
    account_id: str | int | None = None
    business_uuid: str | None = None


class _Membership(Struct):
    business: _Business | None = None
    role: str | None = None


class _Role(Struct):
    accountid: str | int | None = None


class _Identity(Struct):
    business_memberships: list[Any] | None = None
    roles: list[Any] | None = None


class _Answer(Struct):
    response: _Identity


def identity_of(body: Any) -> dict[str, Any]:
    """The `response` of the answer; FreshbooksError if it is not what it was read to be.

    A membership or role that cannot be read is set aside, as long as there is one that can.
    """
    try:
        orjson.dumps(body)  # what is nested too deeply could not leave as a row
        convert(body, _Answer, strict=False)
        identity = cast(dict[str, Any], body["response"])
        for key, shape in (("business_memberships", _Membership), ("roles", _Role)):
            identity[key] = _readable(identity.get(key) or [], shape)
    except (*ODD_ANSWER, ValidationError) as error:
        raise unknown_shape(PATH, error) from None
    return identity


def _readable(rows: list[Any], shape: type[Struct]) -> list[Any]:
    readable = []
    for row in rows:
        try:
            convert(row, shape, strict=False)
        except ValidationError as error:
            if len(rows) == 1:
                raise
            logger.warning("%s: one of the %s cannot be read: %s", PATH, shape.__name__, clean(str(error)))
        else:
            readable.append(row)
    return readable
