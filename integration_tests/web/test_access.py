"""Who may do what: every address of the app is asked for by everybody, and each gets what one table says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.mcp.oauth.grants import Consent, Grants
from freshbooks_hub.agent.mcp.oauth.provider import Asked, Authorization
from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.home import Home
from freshbooks_hub.web import passwords, sessions
from freshbooks_hub.web.access import Right
from freshbooks_hub.web.app import create_app
from freshbooks_hub.web.passwords import LoginThrottle
from freshbooks_hub.web.users import Users
from integration_tests.web.serving import Client, Stranger

PASSWORD = "correct horse battery"
REGISTERED = '{"client_id": "app", "client_name": "Test app", "redirect_uris": ["http://127.0.0.1/back"]}'
PEOPLE = ("stranger", "of another connection", "looker", "approver", "owner")
# The first line that fits; who it names may, and everybody after them in PEOPLE. Said anew here, not read from the app.
ALLOWED = (
    ("stranger", "GET POST", "/login"),
    ("stranger", "GET", "/open"),
    ("stranger", "GET", "/static/.*"),
    ("of another connection", "POST", "/logout"),
    ("of another connection", "GET", "/connections"),
    ("of another connection", "GET POST", "/account.*"),
    ("of another connection", "GET POST", "/agents/consent"),
    ("owner", "GET POST", "/settings.*"),
    ("owner", "GET", "/callback|/start/.*"),
    ("approver", "POST", "/sync|/approvals/.*|/activity/.*"),
    ("looker", "GET", ".*"),
    ("owner", "POST", ".*"),
)


@dataclass(frozen=True)
class Address:
    """One route with one method; `path` has values for its parameters."""

    method: str
    path: str

    def allows(self, who: str) -> bool:
        first = next(
            least
            for least, methods, path in ALLOWED
            if self.method in methods.split() and re.fullmatch(path, self.inner)
        )
        # Everything below a connection's own address is of this connection.
        least = max(PEOPLE.index(first), PEOPLE.index("looker") if self.inner != self.path else 0)
        return PEOPLE.index(who) >= least

    @property
    def inner(self) -> str:
        return re.sub(r"^/c/[^/]+", "", self.path)


def addresses(routes: list[BaseRoute], before: str = "") -> Iterator[Address]:
    for route in routes:
        if isinstance(route, Mount):
            if route.routes:
                yield from addresses(route.routes, before + route.path.replace("{connection}", "bakery"))
            else:
                yield Address("GET", f"{before}{route.path}/app.css")
        elif isinstance(route, Route):
            path = before + re.sub(r"\{[^}]+\}", "7", route.path)
            for method in sorted((route.methods or {"GET"}) & {"GET", "POST"}):
                yield Address(method, path)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Two connections, three users and a password of the owner's."""
    home = Home(tmp_path_factory.mktemp("access") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRESHBOOKS_HOME", str(home.root))
        patch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
        patch.setattr(passwords, "COST", 16)  # a quick hash
        for name in ("default", "bakery", "garage"):
            home.named(name).ensure()
        sessions.set_password(home, PASSWORD)
        users = Users(home)
        both = ("default", "bakery")
        users.add("lea", PASSWORD, dict.fromkeys(both, Right.look), "me", Channel.terminal)
        users.add("amir", PASSWORD, dict.fromkeys(both, Right.approve), "me", Channel.terminal)
        users.add("zoe", PASSWORD, {"garage": Right.approve}, "me", Channel.terminal)
        yield home


def signed_in(home: Home, name: str) -> Stranger:
    client = Stranger(home)
    assert client.submit("/login", "/login", name=name, password=PASSWORD).status_code == 303
    return client


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("stranger", None),
        ("of another connection", "zoe"),
        ("looker", "lea"),
        ("approver", "amir"),
        ("owner", ""),
    ],
)
def test_every_address_asks_for_the_right_that_the_table_says(
    house: Home, monkeypatch: pytest.MonkeyPatch, who: str, name: str | None
) -> None:
    """What the pages would answer is not looked at here: only whether they are asked."""
    client = Stranger(house) if name is None else signed_in(house, name)

    async def reached(_: Route, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("reached")(scope, receive, send)

    monkeypatch.setattr(Route, "handle", reached)
    tried = list(addresses(create_app(house).routes))
    assert len(tried) > 100
    for address in tried:
        answer = client.request(address.method, address.path, follow_redirects=False)
        is_asked = answer.text == "reached" or (address.path.startswith("/static/") and answer.is_success)
        assert is_asked is address.allows(who), (who, address, answer.status_code)
        if name is None and not is_asked:
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        elif not is_asked and answer.is_redirect:
            # A user who asks for the first page of books that are not theirs is led to their own.
            assert (address.inner, answer.headers["location"]) == ("/", "/c/garage/")
        elif not is_asked:
            assert answer.status_code == 403
            assert "You may not do this" in answer.text


def test_a_user_sees_no_trace_of_other_connections(house: Home) -> None:
    client = signed_in(house, "zoe")
    assert client.get("/", follow_redirects=False).headers["location"] == "/c/garage/"
    pages = [
        "/connections",
        "/account",
        "/c/garage/approvals",
        "/c/bakery/",
        "/c/nobody/",
        "/c/bakery/nothing",
        "/x",
    ]
    answers = [client.get(path) for path in pages]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 403, 403, 403]
    for answer in answers:
        assert "bakery" not in answer.text, answer.url
        assert 'href="/approvals"' not in answer.text, answer.url
        assert 'href="/settings"' not in answer.text, answer.url


