"""The way to a connection in a real browser: Connect, FreshBooks, businesses, Connected; and every way it fails."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from freshbooks_api import scopes
from freshbooks_api.streams import STREAMS
from freshbooks_hub.connection import login, permissions
from freshbooks_hub.connection.callback import Result
from freshbooks_hub.connection.login import App, ConsentDenied
from freshbooks_hub.connection.pending_logins import NotAnAnswer
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.logins import Logins
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.consent import Browser, registered
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import Served

pytestmark = pytest.mark.long

ALL = len(STREAMS)
READABLE = sum(stream.scope_name in {scope.name for scope in scopes.READ} for stream in STREAMS)
BASIC = sum(stream.scope_name in {scope.name for scope in scopes.BASIC} for stream in STREAMS)
INVOICES = sum(stream.scope == "invoices" for stream in STREAMS)


class Person:
    """Somebody at the Connect page, with an app registered at FreshBooks."""

    def __init__(self, page: Page, served: Served, sandbox: Sandbox, redirect_uri: str) -> None:
        self.page, self.served, self.sandbox, self.redirect_uri = page, served, sandbox, redirect_uri
        page.goto(served.link())
        self.addresses: list[str] = []
        page.on("framenavigated", lambda frame: self.addresses.append(frame.url))

    def fill_in(self) -> None:
        """The form, up to the page that leads to FreshBooks."""
        self.page.goto(f"{self.served.url}/settings/freshbooks")
        self.page.get_by_label("Redirect URI").fill(self.redirect_uri)
        self.page.get_by_label("Client ID").fill(self.sandbox.client_id)
        self.page.get_by_label("Client Secret").fill(self.sandbox.client_secret)
        self.page.get_by_role("button", name="Connect", exact=True).click()
        expect(self.page.get_by_role("heading", name="Log in to FreshBooks")).to_be_visible()

    def go_on(self) -> None:
        """To FreshBooks' consent page."""
        self.page.get_by_role("link", name="Continue to FreshBooks").click()
        expect(self.page.get_by_role("button", name="Allow")).to_be_visible()

    def decide(self, decision: str = "Allow") -> None:
        self.page.get_by_role("button", name=decision).click()
        self.page.wait_for_url(f"{self.served.url}/**")

    def connect(self) -> None:
        """The whole way, with the businesses that are proposed."""
        self.fill_in()
        self.go_on()
        self.decide()
        self.page.get_by_role("button", name="Connect", exact=True).click()
        expect(self.page.get_by_role("heading", name="Connected")).to_be_visible()

    def was_connected(self) -> None:
        """An earlier log-in, without going through it."""
        config = config_of(self.sandbox, business_ids=[439000, 439117])
        config["credentials"]["redirect_uri"] = self.redirect_uri
        ConnectionStore(self.served.home.ensure().connection).connect(config)
        login.profile(self.served.home)

    def exchanges(self) -> int:
        """How often a code was spent."""
        return sum(request.path.endswith("/oauth/token") for request in self.sandbox.requests)

    def notice(self) -> str:
        return str(self.page.locator(".notice").inner_text())

    def stored(self) -> Connection:
        return ConnectionStore(self.served.home.connection).load()


