"""Asking the person in the agent's client, where that client can show a form."""

from __future__ import annotations

from typing import Literal

from mcp.server.mcpserver.resolve import Elicit
from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.models import Action, Status
from freshbooks_hub.agent.actions.preview import as_text
from freshbooks_hub.agent.mcp.tools import BooksContext


class Decision(BaseModel):
    """The form that the person fills in."""

    decision: Literal["approve", "refuse"] = Field(description="Nothing is written unless you approve.")


def question(ctx: BooksContext, proposal: Action) -> Elicit[Decision] | None:
    """The preview as a form; None when there is nothing to decide, or the client cannot ask.

    The heading holds words of ours and amounts; text from the books stands below it, behind labels.
    """
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    # A capability without modes means forms: it is older than the modes.
    forms = elicitation is not None and (elicitation.form is not None or elicitation.url is None)
    return Elicit(as_text(proposal), Decision) if forms and proposal.status is Status.proposed else None