def test_a_user_who_is_removed_or_gets_a_new_password_is_out_at_once(house: Home) -> None:
    users = Users(house)
    users.add("tim", PASSWORD, {"bakery": Right.look}, "me", Channel.terminal)
    browser, cookie_copy = signed_in(house, "tim"), Stranger(house)
    cookie_copy.cookies = browser.cookies
    assert cookie_copy.get("/c/bakery/").status_code == 200
    changed = browser.submit(
        "/account/password", "/account", current=PASSWORD, new="another long one", again="another long one"
    )
    assert changed.status_code == 303
    assert browser.get("/c/bakery/", follow_redirects=False).status_code == 200  # with a new session
    assert (house.root / "web.sessions.json").read_text().count('"tim"') == 1
    users.remove("tim", "me", Channel.terminal)
    assert browser.get("/c/bakery/", follow_redirects=False).headers["location"] == "/login"
    assert "another long one" not in (house.root / "web.users.json").read_text()


def test_nobody_guesses_anothers_password_between_signings_in_of_their_own() -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        assert throttle.admit("") == throttle.admit("lea") == 0
        throttle.accepted("lea")
    assert throttle.admit("") > 0
    assert throttle.admit("lea") == 0


def test_what_a_user_gave_to_an_ai_client_ends_with_their_right(house: Home) -> None:
    users, grants = Users(house), Grants(house)
    users.add("kim", PASSWORD, {"bakery": Right.approve, "garage": Right.look}, "me", Channel.terminal)
    grants.register("app", REGISTERED)

    def give(connection: str, *, act: bool) -> str:
        code = grants.give(Consent("app", connection, act, "r", "c", "http://127.0.0.1/back", True, "kim"))
        found = grants.redeem(code)
        assert found
        return found.access

    acts, reads, other = give("bakery", act=True), give("bakery", act=False), give("garage", act=False)
    users.share("kim", {"bakery": Right.look}, "me", Channel.terminal)
    assert [grants.of_access(token) is not None for token in (acts, reads, other)] == [False, True, False]
    users.remove("kim", "me", Channel.terminal)
    assert grants.of_access(reads) is None
    events = [entry["event"] for entry in ActionService(house).audit.entries()]
    assert events[:3] == ["user_removed", "user_changed", "user_added"]


