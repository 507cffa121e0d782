"""Which projects are meant, and whose they are."""

from __future__ import annotations

from freshbooks_hub.agent.reads.reader import MartsReader

# Three times the same value.
NAMED = "(? IS NULL OR project_id = try_cast(? AS BIGINT) OR contains(folded(project_name), folded(?)))"


def business_of(source: MartsReader, project: str | None, business_id: int | None) -> int | None:
    """The business of the projects that are meant, if they are all of one; else what was asked for."""
    if project is None or business_id is not None:
        return business_id
    rows = source.rows(
        f"SELECT DISTINCT business_id FROM projects WHERE {NAMED} LIMIT 2",  # noqa: S608 - names of ours
        *[project] * 3,
    )
    return int(rows[0]["business_id"]) if len(rows) == 1 else None
