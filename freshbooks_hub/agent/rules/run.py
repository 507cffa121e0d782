"""Run the rules: each fires once per subject, and every firing is in the audit log, dry runs included.

What was refused is tried again a day later, since somebody may have set the rate or the tax that was missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from freshbooks_hub.agent.rules.rule_file import Rule, read_rules
from freshbooks_hub.agent.rules.subjects import Subject, subjects
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home

EVENT = "rule"
MOST = 50  # firings of one run
AGAIN = timedelta(days=1)
WOULD, REFUSED, MOOT = "would", "refused", "moot"
# It was done already, so there is nothing to try again.
DONE_ALREADY = frozenset({"already_sent", "already_paid", "already_done", "invoice_unknown"})
OUTCOMES = {
    Status.confirmed: "done",
    Status.proposed: "waits",
    Status.approved: "waits",
    Status.dispatching: "unclear",
    Status.unknown: "unclear",
    Status.needs_person: "unclear",
}


@dataclass(frozen=True)
class Firing:
    """What a rule did with one subject. `outcome`: would, done, waits, unclear, moot, refused or failed."""

    rule: str
    subject: str
    outcome: str
    message: str
    action_id: str | None = None


def run_rules(
    home: Home,
    *,
    dry: bool = False,
    actions: ActionService | None = None,
    clock: SystemClock | None = None,
) -> list[Firing]:
    """Fire what is new; `dry`: only say what would be done, and write nothing down. Raises HubError.

    At once when another process does so already: then nothing is done here.
    """
    clock = clock or SystemClock()
    actions = actions or ActionService(home, clock)
    rules = read_rules(home)
    lock = FileLock(home.root / "rules.lock", timeout=0, mode=0o600)
    try:
        with lock:
            return _run(home, rules, dry, actions, clock)
    except Timeout:
        return []


def _run(
    home: Home, rules: list[Rule], dry: bool, actions: ActionService, clock: SystemClock
) -> list[Firing]:
    past = _past(actions)
    fired: list[Firing] = []
    for rule in rules:
        for subject in subjects(home, actions, clock, rule):
            if len(fired) >= MOST:
                return fired
            if _is_over(past.get((rule.name, subject.key)), rule, clock.now()):
                continue
            firing = _fire(actions, rule, subject, dry or not rule.live)
            fired.append(firing)
            if not dry:
                detail = {"rule": rule.name, "subject": subject.key, "outcome": firing.outcome}
                reason = {"message": firing.message} if firing.outcome == REFUSED else {}
                actions.audit.record(
                    EVENT, f"rule {rule.name}", action_id=firing.action_id, **detail, **reason
                )
    return fired


def _past(actions: ActionService) -> dict[tuple[str, str], tuple[str, datetime]]:
    """How each rule ended last with each thing, and when."""
    return {
        (entry["detail"]["rule"], entry["detail"]["subject"]): (
            entry["detail"]["outcome"],
            datetime.fromisoformat(entry["at"]),
        )
        for entry in actions.audit.of_event(EVENT)
    }


def _is_over(before: tuple[str, datetime] | None, rule: Rule, now: datetime) -> bool:
    """Whether there is nothing to do: it fired already, or was refused recently; a dry run is logged once."""
    if before is None:
        return False
    outcome, at = before
    if outcome == WOULD:
        return not rule.live
    return outcome != REFUSED or now - at < AGAIN


def _fire(actions: ActionService, rule: Rule, subject: Subject, dry: bool) -> Firing:
    if subject.problem:
        return Firing(rule.name, subject.key, REFUSED, subject.problem)
    kind = KINDS[rule.then]
    try:
        request = kind.request.model_validate({**rule.given, **subject.fields})
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]) for problem in error.errors(include_url=False))
        return Firing(rule.name, subject.key, REFUSED, f"Wrong or missing: {names}.")
    if dry:
        return Firing(rule.name, subject.key, WOULD, f"Would propose: {kind.label.lower()}.")
    try:
        action = actions.act(request, f"rule: {rule.name}")
    except ActionRefused as refusal:
        outcome = MOOT if refusal.code in DONE_ALREADY else REFUSED
        return Firing(rule.name, subject.key, outcome, str(refusal))
    return Firing(rule.name, subject.key, OUTCOMES.get(action.status, "failed"), _message(action), action.id)


def _message(action: Action) -> str:
    if action.status is Status.proposed:
        return f"{action.preview.heading}. It waits for your approval: freshbooks approve {action.id}"
    return f"{action.preview.heading}. {action.result.message if action.result else ''}".strip()


def as_json(fired: list[Firing]) -> list[dict[str, Any]]:
    """For `--json`."""
    return [vars(firing) for firing in fired]
