"""Sending one message to one address by `apprise`, whose failures are put into our own words.

apprise takes over a second to load, so it is imported when there is something to send or check.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.errors import HubError

SECURITY = {"starttls": 587, "ssl": 465, "insecure": 25}  # of SMTP, and its usual port
WEBHOOKS = {"json", "jsons", "form", "forms", "xml", "xmls"}
# What a log line of apprise may mean. The line itself is never shown: it may hold a part of the address.
MEANINGS = (
    (r"\b535\b|authentication (?:failed|error)|credentials|\b401\b", "the user name or password was not accepted"),
    (r"error\s*=\s*(\d{3})", "the server answered {}"),
    (r"auth extension not supported", "the server takes a password over a secure connection alone"),
    (r"timed? ?out", "the server did not answer in time"),
    (r"name or service not known|getaddrinfo|resolve|nodename", "there is no server of this name"),
    (r"refused", "the server does not take connections there"),
    (r"certificate", "the server's certificate is not valid"),
    (r"\(5[05]\d,", "the mail server refused the message"),
)  # fmt: skip
UNKNOWN = "the server could not be reached, or did not take it"


def check(url: str) -> str:
    """A name for the address, without its secrets. Raises HubError where apprise does not know such an address."""
    plugin = _plugin(url)
    scheme = url.partition("://")[0].lower()
    if scheme in {"mailto", "mailtos"}:
        targets = [address for _, address in plugin.targets]
        if not targets:
            raise HubError("The address names nobody to write to. Add ?to=you@example.com.")
        return clean(f"E-mail to {', '.join(targets)}", 100)
    if scheme in WEBHOOKS:
        return clean(f"Webhook at {urlsplit(url).hostname}", 100)
    return clean(str(plugin.service_name), 100)


def email_url(
    to: str, server: str, port: int | None, security: str, user: str, password: str, sender: str
) -> str:
    """apprise's address of an e-mail account. `to` may name several, with commas. Raises HubError."""
    recipients = [one.strip() for one in to.split(",") if one.strip()]
    for field, address in [*(("To", one) for one in recipients), *([("From", sender)] if sender else [])]:
        if not re.fullmatch(r"[^@\s/?#]+@[^@\s/?#]+\.[^@\s/?#]{2,}", address):
            raise HubError(f"{field}: {address!r} is not an e-mail address. Write it like anna@example.com.")
    if not recipients:
        raise HubError("To: enter at least one e-mail address.")
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", server) or security not in SECURITY:
        raise HubError("Mail server: enter its name, such as smtp.example.com.")
    parts = {
        "smtp": server,
        "to": ",".join(recipients),
        "from": sender or (user if "@" in user else recipients[0]),
        "format": "text",
    }
    if security != "insecure":
        parts["mode"] = security
    if user:
        parts |= {"user": user, "pass": password}
    scheme = "mailto" if security == "insecure" else "mailtos"
    host = f"[{server}]" if ":" in server else server
    return f"{scheme}://{host}:{port or SECURITY[security]}/?{urlencode(parts, quote_via=quote)}"


def send(url: str, title: str, text: str) -> str | None:
    """Send it; None when it was taken, else why not, in words without any of the address. It never raises."""
    import apprise

    # Its lines may hold the address: they are for `_meaning` alone.
    logging.getLogger("apprise").propagate = False
    capture: Any = apprise.LogCapture
    with capture(level=logging.DEBUG) as heard:
        try:
            sender = apprise.Apprise(asset=_asset())
            sender.add(_plugin(url))
            if sender.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
                return None
            said = heard.getvalue()
        except Exception as error:
            said = f"{heard.getvalue()} {error}"
    return _meaning(said)


def _meaning(said: str) -> str:
    said = "\n".join(
        line for line in said.splitlines() if re.search(r"WARNING|ERROR|Exception|Response", line)
    )
    for pattern, meaning in MEANINGS:
        if found := re.search(pattern, said, re.IGNORECASE):
            return meaning.format(*found.groups())
    return UNKNOWN


def _plugin(url: str) -> Any:
    import apprise

    try:
        found = apprise.Apprise.instantiate(url.strip(), asset=_asset(), suppress_exceptions=True)
    except Exception:
        found = None
    if found is None:
        raise HubError(
            "This is not an address for notifications. It begins with its service, such as mailtos:// for e-mail, "
            "jsons:// for a webhook or slack://; apprise's documentation lists them."
        )
    return found


def _asset() -> Any:
    import apprise

    # Nothing about the message or its address stays on the disk.
    return apprise.AppriseAsset(app_id="FreshBooks hub", storage_mode=apprise.PersistentStoreMode.MEMORY)
