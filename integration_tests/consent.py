"""A person with a browser in front of FreshBooks' log-in: follows redirects, keeps cookies, presses Allow or Deny."""

import socket
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from freshbooks_hub.cli.demo import ConsentForm
from freshbooks_hub.connection import login
from freshbooks_sandbox import Sandbox


class Browser:
    """`trusts` is the certificate that the person let pass."""

    def __init__(self, trusts: Path | None = None) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(trusts) if trusts else True

    def open(self, url: str) -> requests.Response:
        return self.session.get(url)

    def answer(self, url: str, decision: str = "allow") -> str:
        """Open `url`, which leads to the consent page, decide, and return where FreshBooks redirects to."""
        page = self.open(url)
        assert page.ok, page.text
        form = ConsentForm()
        form.feed(page.text)
        decided = self.session.post(
            urljoin(page.url, form.action),
            data=form.fields | {"decision": decision},
            allow_redirects=False,
        )
        return decided.headers["Location"]


def registered(sandbox: Sandbox) -> str:
    """A redirect URI on a free port of this machine, registered with the app."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = login.default_redirect_uri(free.getsockname()[1])
    sandbox.oauth.register_redirect(uri)
    return uri


def with_fields(url: str, **fields: str) -> str:
    """The same address with some query parameters replaced."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | fields)).geturl()
