"""Amounts of several currencies in the reporting currency, which stands beside them and never in their place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.reporting_currency import ReportingCurrency


@dataclass(frozen=True)
class Reporting:
    """The reporting currency with the user's rates; None when there is none, or when `problem` says what is wrong."""

    currency: ReportingCurrency | None = None
    problem: str = ""

    @classmethod
    def beside(cls, marts: Path) -> Reporting:
        """That of the home of these marts."""
        try:
            return cls(ReportingCurrency.beside(marts))
        except HubError as error:
            return cls(problem=str(error))