@pytest.fixture
def freshbooks(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(seed="empty", rate_limit=None) as sandbox:
        point_at(sandbox, empty_home, monkeypatch)
        yield sandbox


@pytest.fixture
def person(page: Page, empty_home: Home, freshbooks: Sandbox) -> Iterator[Person]:
    with Served(empty_home) as served:
        yield Person(page, served, freshbooks, registered(freshbooks))


def test_from_nothing_to_connected(person: Person) -> None:
    page = person.page
    person.fill_in()
    person.go_on()
    expect(page.get_by_text("user:invoices:read")).to_be_visible()
    person.decide()
    expect(page.get_by_role("heading", name="Choose businesses")).to_be_visible()
    # The address of the page after the log-in holds neither code nor state.
    assert urlsplit(page.url).query == ""
    assert page.get_by_role("checkbox", name="Maple & Pine Studio").is_checked()
    expect(page.get_by_role("checkbox", name="Harbour Lane Bakery")).to_be_disabled()
    expect(page.get_by_text("You are a client of this business")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Pine Weekend Workshops")).to_be_disabled()
    expect(page.get_by_text("no accounting account")).to_be_visible()
    page.get_by_role("checkbox", name="Atelier Boréal").uncheck()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", name="Connected ✅")).to_be_visible()
    expect(page.get_by_text("Maple & Pine Studio is synced from now on")).to_be_visible()
    expect(page.get_by_text(f"{READABLE} of {ALL} kinds of data can be read in 1 business.")).to_be_visible()
    connection = person.stored()
    assert connection.business_ids == [439000]
    assert connection.profile is not None
    page.get_by_role("link", name="Go to Status").click()
    expect(page.get_by_text(f"Connected as {connection.profile.name}")).to_be_visible()


def test_it_goes_on_to_freshbooks_by_itself(person: Person) -> None:
    person.fill_in()
    expect(person.page.get_by_role("button", name="Allow")).to_be_visible()


def test_the_redirect_uri_can_be_copied(person: Person) -> None:
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.goto(f"{person.served.url}/settings/freshbooks")
    person.page.get_by_role("button", name="Copy").click()
    expect(person.page.get_by_role("button", name="Copied")).to_be_visible()
    assert person.page.evaluate("navigator.clipboard.readText()") == "https://localhost:8765/callback"


def test_consent_denied(person: Person) -> None:
    person.fill_in()
    person.go_on()
    person.decide("Deny")
    assert "Access was denied on FreshBooks' page, so nothing was connected." in person.notice()
    assert person.exchanges() == 0
    assert not person.served.home.connection.exists()
    # And once more, with a yes.
    person.fill_in()
    person.go_on()
    person.decide()
    expect(person.page.get_by_role("heading", name="Choose businesses")).to_be_visible()


def test_an_answer_with_a_wrong_state_is_not_taken(person: Person) -> None:
    person.fill_in()
    person.go_on()
    person.page.goto(f"{person.redirect_uri}?code=stolen&state=guessed")
    assert "belongs to no log-in that was started here" in person.notice()
    assert person.exchanges() == 0


def test_an_answer_in_another_browser_is_not_taken(person: Person) -> None:
    person.fill_in()
    person.go_on()
    answer = Browser().answer(person.page.url)
    with person.page.context.browser.new_context(ignore_https_errors=True) as other:
        other.new_page().goto(answer)
    assert person.exchanges() == 0
    assert not person.served.home.candidate.exists()


def test_a_replayed_callback_spends_the_code_once(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.connect()
    before = person.stored().credentials
    callback = next(url for url in asked if url.startswith(f"{person.redirect_uri}?"))
    for _ in range(2):
        person.page.goto(callback)
        assert urlsplit(person.page.url).query == ""
    assert person.exchanges() == 1
    assert person.stored().credentials == before


def test_no_business(person: Person) -> None:
    person.sandbox.store.businesses.clear()
    person.fill_in()
    person.go_on()
    person.decide()
    expect(person.page.get_by_text("belongs to no business")).to_be_visible()
    expect(person.page.get_by_role("button", name="Connect", exact=True)).to_be_disabled()


def test_a_business_without_accounting(person: Person) -> None:
    businesses = person.sandbox.store.businesses
    for business_id in [key for key in businesses if key != 600777]:
        del businesses[business_id]
    person.fill_in()
    person.go_on()
    person.decide()
    expect(person.page.get_by_text("It has no accounting account")).to_be_visible()
    expect(person.page.get_by_text("None of these can be synced")).to_be_visible()
    expect(person.page.get_by_role("button", name="Connect", exact=True)).to_be_disabled()


def test_a_scope_that_was_not_approved(person: Person) -> None:
    page = person.page
    person.fill_in()
    person.go_on()
    page.eval_on_selector(
        "input[name=scope]", "field => field.value = field.value.replace('user:invoices:read', '')"
    )
    person.decide()
    cost = "Invoices cannot be read, so balances and revenue are unknown."
    expect(page.get_by_text(f"user:invoices:read: {cost}")).to_be_visible()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text(f"Not approved: user:invoices:read. {cost}")).to_be_visible()
    expect(
        page.get_by_text(f"{READABLE - INVOICES} of {ALL} kinds of data can be read in 2 businesses.")
    ).to_be_visible()
    page.get_by_role("link", name="Go to Status").click()
    told = "Not available: Invoices, Recurring invoices: the scope user:invoices:read was not approved."
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.get_by_role("heading", name="Action needed")).to_have_count(0)
    page.get_by_text("18 of 19 scopes granted").click()
    expect(page.get_by_role("row", name="user:invoices:read")).to_contain_text("not approved")


def test_an_app_with_the_basic_scopes_alone(person: Person) -> None:
    page = person.page
    person.sandbox.behaviours.enabled_scopes = set(permissions.asked("basic", actions=True))
    person.fill_in()
    # Back from FreshBooks' refusal, the page stays and says what to do.
    page.goto(f"{person.served.url}/settings/freshbooks/log-in")
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)
    expect(page.get_by_text("The requested scope is invalid, unknown, or malformed")).to_be_visible()
    page.get_by_role("button", name="Continue with the basic scopes").click()
    person.go_on()
    person.decide()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text(f"{BASIC} of {ALL} kinds of data can be read in 2 businesses.")).to_be_visible()
    expect(page.get_by_text("Not approved")).to_have_count(0)
    assert person.stored().asked == permissions.asked("basic")
    page.goto(f"{person.served.url}/settings/freshbooks")
    assert page.get_by_role("radio", name="Basic").is_checked()


