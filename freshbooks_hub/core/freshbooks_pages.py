"""Addresses of FreshBooks' own web pages (freshbooks-api.md 1.1)."""

from __future__ import annotations

ROOT = "https://my.freshbooks.com/#"
DEVELOPER_PORTAL = f"{ROOT}/developer"


def invoice_page(account_id: str, invoice_id: int) -> str:
    """An invoice."""
    return f"{ROOT}/invoice/{account_id}-{invoice_id}"


def client_page(client_id: int) -> str:
    """A client."""
    return f"{ROOT}/client/{client_id}"


def project_page(project_id: int) -> str:
    """A project."""
    return f"{ROOT}/project/{project_id}"
