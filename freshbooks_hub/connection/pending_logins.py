"""Log-ins in progress: each `state` is 256 bits, valid once, for ten minutes, in one browser.

They lie in login.json (mode 0600), so that the command line, the page and the callback's listener share them.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from filelock import FileLock

from freshbooks_hub.connection import oauth
from freshbooks_hub.connection.store import parse_instant
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

LIFE = timedelta(minutes=10)
KEPT = 20


class LoginRefused(HubError):
    """The answer of a log-in was not accepted, and nothing was spent."""


class ForeignAnswer(LoginRefused):
    """The answer belongs to no log-in of this browser; a log-in in progress keeps waiting for its own."""


class AlreadyAnswered(LoginRefused):
    """The same answer came before: a browser may ask twice."""


@dataclass
class PendingLogin:
    """A started log-in as it is stored. `browsers`: the cookie values it is bound to; `key`: that of `start`;
    `verifier`: what proves to FreshBooks that the code comes back from where the log-in began (PKCE, RFC 7636).
    """

    state: str = field(repr=False)
    started_at: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    asked: list[str]  # names of scopes
    browsers: list[str] = field(repr=False)
    key: str = field(repr=False)
    verifier: str = field(repr=False)
    started: bool = False
    answered: bool = False

    @property
    def expires_at(self) -> datetime:
        """UTC."""
        return parse_instant(self.started_at) + LIFE


class Attempts:
    """The started log-ins of a home."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.root / "login.json"
        self._lock = FileLock(home.root / "login.json.lock", timeout=10, mode=0o600)

    def add(
        self, client_id: str, client_secret: str, redirect_uri: str, asked: Iterable[str], browser: str
    ) -> PendingLogin:
        """Start a log-in for `browser`."""
        record = PendingLogin(
            state=secrets.token_urlsafe(32),
            started_at=datetime.now(UTC).isoformat(),
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            asked=list(asked),
            browsers=[browser],
            key=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32),
        )
        with self._changed() as records:
            records.append(record)
        return record

    def start(self, key: str, cookie: str) -> tuple[PendingLogin, str]:
        """Bind the log-in of `key` to one further browser; returns it and the cookie's value.

        The browser that has it already, by its `cookie`, may come again.
        """
        with self._changed() as records:
            for record in records:
                if record.answered or not _same(record.key, key):
                    continue
                if not record.started:
                    record.started = True
                    record.browsers.append(secrets.token_urlsafe(32))
                elif not _same(record.browsers[-1], cookie):
                    break
                return record, record.browsers[-1]
        raise LoginRefused(
            "This link to log in was used already or is older than ten minutes. Start again with "
            "`freshbooks connect` or the Connect button."
        )

    def consume(self, state: str, browser: str) -> PendingLogin:
        """The log-in of `state`, which is thereby answered for good; raises ForeignAnswer, AlreadyAnswered.

        On disk before it returns: whatever happens next, the same answer is not taken again. An answer from a
        browser that the log-in is not bound to consumes nothing: it may still be pasted where it was started.
        """
        with self._changed() as records:
            found = next((record for record in records if _same(record.state, state)), None)
            if found is None:
                raise ForeignAnswer(
                    "This answer belongs to no log-in that was started here in the last ten minutes. Start again "
                    "with `freshbooks connect` or the Connect button."
                )
            if found.answered:
                raise AlreadyAnswered("This log-in was answered already. Start again if it did not succeed.")
            if not any([_same(bound, browser) for bound in found.browsers]):  # noqa: C419 - all, always
                raise ForeignAnswer(
                    "This answer came from another browser than the one that started the log-in, so it was not "
                    "accepted. Start again and stay in one browser, or paste the address where you started."
                )
            copy = PendingLogin(**asdict(found))
            found.answered, found.client_secret, found.verifier = True, "", ""
        return copy

    def forget(self) -> None:
        """Drop them all, with the app's secret that they hold."""
        with self._changed() as records:
            records.clear()

    @contextmanager
    def _changed(self) -> Iterator[list[PendingLogin]]:
        """The living records; saved when the block ends well."""
        with disk_errors(self._path.parent), self._lock:
            now = datetime.now(UTC)
            before = self._read()
            records = [record for record in before if record.expires_at > now][-KEPT:]
            yield records
            content = json.dumps([asdict(record) for record in records], indent=2)
            write_private(self._path, content.encode())

    def _read(self) -> list[PendingLogin]:
        try:
            return [PendingLogin(**row) for row in json.loads(self._path.read_bytes())]
        except (FileNotFoundError, ValueError, TypeError):
            return []


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


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
            "That is not the address FreshBooks redirected to. Copy the whole address from the browser's address "
            "bar: it starts with the redirect URI and holds code=… and state=…."
        )
    return fields