def test_the_address_of_another_app_is_pasted(person: Person) -> None:
    page, uri = person.page, "https://books.example.com/api/auth/callback/freshbooks"
    person.sandbox.oauth.register_redirect(uri)
    person.redirect_uri = uri
    person.fill_in()
    expect(page.get_by_text(f"{uri} is not an address of this machine.")).to_be_visible()
    link = page.get_by_role("link", name="Open FreshBooks").get_attribute("href")
    assert link
    page.get_by_label("Address that FreshBooks sent you to").fill(Browser().answer(link))
    page.get_by_role("button", name="Finish with this address").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", name="Connected ✅")).to_be_visible()
    assert person.stored().credentials["redirect_uri"] == uri


def test_wrong_keys(person: Person) -> None:
    person.page.goto(f"{person.served.url}/settings/freshbooks")
    person.page.get_by_label("Redirect URI").fill(person.redirect_uri)
    person.page.get_by_label("Client ID").fill(person.sandbox.client_id)
    person.page.get_by_label("Client Secret").fill("a wrong one")
    person.page.get_by_role("button", name="Connect", exact=True).click()
    person.go_on()
    person.decide()
    assert "invalid_client" in person.notice()
    assert "Confirm that Client ID and Client Secret are right and the app is active" in person.notice()


@pytest.mark.parametrize("uri", ["http://localhost:8765/callback", "https://a.example/?x=1"])
def test_a_redirect_uri_that_freshbooks_would_refuse(person: Person, uri: str) -> None:
    person.page.goto(f"{person.served.url}/settings/freshbooks")
    person.page.get_by_label("Redirect URI").fill(uri)
    person.page.get_by_label("Client ID").fill("id")
    person.page.get_by_label("Client Secret").fill("secret")
    person.page.get_by_role("button", name="Connect", exact=True).click()
    expect(person.page.get_by_role("alert")).to_contain_text("The redirect URI must be the https address")
    expect(person.page.get_by_label("Redirect URI")).to_have_value(uri)
    expect(person.page.get_by_label("Client ID")).to_have_value("id")


def test_the_answer_can_be_pasted_where_nobody_can_listen(person: Person) -> None:
    page = person.page
    with socket.create_server(("127.0.0.1", urlsplit(person.redirect_uri).port or 0)):
        person.fill_in()
        expect(page.get_by_text("This program cannot receive the answer itself")).to_be_visible()
        field = page.get_by_label("Address that FreshBooks sent you to")
        field.fill("https://my.freshbooks.com/")
        page.get_by_role("button", name="Finish with this address").click()
        assert "That is not the address FreshBooks redirected to" in person.notice()
        link = page.get_by_role("link", name="Open FreshBooks").get_attribute("href")
        assert link
        field.fill(Browser().answer(link))
        page.get_by_role("button", name="Finish with this address").click()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_role("heading", name="Connected ✅")).to_be_visible()
    assert person.exchanges() == 1


