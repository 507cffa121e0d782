"""The OAuth scopes that reading needs (freshbooks-api.md 1.5), and those that a token has."""

import base64
import json

OBJECTS = (
    "profile",
    "bill_payments",
    "bill_vendors",
    "billable_items",
    "bills",
    "business",
    "clients",
    "credit_notes",
    "estimates",
    "expenses",
    "invoices",
    "journal_entries",
    "other_income",
    "payments",
    "projects",
    "reports",
    "taxes",
    "teams",
    "time_entries",
)
READ_SCOPES = tuple(f"user:{name}:read" for name in OBJECTS)
EVERYTHING = "admin:all:legacy"  # the only scope of apps older than October 2021


def missing_scopes(access_token: str) -> list[str]:
    """The scopes that `access_token` lacks. Empty too for a token that does not tell (it is a JWT as a rule)."""
    granted = _granted(access_token)
    if granted is None or EVERYTHING in granted:
        return []
    return [scope for scope in READ_SCOPES if scope not in granted]


def _granted(access_token: str) -> set[str] | None:
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        scope = claims["scope"]
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    return set(scope.split() if isinstance(scope, str) else scope)
