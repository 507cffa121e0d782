"""What an answer may not do: lead the token to another address, or fill the memory."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from source_freshbooks.components import transport
from source_freshbooks.components.budget import RateBudget
from source_freshbooks.components.errors import TransientError
from source_freshbooks.components.transport import Session, harden


class Server(ThreadingHTTPServer):
    """`/to?ADDRESS` redirects there, `/bomb` inflates to 8 MB, everything else answers `{}`."""

    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = gzip.compress(bytes(8 * 1024**2)) if self.path == "/bomb" else b"{}"
        self.send_response(302 if self.path.startswith("/to?") else 200)
        if self.path.startswith("/to?"):
            self.send_header("Location", self.path.partition("?")[2])
        if self.path == "/bomb":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def served() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


asked = pytest.fixture(served, name="asked")
other = pytest.fixture(served, name="other")


def url(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


@pytest.fixture
def session() -> Session:
    made = Session(api_budget=RateBudget())
    harden(made)
    return made


def test_a_redirect_to_another_address_is_told_and_not_followed(
    session: Session, asked: Server, other: Server
) -> None:
    with pytest.raises(TransientError, match="redirect to another address") as told:
        session.get(url(asked, f"/to?{url(other, '/steal?token=abc')}"))
    assert other.asked == []
    assert "token=abc" not in str(told.value.message)


@pytest.mark.parametrize(
    "target",
    ["http://api.example/x", "https://api.example:8443/x", "https://API.example.evil/x", "//evil.example/x"],
    ids=["downgrade", "port", "longer name", "no scheme"],
)
def test_the_scheme_the_host_and_the_port_must_stay(session: Session, target: str) -> None:
    answer = requests.Response()
    answer.status_code, answer.url = 302, "https://api.example/accounting/a"
    answer.headers["Location"] = target
    with pytest.raises(TransientError):
        session.get_redirect_target(answer)


def test_a_redirect_within_the_address_is_followed(session: Session, asked: Server) -> None:
    assert session.get(url(asked, "/to?/there")).json() == {}
    assert asked.asked[-1] == "/there"


def test_an_answer_that_inflates_beyond_the_limit_is_not_read(
    session: Session, asked: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 4 * 1024**2)
    with pytest.raises(TransientError, match=r"answer to /bomb is larger than 4 MB"):
        session.get(url(asked, "/bomb"))


def test_an_answer_within_the_limit_comes_whole(session: Session, asked: Server) -> None:
    assert session.get(url(asked, "/bomb")).content == bytes(8 * 1024**2)