def test_a_stray_call_leaves_the_page_where_the_answer_can_be_pasted(
    empty_home: Home, freshbooks: Sandbox
) -> None:
    logins, stray = Logins(), Result(error=NotAnAnswer("That is not the address."))
    app = App(freshbooks.client_id, freshbooks.client_secret, freshbooks.redirect_uri)
    started = logins.begin(empty_home, app, asked=(), browser="b", done_url="", served_here=True)
    logins.ended(empty_home, stray)
    assert logins.started(empty_home) is started
    assert logins.result(empty_home) is stray
    logins.ended(empty_home, Result(error=ConsentDenied("Denied.")))
    assert logins.started(empty_home) is None
    logins.ended(empty_home, stray)
    assert logins.result(empty_home) is not stray


def test_an_expired_grant_is_told_and_mended(person: Person) -> None:
    page, store = person.page, ConnectionStore(person.served.home.connection)
    person.was_connected()
    person.sandbox.oauth.revoke_grant()
    expired = {"token_expiry_date": datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    store.save(store.load().with_credentials(expired))
    page.goto(f"{person.served.url}/settings/freshbooks")
    page.get_by_role("link", name="Switch business").click()
    assert "FreshBooks no longer accepts this connection (invalid_grant)" in person.notice()
    page.goto(f"{person.served.url}/status")
    expect(page.get_by_role("heading", name="Action needed")).to_be_visible()
    page.get_by_role("link", name="Authorise it again").click()
    # The keys are known: one press and a yes.
    page.get_by_role("button", name="Re-authorise").click()
    person.go_on()
    person.decide()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", name="Connected ✅")).to_be_visible()
    assert person.stored().dead_since is None


def test_switching_the_business(person: Person) -> None:
    page = person.page
    person.was_connected()
    page.goto(f"{person.served.url}/settings/freshbooks")
    page.get_by_role("link", name="Switch business").click()
    page.get_by_role("checkbox", name="Maple & Pine Studio").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Atelier Boréal is synced from now on")).to_be_visible()
    assert person.stored().business_ids == [439117]


def test_disconnecting_revokes_and_forgets(person: Person) -> None:
    page = person.page
    person.was_connected()
    page.goto(f"{person.served.url}/settings/freshbooks")
    page.get_by_text("Disconnect …").click()
    page.get_by_role("button", name="Disconnect now").click()
    assert "Disconnected. FreshBooks has revoked the access" in person.notice()
    assert person.sandbox.oauth.refresh_token is None
    assert not person.served.home.connection.exists()


def test_two_connections_side_by_side(person: Person) -> None:
    page = person.page
    person.was_connected()
    page.goto(f"{person.served.url}/settings")
    page.get_by_label("Name of the new connection").fill("second")
    page.get_by_role("button", name="Add and sign in").click()
    expect(page).to_have_url(f"{person.served.url}/c/second/settings/freshbooks")
    page.get_by_label("Redirect URI").fill(person.redirect_uri)
    page.get_by_label("Client ID").fill(person.sandbox.client_id)
    page.get_by_label("Client Secret").fill(person.sandbox.client_secret)
    page.get_by_role("button", name="Connect", exact=True).click()
    person.go_on()
    person.decide()
    expect(page).to_have_url(f"{person.served.url}/c/second/settings/freshbooks/businesses")
    # The same user and app: FreshBooks has ended the first one's log-in.
    expect(page.get_by_text("it has just ended that of: default")).to_be_visible()


def test_without_a_script_it_works_too(
    chromium: object, empty_home: Home, freshbooks: Sandbox, no_script: Callable[[], Page]
) -> None:
    with Served(empty_home) as served:
        Person(no_script(), served, freshbooks, registered(freshbooks)).connect()
        assert ConnectionStore(empty_home.connection).exists()


def test_a_file_made_connection_is_shown_too(page: Page, empty_home: Home, freshbooks: Sandbox) -> None:
    ConnectionStore(empty_home.ensure().connection).connect(config_of(freshbooks))
    with Served(empty_home) as served:
        page.goto(served.link())
        page.goto(f"{served.url}/status")
        expect(page.get_by_text("this connection was made from a file")).to_be_visible()
