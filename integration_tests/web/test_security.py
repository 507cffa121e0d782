"""Strangers get nothing: other names, other sites, old forms, no password; and every answer has its headers."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from freshbooks_hub.errors import HubError
from freshbooks_hub.home import Home
from freshbooks_hub.web import keys
from freshbooks_hub.web.security import Doorman
from freshbooks_hub.web.server import Options, PasswordNeeded, check
from integration_tests.web.serving import ANSWERS, PAGES, Client

PASSWORD = "correct horse battery"
FORMS = (
    "/sync",
    "/pause",
    "/resume",
    "/settings/frequencies",
    "/settings/connections",
    "/settings/check",
    "/settings/freshbooks",
    "/settings/freshbooks/log-in",
    "/settings/freshbooks/businesses",
    "/settings/freshbooks/disconnect",
    "/approvals/check",
    "/approvals/a/approve",
    "/approvals/a/refuse",
    "/approvals/a/settle",
)


@pytest.fixture
def stranger(empty_home: Home) -> Client:
    return Client(empty_home)


@pytest.fixture
def guarded(empty_home: Home) -> Client:
    keys.set_password(empty_home, PASSWORD)
    return Client(empty_home)


def test_every_page_forbids_scripts_frames_and_caches(stranger: Client) -> None:
    for path in (*ANSWERS, "/nothing", "/c/nobody/"):
        headers = stranger.get(path).headers
        policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
        assert {policy[name] for name in ("script-src", "style-src", "form-action", "connect-src")} == {
            "'self'"
        }
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path


def test_no_page_holds_inline_script_or_style(stranger: Client) -> None:
    for path in PAGES:
        text = stranger.get(path).text
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text) == [], path
        assert re.findall(r'(?:src|href)="(?:https?:)?//(?!my\.freshbooks\.com)', text) == [], path


def test_static_files_may_be_kept_for_their_address_changes_with_them(stranger: Client) -> None:
    address = re.search(r'href="(/static/app\.css\?\w+)"', stranger.get("/").text)
    assert address
    assert "immutable" in stranger.get(address[1]).headers["cache-control"]
    assert stranger.get("/static/../keys.py").status_code == 404


@pytest.mark.parametrize("host", ["books.example.com", "127.0.0.1.example.com", "localhost.evil", ""])
def test_another_host_name_is_refused(stranger: Client, host: str) -> None:
    assert stranger.get("/", headers={"Host": host}).status_code == 400


def test_a_form_without_its_token_is_refused(stranger: Client) -> None:
    stranger.get("/settings/freshbooks")
    answers = {path: [stranger.post(path), stranger.post(path, data={"csrf": "guess"})] for path in FORMS}
    codes = {path: [answer.status_code for answer in two] for path, two in answers.items()}
    assert codes == {key: [403, 403] for key in FORMS}


def test_a_token_of_another_browser_is_refused(stranger: Client, empty_home: Home) -> None:
    other = Client(empty_home)
    stranger.get("/settings")
    answer = stranger.post("/pause", data={"csrf": other.token("/settings")})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_sent_from_another_site_is_refused_even_with_a_token(
    stranger: Client, headers: dict[str, str]
) -> None:
    token = stranger.token("/settings")
    assert stranger.post("/settings/frequencies", data={"csrf": token}, headers=headers).status_code == 403
    good = {"Origin": "http://127.0.0.1:8766", "Sec-Fetch-Site": "same-origin"}
    answer = stranger.post(
        "/settings/frequencies", data={"csrf": token}, headers=good, follow_redirects=False
    )
    assert answer.status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Client) -> None:
    cookie = stranger.get("/settings").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_behind_https_the_cookie_never_leaves_by_http(empty_home: Home) -> None:
    public = Client(empty_home, hosts=("books.example.com",), public_url="https://books.example.com")
    cookie = public.get("https://books.example.com/settings").headers["set-cookie"].lower()
    assert "secure" in cookie


def test_with_a_password_every_page_and_form_asks_for_it(guarded: Client) -> None:
    answers = [guarded.get(path, follow_redirects=False) for path in ANSWERS]
    answers += [guarded.submit(path, page="/login") for path in FORMS]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), answer.url
        assert answer.text == ""


def test_the_password_lets_in_and_signing_out_ends_it(guarded: Client) -> None:
    assert guarded.submit("/login", page="/login", password="wrong horse").status_code == 403
    assert guarded.get("/", follow_redirects=False).status_code == 303
    assert guarded.submit("/login", page="/login", password=PASSWORD).headers["location"] == "/"
    assert guarded.get("/").status_code == 200
    guarded.submit("/logout")
    assert guarded.get("/", follow_redirects=False).status_code == 303


def test_guessing_is_slowed_down_even_for_the_right_password(guarded: Client) -> None:
    token = guarded.token("/login")
    for _ in range(5):
        assert guarded.post("/login", data={"csrf": token, "password": "wrong horse"}).status_code == 403
    answer = guarded.post("/login", data={"csrf": token, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait" in answer.text


def test_guesses_at_the_same_time_are_not_looked_at_more_often() -> None:
    doorman = Doorman()
    with ThreadPoolExecutor(20) as guesses:
        waits = list(guesses.map(lambda _: doorman.admit(), range(60)))
    assert waits.count(0.0) == 5


def test_the_right_password_starts_the_count_anew(guarded: Client) -> None:
    for _ in range(3):
        for _ in range(4):
            assert guarded.submit("/login", page="/login", password="wrong horse").status_code == 403
        assert guarded.submit("/login", page="/login", password=PASSWORD).status_code == 303
        guarded.submit("/logout")


def test_a_new_password_ends_every_session(guarded: Client, empty_home: Home) -> None:
    guarded.submit("/login", page="/login", password=PASSWORD)
    cookie = guarded.cookies["freshbooks_hub"]
    keys.set_password(empty_home, "another long one")
    later = Client(empty_home)
    later.cookies["freshbooks_hub"] = cookie
    assert later.get("/", follow_redirects=False).status_code == 303


def test_only_a_hash_of_the_password_is_kept_and_only_for_the_owner(
    guarded: Client, empty_home: Home
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
    keys.set_password(empty_home, PASSWORD)
    check(empty_home, options)


def test_a_container_gives_the_password_in_a_file(empty_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    password = keys.read_password(file)
    check(empty_home, Options(host="0.0.0.0", password=password))
    client = Client(empty_home, password=password)
    assert client.get("/", follow_redirects=False).headers["location"] == "/login"
    assert client.submit("/login", "/login", password=PASSWORD).headers["location"] == "/"
    for text in ("", None):
        file.write_text(text) if text is not None else file.unlink()
        with pytest.raises(HubError, match="password"):
            keys.read_password(file)


@pytest.mark.parametrize("url", ["http://a.example", "https://a.example/books", "a.example"])
def test_a_public_address_is_https_without_a_path(empty_home: Home, url: str) -> None:
    with pytest.raises(HubError, match="https address without a path"):
        check(empty_home, Options(public_url=url))


def test_a_short_password_is_refused(empty_home: Home, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="at least 10 characters"):
        keys.set_password(empty_home, "short")
    assert not (empty_home.root / "web.json").exists()
