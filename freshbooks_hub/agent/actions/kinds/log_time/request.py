"""What is asked for, and what the approver is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.preview import business_line
from freshbooks_hub.agent.actions.values import DayText
from freshbooks_hub.agent.actions.work import WorkPreview, work_lines


class LogTimeRequest(ActionRequest):
    """Time on a project, or for a client, or neither. `start` is on the clock of the business."""

    date: DayText
    hours: Annotated[str, Field(description="Decimal text such as 1.5, or 1:30")]
    start: Annotated[str | None, Field(description="HH:MM; default 09:00")] = None
    project_id: Reference | None = None
    client_id: Reference | None = None
    service_id: Reference | None = None
    note: str = ""
    billable: bool = True
    another_entry: Annotated[bool, Field(description="Only if the user says that it is not a duplicate")] = (
        False
    )


class LogTimePreview(WorkPreview):
    """The entry that will be made, of the connected user; `start` as HH:MM in `timezone`."""

    kind: Literal["log_time"] = "log_time"
    date: Date
    start: str
    timezone: str
    minutes: int


def describe(preview: LogTimePreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    length = f"{preview.minutes // 60}:{preview.minutes % 60:02} h"
    yield f"Time          {length} on {preview.date}, from {preview.start} ({preview.timezone})"
    yield from work_lines(preview)
