"""freshbooks-api.md 1.3, 1.4, 1.6: consent, codes, rotation, and what each mistake answers."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from freshbooks_sandbox import Sandbox

from .conftest import caller

ME = "/auth/api/v1/users/me"


def consent(sandbox: Sandbox, decision: str = "allow", **change: str) -> requests.Response:
    asked = {
        "client_id": sandbox.client_id,
        "response_type": "code",
        "redirect_uri": sandbox.redirect_uri,
        "scope": "user:clients:read",
        "state": "s t/1",
        **change,
    }
    page = requests.get(f"{sandbox.url}/oauth/authorize/", params=asked, timeout=5)
    if page.status_code != 200:
        return page
    url = f"{sandbox.url}/oauth/authorize/"
    return requests.post(url, data={**asked, "decision": decision}, allow_redirects=False, timeout=5)


def code_of(sandbox: Sandbox, **change: str) -> str:
    return parse_qs(urlsplit(consent(sandbox, **change).headers["location"]).query)["code"][0]


def exchange(
    sandbox: Sandbox, root: str = "/auth/oauth", send: str = "data", **fields: str
) -> requests.Response:
    body = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "redirect_uri": sandbox.redirect_uri,
        **fields,
    }
    if send == "files":
        return requests.post(
            f"{sandbox.url}{root}/token", files={k: (None, v) for k, v in body.items()}, timeout=5
        )
    return requests.post(f"{sandbox.url}{root}/token", timeout=5, **{send: body})


def refresh(sandbox: Sandbox, token: str, **change: str) -> requests.Response:
    return exchange(sandbox, grant_type="refresh_token", refresh_token=token, **change)


def alive(sandbox: Sandbox, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(sandbox.url + ME, headers=headers, timeout=5).status_code == 200


def test_the_consent_page_lists_the_businesses_and_offers_both_answers(fresh: Sandbox) -> None:
    asked = {"client_id": fresh.client_id, "response_type": "code", "redirect_uri": fresh.redirect_uri}
    page = requests.get(f"{fresh.url}/oauth/authorize", params=asked, timeout=5).text
    assert "Maple &amp; Pine Studio" in page
    assert "Allow" in page
    assert "Deny" in page


def test_allowing_sends_code_and_state_back_to_the_redirect_uri(fresh: Sandbox) -> None:
    answer = consent(fresh)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(fresh.redirect_uri + "?")
    assert query["state"] == ["s t/1"]


def test_denying_sends_access_denied(fresh: Sandbox) -> None:
    query = parse_qs(urlsplit(consent(fresh, "deny").headers["location"]).query)
    assert query["error"] == ["access_denied"]
    assert "code" not in query


@pytest.mark.parametrize(
    "scope", ["user:nothing:read", "user:reports:write", "user:clients:read user:profile:write"]
)
def test_one_bad_scope_fails_the_whole_consent_without_naming_it(fresh: Sandbox, scope: str) -> None:
    page = consent(fresh, scope=scope)
    assert "The requested scope is invalid, unknown, or malformed" in page.text
    assert scope.split()[-1] not in page.text


def test_a_scope_that_is_not_enabled_on_the_app_fails_alike(fresh: Sandbox) -> None:
    fresh.behaviours.enabled_scopes.discard("user:clients:read")
    assert "invalid, unknown, or malformed" in consent(fresh).text


def test_an_unknown_client_id_is_a_500_page(fresh: Sandbox) -> None:
    assert consent(fresh, client_id="nobody").status_code == 500


def test_only_registered_https_redirects_are_taken(fresh: Sandbox) -> None:
    assert consent(fresh, redirect_uri="https://evil.example/cb").status_code == 400
    with pytest.raises(ValueError, match="HTTPS"):
        fresh.oauth.register_redirect("http://localhost:8765/callback")
    fresh.oauth.register_redirect("https://localhost:9000/cb")
    assert consent(fresh, redirect_uri="https://localhost:9000/cb").status_code == 302


@pytest.mark.parametrize("send", ["data", "json", "files"])
@pytest.mark.parametrize("root", ["/auth/oauth", "/service/auth/oauth"])
def test_the_token_endpoint_takes_form_multipart_and_json_on_both_paths(
    fresh: Sandbox, send: str, root: str
) -> None:
    answer = exchange(fresh, root, send, grant_type="authorization_code", code=code_of(fresh))
    token = answer.json()
    assert answer.status_code == 200
    assert token["expires_in"] == 43_200
    assert token["created_at"] == int(fresh.clock.now().timestamp())
    assert len(token["refresh_token"]) == 64
    assert token["direct_buy_tokens"] == {}
    assert token["scope"] == "user:clients:read user:profile:read"  # profile is always granted
    claims = token["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["scope"] == token["scope"]


def test_a_code_is_single_use_and_lives_five_minutes(fresh: Sandbox) -> None:
    code = code_of(fresh)
    assert exchange(fresh, grant_type="authorization_code", code=code).status_code == 200
    again = exchange(fresh, grant_type="authorization_code", code=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    late = code_of(fresh)
    fresh.clock.advance(minutes=5, seconds=1)
    assert exchange(fresh, grant_type="authorization_code", code=late).json()["error"] == "invalid_grant"


def test_the_code_is_bound_to_its_redirect_uri(fresh: Sandbox) -> None:
    fields = {"grant_type": "authorization_code", "redirect_uri": "https://localhost:1/x"}
    assert exchange(fresh, code=code_of(fresh), **fields).json()["error"] == "invalid_grant"


def test_pkce_is_checked_when_it_was_asked_for(fresh: Sandbox) -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    fields = {"grant_type": "authorization_code"}
    wrong = exchange(fresh, code=code_of(fresh, code_challenge=challenge), code_verifier="x", **fields)
    assert wrong.json()["error"] == "invalid_grant"
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    right = exchange(fresh, code=code_of(fresh, code_challenge=challenge), code_verifier=verifier, **fields)
    assert right.status_code == 200


def test_a_refresh_token_works_once_and_brings_the_next(fresh: Sandbox) -> None:
    first = fresh.grant()
    second = refresh(fresh, first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    spent = refresh(fresh, first["refresh_token"])
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")
    assert refresh(fresh, second.json()["refresh_token"]).status_code == 200


def test_refreshing_without_redirect_uri_works_too(fresh: Sandbox) -> None:
    body = {
        "grant_type": "refresh_token",
        "refresh_token": fresh.grant()["refresh_token"],
        "client_id": fresh.client_id,
        "client_secret": fresh.client_secret,
    }
    assert requests.post(f"{fresh.url}/auth/oauth/token", data=body, timeout=5).status_code == 200


def test_a_wrong_secret_is_invalid_client_401_and_spends_nothing(fresh: Sandbox) -> None:
    token = fresh.grant()["refresh_token"]
    wrong = refresh(fresh, token, client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert refresh(fresh, token).status_code == 200


def test_client_credentials_do_not_exist(fresh: Sandbox) -> None:
    answer = exchange(fresh, grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_second_consent_kills_the_first_pair(fresh: Sandbox) -> None:
    first, second = fresh.grant(), fresh.grant()
    assert not alive(fresh, first["access_token"])
    assert refresh(fresh, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert alive(fresh, second["access_token"])


def test_access_ends_twelve_hours_after_created_at(fresh: Sandbox) -> None:
    token = fresh.grant()["access_token"]
    fresh.clock.advance(hours=11, minutes=59)
    assert alive(fresh, token)
    fresh.clock.advance(minutes=2)
    assert not alive(fresh, token)


def test_expiry_counts_from_created_at_even_when_that_is_the_first_exchange(fresh: Sandbox) -> None:
    fresh.behaviours.refresh_keeps_created_at = True
    first = fresh.grant()
    fresh.clock.advance(hours=6)
    second = refresh(fresh, first["refresh_token"]).json()
    assert second["created_at"] == first["created_at"]
    fresh.clock.advance(hours=7)
    assert not alive(fresh, second["access_token"])


def test_revoke_kills_the_access_token_at_once(fresh: Sandbox) -> None:
    token = fresh.grant()["access_token"]
    body = {"client_id": fresh.client_id, "client_secret": fresh.client_secret, "token": token}
    answer = requests.post(f"{fresh.url}/auth/oauth/revoke", data=body, timeout=5)
    assert (answer.status_code, answer.json()) == (200, {})
    assert not alive(fresh, token)


def test_metadata_names_the_service_endpoints(fresh: Sandbox) -> None:
    data = requests.get(f"{fresh.url}/.well-known/oauth-authorization-server", timeout=5).json()
    assert data["token_endpoint"] == f"{fresh.url}/service/auth/oauth/token"
    assert data["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize(
    "path",
    [ME, "/accounting/account/mPx4Q9/users/clients", "/projects/business/439000/projects"],
)
@pytest.mark.parametrize("token", ["", "Bearer nonsense"])
def test_no_token_or_nonsense_is_the_same_401_in_every_family(fresh: Sandbox, path: str, token: str) -> None:
    answer = requests.get(fresh.url + path, headers={"Authorization": token}, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthenticated"


def test_accounting_401_has_the_newer_shape_under_the_version_header(fresh: Sandbox) -> None:
    headers = {"X-API-VERSION": "2023-02-20"}
    url = f"{fresh.url}/accounting/account/mPx4Q9/users/clients"
    body = requests.get(url, headers=headers, timeout=5).json()
    assert body["code"] == 16
    assert body["details"][0]["reason"] == "1003"


def test_a_missing_scope_is_403_with_both_lists(fresh: Sandbox) -> None:
    api = caller(fresh, ["user:expenses:read"])
    denied = api.get("/comments/business/439000/services")
    assert denied.status_code == 403
    assert denied.json()["message"] == (
        "insufficient_scope: The request requires higher privileges than provided by the access token. "
        "Provided: ['user:expenses:read user:profile:read']. Required: ['user:billable_items:read']."
    )
    accounting = api.get("{acct}/users/clients")
    assert accounting.status_code == 403
    assert "Required: ['user:clients:read']" in accounting.json()["response"]["errors"][0]["message"]
    assert api.get("{acct}/expenses/categories").status_code == 200


def test_writing_needs_the_write_scope(fresh: Sandbox) -> None:
    api = caller(fresh, ["user:clients:read"])
    denied = api.post("{acct}/users/clients", client={"organization": "X"})
    assert denied.status_code == 403
    assert "user:clients:write" in denied.text


def test_token_calls_are_logged_with_their_grant_type(fresh: Sandbox) -> None:
    refresh(fresh, fresh.grant()["refresh_token"])
    (logged,) = fresh.requests.matching("*/token", "POST")
    assert (logged.note["grant_type"], logged.status) == ("refresh_token", 200)
