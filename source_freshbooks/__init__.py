"""Airbyte source for FreshBooks (https://www.freshbooks.com/api)."""

from source_freshbooks.source import SourceFreshbooks

__all__ = ["SourceFreshbooks"]
