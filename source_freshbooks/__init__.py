"""Airbyte source for FreshBooks (https://www.freshbooks.com/api)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_freshbooks.source import SourceFreshbooks

__all__ = ["SourceFreshbooks"]


def __getattr__(name: str) -> Any:
    """Import the CDK, which takes seconds, when it is asked for: `run` has to prepare the process before."""
    if name == "SourceFreshbooks":
        from source_freshbooks.source import SourceFreshbooks

        return SourceFreshbooks
    raise AttributeError(name)
