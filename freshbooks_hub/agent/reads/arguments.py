"""Arguments that several reads share, described once. The server shows these descriptions to models."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

Client = Annotated[str | None, Field(description="Client by name, e-mail or id", max_length=200)]
TheClient = Annotated[str, Field(description="Client by name, e-mail or id", max_length=200)]
BusinessId = Annotated[int | None, Field(description="Only this business")]
Currency = Annotated[str | None, Field(description="Only this currency, such as USD", max_length=3)]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before", max_length=100)]
Limit = Annotated[int, Field(ge=1, le=200)]
From = Annotated[date | None, Field(description="First day")]
To = Annotated[date | None, Field(description="Last day")]
