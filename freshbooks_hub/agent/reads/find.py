"""Which client is meant by a name, an e-mail address or an id."""

from __future__ import annotations

from freshbooks_hub.agent.reads.models import ClientRef, ReadRefused
from freshbooks_hub.agent.reads.open_marts import Row, Source

_COLUMNS = "business_id, client_id, client_name, email, client_status"
# See `names`: "Cafe Lumiere" finds "Café Lumière".
_FOLDED = "folded({})"
_NAMES = (
    "client_name",
    "organization",
    "concat_ws(' ', nullif(first_name, ''), nullif(last_name, ''))",
)
_SUGGESTED = 5


def find_client(source: Source, text: str, business_id: int | None) -> ClientRef:
    """The one client that `text` names; raises ReadRefused, with those it may have meant.

    Exactly by id, e-mail (of any of its people) or name, else the one client with a name that has a word starting
    like `text`. A deleted client yields to another one of its business.
    """
    source.businesses(business_id)
    text = text.strip()
    for condition, value in _ways(text):
        found = source.rows(
            f"SELECT {_COLUMNS} FROM clients WHERE ({condition}) AND business_id = coalesce(?, business_id) "  # noqa: S608
            "ORDER BY business_id, client_id LIMIT 50",
            *[value] * condition.count("?"),
            business_id,
        )
        standing = _standing(found)
        if len(standing) == 1:
            return ClientRef(**standing[0])
        if standing:
            raise ReadRefused(
                "client_ambiguous",
                f"{len(standing)} clients fit. Ask again with client_id and business_id of the one that is meant.",
                _refs(standing[:_SUGGESTED]),
            )
    near = _near(source, text, business_id)
    hint = "The candidates have similar names." if near else "list_clients shows who there is."
    gaps = " ".join(source.gaps(business_id, "clients"))
    raise ReadRefused("client_not_found", f"No client fits. {hint} {gaps}".strip(), _refs(near))


def _ways(text: str) -> list[tuple[str, str | int]]:
    """Conditions from the surest to the loosest, each with the value of its question marks."""
    ways: list[tuple[str, str | int]] = []
    if text.isascii() and text.isdigit() and len(text) < 18:
        ways.append(("client_id = ?", int(text)))
    if "@" in text:
        people = "SELECT (business_id, client_id) FROM crm_contacts WHERE email = lower(?)"
        ways.append((f"lower(email) = lower(?) OR (business_id, client_id) IN ({people})", text))
    same = _FOLDED.format("?")
    ways.append((" OR ".join(f"{_FOLDED.format(name)} = {same}" for name in _NAMES), text))
    if text:
        word = f"contains(' ' || {_FOLDED.format('{}')}, ' ' || {same})"
        ways.append((" OR ".join(word.format(name) for name in _NAMES), text))
    return ways


def _standing(found: list[Row]) -> list[Row]:
    """Without the deleted ones of a business where another one fits."""
    living = {row["business_id"] for row in found if row["client_status"] != "deleted"}
    return [r for r in found if r["client_status"] != "deleted" or r["business_id"] not in living]


def _near(source: Source, text: str, business_id: int | None) -> list[Row]:
    likeness = (
        f"jaro_winkler_similarity({_FOLDED.format('coalesce(client_name, email)')}, {_FOLDED.format('?')})"
    )
    return source.rows(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = coalesce(?, business_id) AND {likeness} > 0.7 "  # noqa: S608
        f"ORDER BY {likeness} DESC, business_id, client_id LIMIT {_SUGGESTED}",
        business_id,
        text,
        text,
    )


def _refs(rows: list[Row]) -> list[ClientRef]:
    return [ClientRef(**row) for row in rows]
