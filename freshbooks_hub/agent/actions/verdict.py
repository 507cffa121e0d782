"""The outcome of an action without a clear answer, judged by what FreshBooks shows."""

from __future__ import annotations

from datetime import timedelta

from freshbooks_hub.agent.actions.action_kind import Candidates
from freshbooks_hub.agent.actions.models import Status, Timing

# A read may miss what was just written (freshbooks-api.md 9), so finding nothing once is not enough.
EMPTY_READS = 2
# The status, the code of the result, and its message.
Verdict = tuple[Status, str, str]
NEVER_SENT: Verdict = (Status.absent, "not_sent", "It was never sent; at most its file was uploaded.")


def verdict(
    found: Candidates, reads: int, waited: timedelta, timing: Timing, leaves_trace: bool
) -> Verdict | None:
    """The outcome of an action whose record was not proven; None: look again later.

    `found`: records that may be it. `reads`: how often FreshBooks was read, this time included. `waited`: since its
    answer was lost. `leaves_trace`: whether FreshBooks would show it.
    """
    if len(found.matches) > 1:
        return (
            Status.needs_person,
            "several_matches",
            f"FreshBooks has it several times ({_listed(found.matches)}). Say which one it is, and delete "
            "the others there.",
        )
    if waited < timing.absent_after or reads < EMPTY_READS:
        return None
    if found.matches or found.similar:
        numbers = _listed((*found.matches, *found.similar))
        return (
            Status.needs_person,
            "near_match",
            f"FreshBooks has a similar record ({numbers}), but not an equal one. Say whether that is it.",
        )
    if not leaves_trace:
        return (
            Status.needs_person,
            "no_trace",
            "FreshBooks does not tell whether it was done. Look at the record's history there, and say.",
        )
    return (
        Status.absent,
        "absent",
        "FreshBooks does not have it: the request had no effect. It may be proposed again.",
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:10]))
