"""The addresses of a log-in: FreshBooks' consent page, the start beside the callback, and the answer."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from freshbooks_hub.connection import oauth
from freshbooks_hub.connection.pending_logins import LoginRefused


class NotAnAnswer(LoginRefused):
    """A text that is no answer of FreshBooks at all, such as a wrong paste."""


def authorize_url(client_id: str, redirect_uri: str, asked: Iterable[str], state: str, verifier: str) -> str:
    """FreshBooks' log-in and consent page (freshbooks-api.md 1.3), which asks for the scopes called `asked`.

    `verifier` is sent as its hash only.
    """
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(asked),
        "state": state,
        **oauth.challenge(verifier),
    }
    return f"{oauth.auth_url()}/oauth/authorize/?{urlencode(query)}"


def start_root(redirect_uri: str) -> str:
    """The address, beside the callback, under which a log-in starts; its key follows."""
    parts = urlsplit(redirect_uri)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/start/", "", ""))


def answer_fields(answer: str) -> dict[str, str]:
    """The query of an address, as pasted by a person: quotes and blanks around it do not matter; raises NotAnAnswer."""
    text = answer.strip().strip("\"'<>").strip()
    query = urlsplit(text).query if "?" in text else text
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if not fields.get("state"):
        raise NotAnAnswer(
            "That is not the address FreshBooks redirected to. Copy it whole from the browser's address bar: it "
            "starts with the redirect URI and holds code=… and state=…."
        )
    return fields
