"""Receipts and logos: multipart `content` in, bytes out by their jwt (freshbooks-api.md 7.5, 3.11)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, route
from freshbooks_sandbox.books.store import Store
from freshbooks_sandbox.domain.common import fake_jwt
from freshbooks_sandbox.oauth import OAuth
from freshbooks_sandbox.responses import Answer, vnd

_LIMIT = 10 * 1024 * 1024


async def _upload(request: Request) -> Response:
    store: Store = request.app.state.store
    oauth: OAuth = request.app.state.oauth
    try:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        access = oauth.check(token)
        if access is None:
            raise responses.unauthenticated("uploads")
        if store.by_account(request.path_params["account"]) is None:
            raise responses.family_not_found("uploads")
        if "user:uploads:write" not in access.scopes:
            raise responses.insufficient_scope("uploads", access.scope, "user:uploads:write")
        form = await request.form()
        sent = form.get("content")
        if sent is None or isinstance(sent, str):
            raise responses.ApiError(400, {"error": "The file field 'content' is missing."})
        content = await sent.read()
        if len(content) > _LIMIT:
            raise responses.accounting(413, 1020, "File upload failed: the file is too large.", "content")
    except responses.ApiError as error:
        return error.answer(new_shape=False)
    with store.lock:
        jwt = fake_jwt("file", len(store.files), hashlib.sha256(content).hexdigest())
        media_type = sent.content_type or "application/octet-stream"
        store.files[jwt] = {"content": content, "media_type": media_type, "filename": sent.filename}
        uuid = f"{len(store.files):08x}-0000-4000-8000-000000000000"
    body = {
        "filename": f"upload-{uuid}",
        "public_id": jwt,
        "jwt": jwt,
        "media_type": media_type,
        "uuid": uuid,
    }
    if request.url.path.endswith("/images"):
        link = f"https://my.freshbooks.com/service/uploads/images/{jwt}"
        return Answer({"image": body, "link": link}, 201)
    return vnd({"attachment": body}, 201)


def _download(call: Call) -> Response:
    file = call.store.files.get(call.path("jwt"))
    if file is None:
        raise responses.ApiError(404, {"error": "Not found."})
    return Response(file["content"], media_type=file["media_type"])


def routes() -> list[Route]:
    return [
        Route("/uploads/account/{account}/attachments", _upload, methods=["POST"]),
        Route("/uploads/account/{account}/images", _upload, methods=["POST"]),
        route("/uploads/attachments/{jwt}", {"GET": _download}, "uploads"),
        route("/uploads/images/{jwt}", {"GET": _download}, "uploads"),
    ]