def test_an_ai_client_gets_no_more_than_who_lets_it_in(house: Home) -> None:
    authorization = Authorization(house, "http://127.0.0.1:8766")
    consent = Consent("lent", "", False, authorization.resource, "c", "http://127.0.0.1/back", True)
    until = datetime.now(UTC) + timedelta(minutes=5)
    authorization._asked["k"] = Asked("App", "an app", act=True, consent=consent, state=None, until=until)
    authorization.grants.register("lent", REGISTERED)
    client = Stranger(house, authorization=authorization)
    client.submit("/login", "/login", name="lea", password=PASSWORD)
    shown = client.get("/agents/consent?request=k").text
    assert 'value="act"' not in shown
    fields = {"request": "k", "decision": "allow", "csrf": client.token("/agents/consent?request=k")}
    for connection, access, status in (
        ("garage", "read", 404),
        ("bakery", "act", 403),
        ("bakery", "read", 200),
    ):
        sent = fields | {"connection": connection, "access": access}
        answer = client.post("/agents/consent", data=sent)
        assert answer.status_code == status, (connection, access)
    code = re.search(r"code=(fbc_[\w-]+)", answer.text)
    assert code
    tokens = authorization.grants.redeem(code[1])
    assert tokens
    assert (tokens.grant.connection, tokens.grant.scopes, tokens.grant.granted_by) == (
        "bakery",
        ("read",),
        "lea",
    )


def test_the_owner_adds_a_user_on_the_page_and_a_mistake_keeps_what_was_typed(house: Home) -> None:
    client = Client(house)
    fields = {"name": "Mo", "password": "short", "right.default": "", "right.bakery": "approve"}
    wrong = client.post("/settings/users", data=fields | {"csrf": client.token("/settings/users")})
    assert wrong.status_code == 400
    assert "at least 10 characters" in wrong.text
    assert 'value="Mo"' in wrong.text
    assert 'value="approve" selected' in wrong.text
    assert "short" not in re.sub(r"<[^>]+>", "", wrong.text)
    done = client.submit("/settings/users", "/settings/users", **fields | {"password": PASSWORD})
    assert done.headers["location"] == "/settings/users"
    assert Users(house).get("mo").rights == {"bakery": Right.approve}
    client.submit("/settings/users/mo/remove", "/settings/users/mo")
    assert client.get("/settings/users/mo").status_code == 404


def test_the_owner_allows_what_is_done_without_asking_on_the_page(house: Home) -> None:
    client, policy = Client(house), ActionService(house).policy
    at = "/settings/agents/draft"
    bad = client.post(
        f"{at}/unattended", data={"csrf": client.token(at), "max_amount": "500", "per_day": "5"}
    )
    assert "Limit per action" in bad.text
    assert "is not an amount with its currency" in bad.text
    assert "Tick the box" in bad.text
    assert policy.view().rule("draft").unattended is None
    client.submit(f"{at}/unattended", at, max_amount="500 usd, 400.50 CAD", per_day="5", sure="yes")
    given = policy.view().rule("draft").unattended
    assert given is not None
    assert (given.max_amount, given.per_day, given.granted_by) == (
        {"USD": "500", "CAD": "400.50"},
        5,
        "the owner",
    )
    client.submit(f"{at}/allow", at, allowed="yes", per_day="7")
    assert policy.view().rule("draft").per_day == 7
    assert policy.view().rule("draft").unattended == given  # the other form is not touched
    client.submit(f"{at}/end", at)
    assert policy.view().rule("draft").unattended is None


def test_a_token_is_shown_once_and_can_be_revoked(house: Home) -> None:
    client = Client(house)
    answer = client.post("/settings/token/new", data={"csrf": client.token("/settings/agents")})
    token = re.search(r'value="(fbk_[^"]+)"', answer.text)
    assert token
    assert (house.root / "agent.token").read_text() == token[1]
    assert "fbk_" not in client.get("/settings/agents").text
    client.submit("/settings/token/revoke", "/settings/agents")
    assert (house.root / "agent.token").read_text() != token[1]


def test_users_are_kept_in_a_terminal_too_and_lose_a_connection_that_goes(
    house: Home, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["users", *words])
        return done.output or str(done.exception)

    added = run("add", "ida", "--look", "bakery", "--approve", "garage", "--password-file", str(file))
    assert "may look bakery, may approve garage" in added
    assert "no connection nowhere" in run("access", "ida", "--look", "nowhere")
    assert "not a valid user name" in run(
        "add", "The Owner", "--look", "bakery", "--password-file", str(file)
    )
    Users(house).forget("garage")
    assert '"connections": {\n      "bakery": "look"\n    }' in run("list", "--json")
    assert signed_in(house, "ida").get("/c/garage/").status_code == 403
    assert "ida is removed" in run("remove", "ida")
