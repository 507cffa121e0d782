"""Handing the owner a link that signs in: printed, and opened where a browser can be."""

from __future__ import annotations

import os
import sys
import webbrowser
from html import escape

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home


def has_display() -> bool:
    """Whether a person sits in front of this very machine, at a terminal of a graphical session."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    always = sys.platform in {"darwin", "win32"}
    return always or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def tell(home: Home, link: str, *, browser: bool) -> None:
    """Print the link, and with `browser` open it. Raises HomeError."""
    print(f"Sign in with this link (it works once, within an hour):\n  {link}", flush=True)
    if browser:
        _open(home, link)


def _open(home: Home, link: str) -> None:
    """By a file that leads on: a browser's arguments can be read by every user of the machine."""
    page = home.root / "open.html"
    to = escape(link)
    content = (
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={to}"><title>FreshBooks hub</title>'
        f'<p><a href="{to}">Open the FreshBooks hub</a></p>'
    )
    with disk_errors(page):
        write_private(page, content.encode())
    webbrowser.open(page.as_uri())
