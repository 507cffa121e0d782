"""The authorize page with its consent, and the token, revoke and metadata endpoints (1.1, 1.3, 1.4)."""

from __future__ import annotations

import base64
from html import escape
from json import JSONDecodeError, loads
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from freshbooks_sandbox.books.store import Store
from freshbooks_sandbox.oauth import OAuth, OAuthError
from freshbooks_sandbox.responses import Answer
from freshbooks_sandbox.values import Row

_ASKED = (
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f3f6f8;color:#1c2b33}main{max-width:34rem;margin:"
    "4rem auto;background:#fff;padding:2rem;border-radius:8px;box-shadow:0 1px 6px #0002}button{font:inherit;"
    "padding:.5rem 1.5rem;border-radius:6px;border:1px solid #0b7a5b;margin-right:1rem}"
    "button[value=allow]{background:#0b7a5b;color:#fff}"
)


def _page(body: str, status: int = 200) -> HTMLResponse:
    html = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>FreshBooks (sandbox)</title><style>{_STYLE}"
    )
    return HTMLResponse(f"{html}</style><main>{body}</main></html>", status)


def _refusal(oauth: OAuth, asked: Row) -> Response | None:
    """What stops the consent page itself; nothing is sent back to the app then."""
    if asked.get("client_id") != oauth.client_id:
        return _page("<h1>Internal Server Error</h1>", 500)
    if asked.get("redirect_uri") not in oauth.redirect_uris:
        return _page("<h1>An error has occurred</h1><p>The redirect URI included is not valid.</p>", 400)
    if asked.get("response_type") != "code":
        text = "The authorization server does not support this response type."
        return _page(f"<h1>An error has occurred</h1><p>{text}</p>", 400)
    if oauth.scope_problem(asked.get("scope") or ""):
        text = "The requested scope is invalid, unknown, or malformed."
        return _page(f"<h1>An error has occurred</h1><p>{text}</p>", 400)
    return None


async def _authorize(request: Request) -> Response:
    store: Store = request.app.state.store
    oauth: OAuth = request.app.state.oauth
    if request.method == "POST":
        form = dict(parse_qsl((await request.body()).decode()))
        return _refusal(oauth, form) or _decide(oauth, form)
    asked = {name: request.query_params[name] for name in _ASKED if name in request.query_params}
    refusal = _refusal(oauth, asked)
    if refusal is not None:
        return refusal
    businesses = "".join(
        f"<li>{escape(b.business['name'])} <small>({escape(b.role)})</small></li>"
        for b in store.businesses.values()
    )
    scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in (asked.get("scope") or "").split())
    hidden = "".join(f'<input type=hidden name="{k}" value="{escape(v)}">' for k, v in asked.items())
    person = escape(f"{store.identity.get('first_name', '')} {store.identity.get('last_name', '')}")
    return _page(
        f"<h1>Allow this app to use your FreshBooks account?</h1><p>Signed in as <b>{person}</b>.</p>"
        f"<h2>Business accounts</h2><ul>{businesses}</ul><h2>It asks for</h2>"
        f"<ul>{scopes or '<li>its registered default scopes</li>'}</ul>"
        f'<form method=post action="{escape(request.url.path)}">{hidden}'
        "<button name=decision value=allow>Allow</button>"
        "<button name=decision value=deny>Deny</button></form>"
    )


def _decide(oauth: OAuth, form: Row) -> Response:
    back = {"state": form["state"]} if "state" in form else {}
    if form.get("decision") != "allow":
        denied = "The resource owner or authorization server denied the request."
        back = {"error": "access_denied", "error_description": denied, **back}
    else:
        challenge = form.get("code_challenge")
        back = {"code": oauth.consent(form.get("scope"), form["redirect_uri"], challenge), **back}
    return RedirectResponse(f"{form['redirect_uri']}?{urlencode(back)}", 302)


async def read_form(request: Request) -> Row:
    """The fields of a form, multipart or JSON body, and of HTTP Basic client credentials."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        async with request.form() as form:
            fields: Row = {key: str(value) for key, value in form.items()}
    else:
        raw = await request.body()
        fields = (
            _json(raw)
            if kind.startswith("application/json")
            else dict(parse_qsl(raw.decode("utf-8", "replace")))
        )
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = base64.b64decode(coded).decode("utf-8", "replace").partition(":")
        fields = {"client_id": name, "client_secret": secret, **fields}
    return fields


def _json(raw: bytes) -> Row:
    try:
        sent: Any = loads(raw or b"{}")
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return sent if isinstance(sent, dict) else {}


async def _token(request: Request) -> Response:
    store: Store = request.app.state.store
    oauth: OAuth = request.app.state.oauth
    form = await read_form(request)
    request.scope["sandbox.note"]["grant_type"] = form.get("grant_type")
    try:
        with store.lock:
            return Answer(oauth.token(form))
    except OAuthError as error:
        return Answer(error.body, error.status)


async def _revoke(request: Request) -> Response:
    oauth: OAuth = request.app.state.oauth
    try:
        oauth.revoke(await read_form(request))
    except OAuthError as error:
        return Answer(error.body, error.status)
    return Answer({})


async def _introspect(request: Request) -> Response:
    oauth: OAuth = request.app.state.oauth
    form = await read_form(request)
    try:
        oauth.check_client(form)
    except OAuthError as error:
        return Answer(error.body, error.status)
    access = oauth.check(str(form.get("token")))
    if access is None:
        return Answer({"active": False})
    return Answer({"active": True, "scope": access.scope, "exp": int(access.expires_at.timestamp())})


async def _metadata(request: Request) -> Response:
    base = f"{request.url.scheme}://{request.url.netloc}"
    names = {f"{n}_endpoint": f"{base}/service/auth/oauth/{n}" for n in ("token", "revoke", "introspect")}
    names["revocation_endpoint"] = names.pop("revoke_endpoint")
    names["introspection_endpoint"] = names.pop("introspect_endpoint")
    return Answer(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/service/auth/oauth/authorize",
            **names,
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


def routes() -> list[Route]:
    made = [
        Route(path, _authorize, methods=["GET", "POST"])
        for path in ("/oauth/authorize", "/oauth/authorize/", "/service/auth/oauth/authorize")
    ]
    for root in ("/auth/oauth", "/service/auth/oauth"):
        made.append(Route(f"{root}/token", _token, methods=["POST"]))
        made.append(Route(f"{root}/revoke", _revoke, methods=["POST"]))
        made.append(Route(f"{root}/introspect", _introspect, methods=["POST"]))
    made.append(Route("/.well-known/oauth-authorization-server", _metadata))
    return made
