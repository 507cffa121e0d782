"""The log-in: what is asked, what is taken, what is refused, and that nothing is spent twice."""

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from freshbooks_api import scopes
from freshbooks_hub.connection import login, oauth, permissions
from freshbooks_hub.connection.callback import CallbackListener, Result
from freshbooks_hub.connection.login import Attempt, Candidate, ConsentDenied
from freshbooks_hub.connection.pending_logins import AlreadyAnswered, Attempts, LoginRefused, NotAnAnswer
from freshbooks_hub.connection.profile import NothingToSync
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import valid_access_token
from freshbooks_hub.core.errors import HomeError, InvalidConfig, NotConnected
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.consent import Browser, registered, with_fields

MAIN, SECOND, GUEST, WITHOUT_ACCOUNT = 439_000, 439_117, 512_340, 600_777
TERMINAL = "the terminal that started it"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Without documents in the books: nothing here reads them."""
    with Sandbox(seed="empty") as running:
        monkeypatch.setenv("FRESHBOOKS_API_URL", running.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", running.url)
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def browser() -> Browser:
    return Browser()


def begin(home: Home, sandbox: Sandbox, redirect_uri: str | None = None, actions: bool = False) -> Attempt:
    return login.begin(
        home,
        sandbox.client_id,
        sandbox.client_secret,
        redirect_uri or sandbox.redirect_uri,
        asked=permissions.names(scopes.needed(actions=actions)),
        browser=TERMINAL,
    )


def log_in(home: Home, sandbox: Sandbox) -> Candidate:
    return login.finish(home, Browser().answer(begin(home, sandbox).authorize_url), TERMINAL)


def exchanges(sandbox: Sandbox) -> int:
    posts = sandbox.requests.matching("/auth/oauth/token", "POST")
    return sum(request.note["grant_type"] == "authorization_code" for request in posts)


class TestPasted:
    """The address that FreshBooks redirected to comes back by hand."""

    def test_it_connects_the_chosen_business_with_all_read_scopes(self, home: Home, sandbox: Sandbox) -> None:
        candidate = log_in(home, sandbox)
        assert candidate.profile.name == "Robin Achterberg"
        assert candidate.missing == ()
        assert not candidate.actions
        assert not home.connection.exists()
        login.save(candidate, [SECOND])
        connection = ConnectionStore(home.connection).load()
        assert connection.business_ids == [SECOND]
        assert connection.profile == candidate.profile
        assert not home.candidate.exists()
        before = len(sandbox.requests)
        valid_access_token(ConnectionStore(home.connection))
        assert len(sandbox.requests) == before

    @pytest.mark.parametrize("form", ["{}", "  {}\n", '"{}"', "<{}>"])
    def test_blanks_and_quotes_around_it_do_not_matter(
        self, home: Home, sandbox: Sandbox, browser: Browser, form: str
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        assert login.finish(home, form.format(answer), TERMINAL).profile.businesses

    @pytest.mark.parametrize("text", ["", "yes", "https://localhost:8765/callback", "https://x/?code=abc"])
    def test_anything_else_is_refused_and_the_log_in_goes_on(
        self, home: Home, sandbox: Sandbox, browser: Browser, text: str
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        with pytest.raises(NotAnAnswer, match="Copy the whole address"):
            login.finish(home, text, TERMINAL)
        assert login.finish(home, answer, TERMINAL)

    def test_read_only_asks_for_no_write_scope_and_actions_for_theirs(
        self, home: Home, sandbox: Sandbox
    ) -> None:
        for actions in (False, True):
            query = parse_qs(urlsplit(begin(home, sandbox, actions=actions).authorize_url).query)
            asked = query["scope"][0].split()
            assert asked == [scope.name for scope in scopes.needed(actions=actions)]
            assert any(name.endswith(":write") for name in asked) is actions

    def test_a_code_is_good_only_for_who_started_the_log_in(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        """PKCE: a code that somebody else came by, even with the app's keys, buys nothing."""
        attempts = [begin(home, sandbox), begin(home, sandbox)]
        asked = [parse_qs(urlsplit(attempt.authorize_url).query) for attempt in attempts]
        assert [query["code_challenge_method"] for query in asked] == [["S256"]] * 2
        assert asked[0]["code_challenge"] != asked[1]["code_challenge"]
        assert login.finish(home, browser.answer(attempts[0].authorize_url), TERMINAL)
        code = parse_qs(urlsplit(browser.answer(attempts[1].authorize_url)).query)["code"][0]
        credentials = {
            name: getattr(sandbox, name) for name in ("client_id", "client_secret", "redirect_uri")
        }
        with pytest.raises(oauth.CodeRefused):
            oauth.exchange_code(credentials, code, "another verifier of forty-three characters..")

    def test_scopes_with_actions_are_granted(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        answer = browser.answer(begin(home, sandbox, actions=True).authorize_url)
        assert login.finish(home, answer, TERMINAL).actions

    def test_denied_consent(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url, "deny")
        with pytest.raises(ConsentDenied, match="denied"):
            login.finish(home, answer, TERMINAL)
        with pytest.raises(AlreadyAnswered):
            login.finish(home, answer, TERMINAL)
        assert exchanges(sandbox) == 0
        assert not home.candidate.exists()

    def test_a_wrong_state_spends_nothing(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        with pytest.raises(LoginRefused, match="no log-in that was started here"):
            login.finish(home, with_fields(answer, state="x" * 43), TERMINAL)
        assert exchanges(sandbox) == 0
        assert login.finish(home, answer, TERMINAL)

    def test_another_browser_is_refused_and_the_answer_can_still_be_pasted(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        with pytest.raises(LoginRefused, match="another browser"):
            login.finish(home, answer, "somebody else")
        assert exchanges(sandbox) == 0
        assert login.finish(home, answer, TERMINAL)
        with pytest.raises(AlreadyAnswered):
            login.finish(home, answer, TERMINAL)
        assert exchanges(sandbox) == 1

    def test_a_state_ends_after_ten_minutes(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        attempt = begin(home, sandbox)
        assert (
            timedelta(minutes=9, seconds=50) < attempt.expires_at - datetime.now(UTC) < timedelta(minutes=10)
        )
        answer = browser.answer(attempt.authorize_url)
        path = home.root / "login.json"
        stored = json.loads(path.read_text())
        stored[0]["started_at"] = (datetime.now(UTC) - timedelta(minutes=10, seconds=1)).isoformat()
        path.write_text(json.dumps(stored))
        with pytest.raises(LoginRefused, match="ten minutes"):
            login.finish(home, answer, TERMINAL)
        assert exchanges(sandbox) == 0

    def test_a_code_that_is_too_old_says_so(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        sandbox.clock.advance(minutes=6)
        with pytest.raises(oauth.CodeRefused, match="five minutes"):
            login.finish(home, answer, TERMINAL)

    def test_a_wrong_secret_says_where_the_right_one_is(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        attempt = login.begin(
            home, sandbox.client_id, "not-the-secret", sandbox.redirect_uri, browser=TERMINAL
        )
        with pytest.raises(oauth.ClientRefused, match="developer") as caught:
            login.finish(home, browser.answer(attempt.authorize_url), TERMINAL)
        assert "not-the-secret" not in str(caught.value)

    def test_a_lost_answer_is_not_asked_for_again(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        sandbox.faults.add(kind="drop_after", path="/auth/oauth/token")
        with pytest.raises(oauth.AnswerLost):
            login.finish(home, answer, TERMINAL)
        with pytest.raises(AlreadyAnswered):
            login.finish(home, answer, TERMINAL)
        assert exchanges(sandbox) == 1

    def test_on_a_full_disk_neither_state_nor_code_is_spent(
        self, home: Home, sandbox: Sandbox, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            with pytest.raises(HomeError, match="full"):
                login.finish(home, answer, TERMINAL)
        assert exchanges(sandbox) == 0
        assert login.finish(home, answer, TERMINAL)

    def test_eight_answers_at_once_spend_the_code_once(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        outcomes: list[str] = []

        def finish() -> None:
            try:
                login.finish(home, answer, TERMINAL)
                outcomes.append("connected")
            except AlreadyAnswered:
                outcomes.append("refused")

        threads = [threading.Thread(target=finish) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["connected", *["refused"] * 7]
        assert exchanges(sandbox) == 1

    def test_secrets_lie_in_private_files_and_in_no_repr(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        attempt = begin(home, sandbox)
        assert stat.S_IMODE((home.root / "login.json").stat().st_mode) == 0o600
        candidate = login.finish(home, browser.answer(attempt.authorize_url), TERMINAL)
        assert stat.S_IMODE(home.candidate.stat().st_mode) == 0o600
        record = Attempts(home).add("id", "another-secret", sandbox.redirect_uri, [], "binding-value")
        text = repr([attempt, candidate, record, login.stored_app(home)])
        hidden = (attempt.state, sandbox.client_secret, "another-secret", "binding-value", record.key)
        assert not [secret for secret in hidden if secret in text]
        # An answered log-in has no further use for the secret.
        assert sandbox.client_secret not in (home.root / "login.json").read_text()

    @pytest.mark.parametrize("uri", ["http://localhost:8765/callback", "https://localhost/callback?x=1"])
    def test_a_redirect_uri_that_freshbooks_would_refuse_is_refused_at_once(
        self, home: Home, sandbox: Sandbox, uri: str
    ) -> None:
        with pytest.raises(InvalidConfig, match="https"):
            begin(home, sandbox, uri)

    @pytest.mark.parametrize("inside", ["\r\n", "\n", " ", "\t", "\u00e9", "\u2028"])
    def test_a_redirect_uri_with_a_blank_or_a_line_break_inside_is_refused(
        self, home: Home, sandbox: Sandbox, inside: str
    ) -> None:
        with pytest.raises(InvalidConfig, match="a blank, a line break or a letter that no address has"):
            begin(home, sandbox, f"https://books.example.com/{inside}Set-Cookie:x")

    def test_any_address_that_the_app_has_works_by_pasting(self, home: Home, sandbox: Sandbox) -> None:
        uri = "https://books.example.com/api/auth/callback/freshbooks"
        sandbox.oauth.register_redirect(uri)
        answer = Browser().answer(begin(home, sandbox, uri).authorize_url)
        assert answer.startswith(uri)
        login.save(login.finish(home, answer, TERMINAL), [MAIN])
        stored = login.stored_app(home)
        assert stored
        assert stored.redirect_uri == uri

    def test_what_was_asked_for_is_kept_and_the_rest_is_not_missing(
        self, home: Home, sandbox: Sandbox
    ) -> None:
        asked = permissions.asked("basic", actions=True)
        attempt = login.begin(
            home,
            sandbox.client_id,
            sandbox.client_secret,
            sandbox.redirect_uri,
            asked=asked,
            browser=TERMINAL,
        )
        candidate = login.finish(home, Browser().answer(attempt.authorize_url), TERMINAL)
        assert (candidate.asked, candidate.missing, candidate.actions) == (asked, (), True)
        login.save(candidate, [MAIN])
        assert login.asked_before(home) == asked

    def test_scopes_that_the_app_does_not_have_are_named_with_a_way_on(
        self, home: Home, sandbox: Sandbox
    ) -> None:
        state = begin(home, sandbox).state
        with pytest.raises(ConsentDenied, match="user:bills:read") as caught:
            login.finish(home, f"?error=invalid_scope&state={state}", TERMINAL)
        assert "freshbooks connect --scopes basic" in str(caught.value)


class TestInTheBrowser:
    """FreshBooks sends the browser back to the listener of this machine, by HTTPS."""

    @pytest.fixture
    def redirect_uri(self, sandbox: Sandbox) -> str:
        return registered(sandbox)

    @pytest.fixture
    def results(self) -> list[Result]:
        return []

    @pytest.fixture
    def listener(self, home: Home, redirect_uri: str, results: list[Result]) -> Iterator[CallbackListener]:
        with CallbackListener(home, results.append, redirect_uri) as listener:
            yield listener

    @pytest.fixture
    def browser(self, listener: CallbackListener, home: Home) -> Browser:
        return Browser(trusts=home.root / "tls" / "loopback.pem")

    def test_the_whole_way_ends_on_a_page_without_parameters(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str, results: list[Result]
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        assert answer.startswith(f"{redirect_uri}?")
        page = browser.open(answer)
        assert page.url == redirect_uri.replace("/callback", "/done")
        assert "Access allowed" in page.text
        for response in (page, *page.history):
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Referrer-Policy"] == "no-referrer"
        [result] = results
        assert result.candidate is not None
        login.save(result.candidate, [MAIN])
        assert ConnectionStore(home.connection).load().business_ids == [MAIN]

    def test_a_replayed_callback_is_shown_the_first_ones_end(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str, results: list[Result]
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        browser.open(answer)
        assert "Access allowed" in browser.open(answer).text
        assert exchanges(sandbox) == 1
        assert len(results) == 1

    def test_a_doubled_callback_spends_the_code_once(
        self,
        home: Home,
        sandbox: Sandbox,
        browser: Browser,
        redirect_uri: str,
        results: list[Result],
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        sandbox.faults.add(kind="slow", path="/auth/oauth/token", seconds=0.5)
        cookies = browser.session.cookies.get_dict()
        pages: list[str] = []

        def call() -> None:
            twin = Browser(trusts=home.root / "tls" / "loopback.pem")
            twin.session.headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in cookies.items())
            pages.append(twin.open(answer).text)

        threads = [threading.Thread(target=call) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert exchanges(sandbox) == 1
        assert len(results) == 1
        assert all("Access allowed" in page for page in pages)

    def test_a_callback_without_the_cookie_is_refused(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str, results: list[Result]
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        other = Browser(trusts=home.root / "tls" / "loopback.pem")
        assert "another browser" in other.open(answer).text
        assert exchanges(sandbox) == 0
        assert isinstance(results[0].error, LoginRefused)

    def test_a_stray_call_costs_the_waiting_browser_nothing(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        browser.open(f"{redirect_uri}?x=1")
        browser.open(f"{redirect_uri}?code=x&state=guessed")
        assert "Access allowed" in browser.open(answer).text

    def test_a_link_checker_consumes_nothing(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str
    ) -> None:
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        assert browser.session.head(answer).status_code == 405
        assert "Access allowed" in browser.open(answer).text

    def test_the_start_is_for_one_browser_which_may_come_again(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str
    ) -> None:
        start = begin(home, sandbox, redirect_uri).start_url
        assert browser.open(start).ok
        other = Browser(trusts=home.root / "tls" / "loopback.pem")
        assert other.open(start).status_code == 400
        assert "Access allowed" in browser.open(browser.answer(start)).text

    def test_denied_consent_is_told_on_the_page(
        self, home: Home, sandbox: Sandbox, browser: Browser, redirect_uri: str, results: list[Result]
    ) -> None:
        page = browser.open(browser.answer(begin(home, sandbox, redirect_uri).start_url, "deny"))
        assert "denied" in page.text
        assert isinstance(results[0].error, ConsentDenied)

    def test_a_foreign_host_name_is_refused(self, browser: Browser, redirect_uri: str) -> None:
        page = browser.session.get(
            redirect_uri.replace("/callback", "/done"), headers={"Host": "evil.example"}
        )
        assert page.status_code == 400

    def test_the_key_is_private_and_the_listener_ends(
        self, home: Home, listener: CallbackListener, redirect_uri: str, browser: Browser
    ) -> None:
        assert stat.S_IMODE((home.root / "tls" / "loopback.key").stat().st_mode) == 0o600
        listener.stop()
        with pytest.raises(OSError, match="refused"):
            browser.open(redirect_uri)

    def test_a_listener_that_is_stopped_at_once_still_shows_its_page(
        self, home: Home, sandbox: Sandbox, redirect_uri: str
    ) -> None:
        stopping: list[threading.Thread] = []

        def stop(_: Result) -> None:
            stopping.append(threading.Thread(target=listener.stop))
            stopping[0].start()

        listener = CallbackListener(home, stop, redirect_uri).start()
        browser = Browser(trusts=home.root / "tls" / "loopback.pem")
        answer = browser.answer(begin(home, sandbox, redirect_uri).start_url)
        redirect = browser.session.get(answer, allow_redirects=False)
        stopping[0].join(0.5)
        assert "Access allowed" in browser.open(urljoin(answer, redirect.headers["Location"])).text
        stopping[0].join()

    def test_behind_a_proxy_it_speaks_http_for_the_public_address(
        self, home: Home, sandbox: Sandbox, results: list[Result]
    ) -> None:
        public = "https://books.example.com/fb/callback"
        sandbox.oauth.register_redirect(public)
        port = urlsplit(registered(sandbox)).port
        with CallbackListener(home, results.append, public, port=port, behind_proxy=True):
            start = begin(home, sandbox, public).start_url
            assert start.startswith("https://books.example.com/fb/start/")
            proxy = Browser()
            proxy.session.headers["Host"] = "books.example.com"
            local = f"http://127.0.0.1:{port}"
            started = proxy.session.get(f"{local}{urlsplit(start).path}", allow_redirects=False)
            cookie = started.headers["Set-Cookie"].split(";")[0]
            assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(
                started.headers["Set-Cookie"].split("; ")
            )
            answer = urlsplit(Browser().answer(started.headers["Location"]))
            back = proxy.session.get(
                f"{local}{answer.path}?{answer.query}", headers={"Cookie": cookie}, allow_redirects=False
            )
            assert back.headers["Location"] == "/fb/done"
            assert "Access allowed" in proxy.open(f"{local}/fb/done").text
        assert results[0].candidate is not None


class TestBusinesses:
    """Which may be chosen, and why the others may not."""

    def test_each_says_whether_it_can_be_synced(self, home: Home, sandbox: Sandbox) -> None:
        found = {business.id: business for business in log_in(home, sandbox).profile.businesses}
        assert found[MAIN].can_sync
        assert found[MAIN].role == "owner"
        assert "a client of this business" in (found[GUEST].why_not or "")
        assert "no accounting account" in (found[WITHOUT_ACCOUNT].why_not or "")

    @pytest.mark.parametrize(
        ("chosen", "said"),
        [
            ([GUEST], "a client of this business"),
            ([MAIN, WITHOUT_ACCOUNT], "no accounting account"),
            ([1], "has no business 1"),
            ([], "No business was chosen"),
        ],
    )
    def test_a_wrong_choice_is_refused_with_the_reason(
        self, home: Home, sandbox: Sandbox, chosen: list[int], said: str
    ) -> None:
        candidate = log_in(home, sandbox)
        with pytest.raises(NothingToSync, match=said):
            login.save(candidate, chosen)
        assert not home.connection.exists()
        login.save(login.candidate(home), [MAIN])

    def test_a_user_without_any_business(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.store.businesses.clear()
        candidate = log_in(home, sandbox)
        assert candidate.profile.businesses == ()
        assert candidate.profile.default_choice() == []
        login.discard(home)
        assert not home.candidate.exists()
        assert sandbox.oauth.refresh_token is None

    def test_an_employee_may_sync_and_is_told_what_to_expect(self, home: Home, sandbox: Sandbox) -> None:
        sandbox.store.businesses[MAIN].role = "business_employee"
        candidate = log_in(home, sandbox)
        business = next(b for b in candidate.profile.businesses if b.id == MAIN)
        assert business.can_sync
        assert "only a part" in (business.note or "")
        assert candidate.profile.default_choice() == [SECOND]

    def test_the_choice_can_be_changed_without_a_new_log_in(self, home: Home, sandbox: Sandbox) -> None:
        login.save(log_in(home, sandbox), [MAIN])
        before = exchanges(sandbox)
        login.choose(home, [MAIN, SECOND])
        assert ConnectionStore(home.connection).load().business_ids == [MAIN, SECOND]
        assert exchanges(sandbox) == before

    def test_a_missing_scope_is_named(self, home: Home, sandbox: Sandbox, browser: Browser) -> None:
        attempt = begin(home, sandbox)
        asked = parse_qs(urlsplit(attempt.authorize_url).query)["scope"][0]
        without = " ".join(name for name in asked.split() if name != "user:invoices:read")
        answer = browser.answer(with_fields(attempt.authorize_url, scope=without))
        candidate = login.finish(home, answer, TERMINAL)
        assert [scope.name for scope in candidate.missing] == ["user:invoices:read"]

    def test_connecting_again_keeps_the_settings_of_before(self, home: Home, sandbox: Sandbox) -> None:
        connection = login.save(log_in(home, sandbox), [MAIN])
        ConnectionStore(home.connection).connect(connection.config | {"start_date": "2025-01-01T00:00:00Z"})
        again = login.save(log_in(home, sandbox), [SECOND])
        assert again.config["start_date"] == "2025-01-01T00:00:00Z"
        assert again.business_ids == [SECOND]

    def test_a_crash_before_the_businesses_are_known_loses_no_token(
        self, home: Home, sandbox: Sandbox, browser: Browser
    ) -> None:
        answer = browser.answer(begin(home, sandbox).authorize_url)
        sandbox.faults.add(kind="drop_before", path="/auth/api/v1/users/me")
        with pytest.raises(Exception, match="cannot be reached"):
            login.finish(home, answer, TERMINAL)
        assert login.candidate(home).profile.name == "Robin Achterberg"


class TestDisconnect:
    """The grant ends at FreshBooks, the tokens here; the data stays."""

    def test_a_consent_that_waits_is_revoked_too(self, home: Home, sandbox: Sandbox) -> None:
        login.save(log_in(home, sandbox), [MAIN])
        waiting = log_in(home, sandbox).access_token()
        assert login.disconnect(home).revoked
        assert sandbox.oauth.check(waiting) is None
        assert sandbox.oauth.refresh_token is None
        assert not home.candidate.exists()

    def test_a_consent_that_waits_alone_is_revoked(self, home: Home, sandbox: Sandbox) -> None:
        waiting = log_in(home, sandbox).access_token()
        assert login.disconnect(home).revoked
        assert sandbox.oauth.check(waiting) is None
        assert not home.candidate.exists()
        with pytest.raises(NotConnected):
            login.disconnect(home)

    def test_it_revokes_and_forgets(self, home: Home, sandbox: Sandbox) -> None:
        login.save(log_in(home, sandbox), [MAIN])
        begin(home, sandbox)  # one that nobody went through with
        home.raw.write_bytes(b"rows")
        token = valid_access_token(ConnectionStore(home.connection))
        assert login.disconnect(home).revoked
        assert sandbox.oauth.check(token) is None
        assert sandbox.oauth.refresh_token is None
        assert not home.connection.exists()
        assert home.raw.read_bytes() == b"rows"
        left = "".join(path.read_text() for path in home.root.glob("*.json*"))
        assert sandbox.client_secret not in left
        with pytest.raises(NotConnected):
            login.disconnect(home)

    def test_the_tokens_go_even_when_freshbooks_cannot_be_told(
        self, home: Home, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        login.save(log_in(home, sandbox), [MAIN])
        monkeypatch.setenv("FRESHBOOKS_API_URL", "http://127.0.0.1:1")
        told = login.disconnect(home)
        assert not told.revoked
        assert "cannot be reached" in (told.why_not or "")
        assert not home.connection.exists()


class TestSeveral:
    """Connections side by side."""

    def test_a_second_one_of_the_same_user_and_app_is_warned_of(
        self, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path))
        default = Home.from_environment()
        login.save(log_in(default, sandbox), [MAIN])
        second = log_in(default.named("bakery"), sandbox)
        assert second.shared_with == ("default",)
        login.save(second, [SECOND])
        assert [home.name for home in Home.connections()] == ["default", "bakery"]
