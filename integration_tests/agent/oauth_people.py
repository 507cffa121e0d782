"""Those who take part in letting a client in: the person at the browser, and what an app keeps."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import requests
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from freshbooks_hub.core.home import Home
from freshbooks_hub.web.sessions import Sessions

FIELD = re.compile(r'name="(csrf|request)" value="([^"]+)"')
ONWARD = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')
BACK = "http://127.0.0.1:33418/callback"


@dataclass
class Memory:
    """The storage of an app."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Owner:
    """Signs in to the pages of `home` when they ask, and answers each client in the same way."""

    home: Home
    answer: dict[str, str] = field(default_factory=lambda: {"decision": "allow", "access": "act"})
    asked: int = 0
    came_back: dict[str, str] = field(default_factory=dict)

    async def __call__(self, address: str) -> None:
        """The app opened the browser."""
        with requests.Session() as browser:
            page = browser.get(address, timeout=30)
            if page.url.endswith("/login"):
                page = browser.get(Sessions(self.home).link(), timeout=30)  # leads to where it was going
            self.asked += 1
            fields = dict(FIELD.findall(page.text))
            done = browser.post(page.url, data=fields | self.answer, timeout=30)
            found = ONWARD.search(done.text)
            assert found, done.text
            query = parse_qs(urlsplit(html.unescape(found[1])).query)
            self.came_back = {name: values[0] for name, values in query.items()}

    async def callback(self) -> AuthorizationCodeResult:
        """What the browser brought back to the app."""
        if "code" not in self.came_back:
            raise PermissionError(self.came_back["error"])
        return AuthorizationCodeResult(
            code=self.came_back["code"], state=self.came_back["state"], iss=self.came_back["iss"]
        )


def app_at(url: str, owner: Owner, memory: Memory, name: str = "Test app") -> OAuthClientProvider:
    """The SDK's own client, which knows the address of the MCP server and nothing else."""
    metadata = OAuthClientMetadata(client_name=name, redirect_uris=[BACK])  # type: ignore[list-item]
    return OAuthClientProvider(url, metadata, memory, owner, owner.callback)
