"""The owner's rules, `rules.toml` in the hub's folder: read and checked.

A rule only proposes. Whether its action is done at once or waits is the owner's policy, as for an agent's.
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.errors import InvalidConfig
from freshbooks_hub.core.home import Home

VERSION = 1
MOST_NAME = 39  # a longer one without a blank would not be legible in the audit log
# What a rule waits for, and the kind of action that it asks for.
PROJECT_COMPLETED = re.compile(r"project completed")
INVOICE_DRAFTED = re.compile(r"invoice drafted")
INVOICE_OVERDUE = re.compile(r"invoice overdue (\d{1,3}) days?")
RECEIPT_LANDS = re.compile(r"receipt lands")
THEN = {
    PROJECT_COMPLETED: "draft_invoice",
    INVOICE_DRAFTED: "send_invoice",
    INVOICE_OVERDUE: "send_reminder",
    RECEIPT_LANDS: "create_expense",
}


class Rule(BaseModel):
    """One rule. `given`: further arguments of the action. `live`: without it, the rule only says what it would do."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    when: str
    then: str
    live: bool = False
    given: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Rule:
        if clean(self.name, MOST_NAME) != self.name:
            raise ValueError("`name` is one line without hidden characters")
        kinds = [kind for pattern, kind in THEN.items() if pattern.fullmatch(self.when)]
        if not kinds:
            raise ValueError(
                "`when` is one of: project completed, invoice drafted, invoice overdue 7 days, receipt lands"
            )
        if self.then not in kinds:
            raise ValueError(f"`then` is {kinds[0]} there")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = VERSION
    rule: list[Rule] = Field(default_factory=list)


def read_rules(home: Home) -> list[Rule]:
    """The rules, none without a file. Raises InvalidConfig saying which line or rule is wrong."""
    path = home.rules
    if not path.exists():
        return []
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        if content.get("version", VERSION) != VERSION:
            raise InvalidConfig(f"{path} is of version {content['version']}; this program knows {VERSION}.")
        rules = _File.model_validate(content).rule
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise InvalidConfig(f"{path}: {where}: {problem['msg'].removeprefix('Value error, ')}") from error
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise InvalidConfig(f"{path}: two rules have one name.")
    return rules
