"""Strangers get nothing: other names, other sites, old forms, no session; and every answer has its headers."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.web import passwords, sessions
from freshbooks_hub.web.app import cookie_name
from freshbooks_hub.web.passwords import LoginThrottle
from freshbooks_hub.web.server import Options, PasswordNeeded, check
from freshbooks_hub.web.sessions import NotServed, Sessions
from integration_tests.web.serving import ANSWERS, PAGES, Client, Stranger

PASSWORD = "correct horse battery"
FORMS = (
    "/sync",
    "/pause",
    "/resume",
    "/settings/frequencies",
    "/settings/currency",
    "/settings/connections",
    "/settings/check",
    "/settings/freshbooks",
    "/settings/freshbooks/log-in",
    "/settings/freshbooks/businesses",
    "/settings/freshbooks/disconnect",
    "/approvals/check",
    "/approvals/a/approve",
    "/approvals/a/reject",
    "/approvals/a/settle",
)


@pytest.fixture
def owner(empty_home: Home) -> Client:
    return Client(empty_home)


@pytest.fixture
def stranger(empty_home: Home) -> Stranger:
    return Stranger(empty_home)


@pytest.fixture
def guarded(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    monkeypatch.setattr(passwords, "COST", 16)  # a quick hash
    sessions.set_password(empty_home, PASSWORD)
    return Stranger(empty_home)


def sign_in(client: Stranger, home: Home) -> None:
    """By a link, as `freshbooks open` prints it."""
    sessions = Sessions(home)
    sessions.serve(str(client.base_url))
    assert client.get(sessions.link()).status_code == 200


def cookie(client: Stranger) -> str:
    """What this browser would show to be let in."""
    (found,) = client.cookies.jar
    assert found.value
    return found.value


def is_in(client: Stranger) -> bool:
    return client.get("/", follow_redirects=False).status_code == 200


def test_every_page_forbids_scripts_frames_and_caches(owner: Client) -> None:
    for path in (*ANSWERS, "/nothing", "/c/nobody/"):
        headers = owner.get(path).headers
        policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
        assert {policy[name] for name in ("script-src", "style-src", "form-action", "connect-src")} == {
            "'self'"
        }
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path


def test_no_page_holds_inline_script_or_style(owner: Client) -> None:
    for path in PAGES:
        text = owner.get(path).text
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text) == [], path
        assert (
            re.findall(r'(?:src|href)="(?:https?:)?//(?!my\.freshbooks\.com|appriseit\.com)', text) == []
        ), path


def test_static_files_may_be_kept_for_their_address_changes_with_them(owner: Client) -> None:
    address = re.search(r'href="(/static/app\.css\?\w+)"', owner.get("/").text)
    assert address
    assert "immutable" in owner.get(address[1]).headers["cache-control"]
    assert owner.get("/static/../keys.py").status_code == 404


@pytest.mark.parametrize(
    "host",
    [
        "books.example.com",
        "127.0.0.1.example.com",
        "localhost.evil",
        "",
        # Starlette before 1.0.1 took the path of `request.url` from these.
        "127.0.0.1/login?",
        "127.0.0.1:8766/static/#",
        "localhost:8766@evil.example",
        "localhost:8766\\@evil.example",
        "[::1]/login?",
        "127.0.0.1 evil",
        "127.0.0.1:port",
        "evil@localhost",
    ],
)
def test_another_host_name_is_refused_and_opens_no_door(owner: Client, stranger: Stranger, host: str) -> None:
    for path in ("/", "/balances"):
        assert owner.get(path, headers={"Host": host}).status_code == 400
        assert stranger.get(path, headers={"Host": host}, follow_redirects=False).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:8766", "[::1]:8766"])
def test_our_own_names_are_ours(owner: Client, stranger: Stranger, host: str) -> None:
    assert owner.get("/login", headers={"Host": host}, follow_redirects=False).status_code != 400
    assert stranger.get("/", headers={"Host": host}, follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "path", ["/login/", "//login", "/open/", "/loginx", "/c/login/", "/static", "/login/../"]
)
def test_what_only_looks_like_the_way_in_is_closed(stranger: Stranger, path: str) -> None:
    answer = stranger.get(f"{stranger.base_url}{path}", follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/login")


def test_without_a_session_every_page_and_form_is_closed(stranger: Stranger) -> None:
    answers = [stranger.get(path, follow_redirects=False) for path in ANSWERS]
    answers += [stranger.post(path, follow_redirects=False) for path in FORMS]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/login", ""), (
            answer.url
        )


def test_what_a_stranger_is_shown_names_no_connection(guarded: Stranger, empty_home: Home) -> None:
    empty_home.named("acme-holdings").ensure()
    shown = [
        guarded.get("/login"),
        guarded.get("/open?key=guess"),
        guarded.head("/open?key=guess"),
        guarded.get("/static/nothing.js"),
        guarded.post("/login", data={"csrf": "guess"}),
        guarded.submit("/login", "/login", password="guess"),
    ]
    assert [answer.status_code for answer in shown] == [200, 403, 405, 404, 403, 403]
    assert not [answer for answer in shown if "acme" in answer.text or "Approvals" in answer.text]


def test_a_link_signs_in_one_browser_once(stranger: Stranger, empty_home: Home) -> None:
    sessions = Sessions(empty_home)
    sessions.serve(str(stranger.base_url))
    link, another = sessions.link(), sessions.link()
    assert stranger.get(link, follow_redirects=False).headers["location"] == "/"
    assert is_in(stranger)
    late, second = Stranger(empty_home), Stranger(empty_home)
    assert late.get(link).status_code == 403
    assert not is_in(late)
    assert second.get(another).status_code == 200
    assert is_in(stranger)
    assert stranger.get(link, follow_redirects=False).status_code == 303  # from the history: in already


def test_a_link_ends_after_an_hour_and_with_its_server(stranger: Stranger, empty_home: Home) -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    earlier = Sessions(empty_home, lambda: now)
    earlier.serve("http://127.0.0.1:8766")
    secret = earlier.link().partition("key=")[2]
    assert not Sessions(empty_home, lambda: now + timedelta(minutes=60)).redeem(secret)
    secret = earlier.link().partition("key=")[2]
    earlier.serve("http://127.0.0.1:8767")
    assert not earlier.redeem(secret)
    earlier.serve(None)
    with pytest.raises(NotServed):
        earlier.link()


def test_a_session_ends_after_two_weeks(empty_home: Home) -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    session = Sessions(empty_home.ensure(), lambda: now).begin()
    assert Sessions(empty_home, lambda: now + timedelta(days=13, hours=23)).is_active(session)
    assert not Sessions(empty_home, lambda: now + timedelta(days=14)).is_active(session)


def test_signing_out_ends_the_session_on_the_server(owner: Client, empty_home: Home) -> None:
    copied, other = cookie(owner), Client(empty_home)
    owner.submit("/logout")
    assert not is_in(owner)
    thief = Stranger(empty_home)
    thief.cookies[cookie_name(empty_home)] = copied
    assert not is_in(thief)
    assert is_in(other)


def test_signing_in_again_ends_the_session_before(owner: Client, empty_home: Home) -> None:
    copied = cookie(owner)
    sign_in(owner, empty_home)
    assert is_in(owner)
    thief = Stranger(empty_home)
    thief.cookies[cookie_name(empty_home)] = copied
    assert not is_in(thief)


def test_a_restart_of_the_server_signs_nobody_out(owner: Client, empty_home: Home) -> None:
    later = Stranger(empty_home)
    later.cookies = owner.cookies
    assert is_in(later)


def test_sessions_and_links_are_kept_as_hashes_only_for_the_owner(owner: Client, empty_home: Home) -> None:
    link = Sessions(empty_home).link()
    file = empty_home.root / "web.sessions.json"
    session = Sessions(empty_home).begin()
    assert not [secret for secret in (link.partition("key=")[2], session) if secret in file.read_text()]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{", '{"sessions": {"a": "b"}}', '{"links": 1}', "\x00"])
def test_a_damaged_list_of_sessions_lets_nobody_in(owner: Client, empty_home: Home, content: str) -> None:
    (empty_home.root / "web.sessions.json").write_text(content)
    assert not is_in(owner)
    sign_in(owner, empty_home)
    assert is_in(owner)


def test_a_form_without_its_token_is_refused(owner: Client) -> None:
    owner.get("/settings/freshbooks")
    answers = {path: [owner.post(path), owner.post(path, data={"csrf": "guess"})] for path in FORMS}
    codes = {path: [answer.status_code for answer in two] for path, two in answers.items()}
    assert codes == {key: [403, 403] for key in FORMS}


@pytest.mark.parametrize("token", ["ünlike", "\u0000", "💥", "\r\n", ""])
def test_a_token_may_be_any_text_and_is_refused(owner: Client, token: str) -> None:
    assert owner.post("/pause", data={"csrf": token}).status_code == 403


def test_a_token_in_an_odd_encoding_is_refused(owner: Client) -> None:
    """UTF-7 can spell halves of characters that no other encoding holds."""
    body = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n+2AA-\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"}
    assert owner.post("/pause", content=body, headers=kind).status_code == 403


@pytest.mark.parametrize(
    "value", ["https://a.example/call\r\nback", "https://a.example/\x00", "a\x7fb", "a\nb"]
)
@pytest.mark.parametrize("field", ["redirect_uri", "client_id", "client_secret"])
def test_no_field_takes_a_line_break_or_another_control_character(
    owner: Client, empty_home: Home, field: str, value: str
) -> None:
    fields = {"redirect_uri": "https://a.example/callback", "client_id": "a", "client_secret": "b"}
    answer = owner.submit("/settings/freshbooks", "/settings/freshbooks", **fields | {field: value})
    assert answer.status_code == 400
    assert "line break" in answer.text
    assert not (empty_home.root / "login.json").exists()


def test_a_token_of_another_browser_is_refused(owner: Client, empty_home: Home) -> None:
    other = Client(empty_home)
    owner.get("/settings")
    answer = owner.post("/pause", data={"csrf": other.token("/settings")})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://evil.example/127.0.0.1:8766"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_sent_from_another_site_is_refused_even_with_a_token(
    owner: Client, headers: dict[str, str]
) -> None:
    token = owner.token("/settings")
    assert owner.post("/settings/frequencies", data={"csrf": token}, headers=headers).status_code == 403
    good = {"Origin": "http://127.0.0.1:8766", "Sec-Fetch-Site": "same-origin"}
    answer = owner.post("/settings/frequencies", data={"csrf": token}, headers=good, follow_redirects=False)
    assert answer.status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(owner: Client) -> None:
    cookie = owner.get("/settings").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_behind_https_the_cookie_never_leaves_by_http(empty_home: Home) -> None:
    public = Stranger(empty_home, hosts=("books.example.com",), public_url="https://books.example.com")
    cookie = public.get("https://books.example.com/login").headers["set-cookie"].lower()
    assert "secure" in cookie


def test_with_a_password_every_page_and_form_asks_for_it(guarded: Stranger) -> None:
    answers = [guarded.get(path, follow_redirects=False) for path in ANSWERS]
    answers += [guarded.submit(path, page="/login") for path in FORMS]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), answer.url
        assert answer.text == ""


def test_the_password_lets_in_and_signing_out_ends_it(guarded: Stranger) -> None:
    assert guarded.submit("/login", page="/login", password="wrong horse").status_code == 403
    assert guarded.get("/", follow_redirects=False).status_code == 303
    assert guarded.submit("/login", page="/login", password=PASSWORD).headers["location"] == "/"
    assert guarded.get("/").status_code == 200
    guarded.submit("/logout")
    assert guarded.get("/", follow_redirects=False).status_code == 303


def test_guessing_is_slowed_down_even_for_the_right_password(guarded: Stranger) -> None:
    token = guarded.token("/login")
    for _ in range(5):
        assert guarded.post("/login", data={"csrf": token, "password": "wrong horse"}).status_code == 403
    answer = guarded.post("/login", data={"csrf": token, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait" in answer.text


def test_guesses_at_the_same_time_are_not_looked_at_more_often() -> None:
    throttle = LoginThrottle()
    with ThreadPoolExecutor(20) as guesses:
        waits = list(guesses.map(lambda _: throttle.admit(), range(60)))
    assert waits.count(0.0) == 5


def test_the_right_password_starts_the_count_anew(guarded: Stranger) -> None:
    for _ in range(3):
        for _ in range(4):
            assert guarded.submit("/login", page="/login", password="wrong horse").status_code == 403
        assert guarded.submit("/login", page="/login", password=PASSWORD).status_code == 303
        guarded.submit("/logout")


def test_a_new_password_ends_every_session(guarded: Stranger, empty_home: Home) -> None:
    guarded.submit("/login", page="/login", password=PASSWORD)
    sessions.set_password(empty_home, "another long one")
    assert not is_in(guarded)  # also before the restart
    later = Stranger(empty_home)
    later.cookies = guarded.cookies
    assert later.get("/", follow_redirects=False).status_code == 303


def test_only_a_hash_of_the_password_is_kept_and_only_for_the_owner(
    guarded: Stranger, empty_home: Home
) -> None:
    file = empty_home.root / "web.json"
    assert PASSWORD not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "options", [Options(host="0.0.0.0"), Options(host="192.0.2.7"), Options(public_url="https://a.example")]
)
def test_others_are_let_near_only_with_a_password(
    empty_home: Home, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PasswordNeeded, match="--set-password"):
        check(empty_home, options)
    monkeypatch.setenv("FRESHBOOKS_WEB_PASSWORD", PASSWORD)
    check(empty_home, options)
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD")
    sessions.set_password(empty_home, PASSWORD)
    check(empty_home, options)


def test_a_container_gives_the_password_in_a_file(empty_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    password = sessions.read_password(file)
    check(empty_home, Options(host="0.0.0.0", password=password))
    client = Stranger(empty_home, password=password)
    assert client.get("/", follow_redirects=False).headers["location"] == "/login"
    assert client.submit("/login", "/login", password=PASSWORD).headers["location"] == "/"
    for text in ("", None):
        file.write_text(text) if text is not None else file.unlink()
        with pytest.raises(HubError, match="password"):
            sessions.read_password(file)


@pytest.mark.parametrize("url", ["http://a.example", "https://a.example/books", "a.example"])
def test_a_public_address_is_https_without_a_path(empty_home: Home, url: str) -> None:
    with pytest.raises(HubError, match="https address without a path"):
        check(empty_home, Options(public_url=url))


def test_a_short_password_is_refused(empty_home: Home, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="at least 10 characters"):
        sessions.set_password(empty_home, "short")
    assert not (empty_home.root / "web.json").exists()


@pytest.mark.parametrize(
    ("asked", "arrived"),
    [
        ("/pack?basis=cash", "/pack?basis=cash"),
        ("//evil.example/x", "/"),
        ("/static/app.css", "/"),
    ],
)
def test_who_signs_in_gets_to_where_they_were_going(empty_home: Home, asked: str, arrived: str) -> None:
    browser = Stranger(empty_home)
    sessions = Sessions(empty_home)
    sessions.serve(str(browser.base_url))
    request = browser.build_request("GET", "/", headers={"accept": "text/html"})
    request.url = request.url.copy_with(raw_path=asked.encode())
    browser.send(request, follow_redirects=False)
    assert browser.get(sessions.link(), follow_redirects=False).headers["location"] == arrived
