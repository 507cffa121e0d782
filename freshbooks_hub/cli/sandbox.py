"""`freshbooks sandbox`: the local FreshBooks stand-in, with what a user needs to connect to it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from freshbooks_api.expiry import expiry
from freshbooks_hub.connection.oauth import Tokens
from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private

if TYPE_CHECKING:
    from freshbooks_sandbox import Sandbox


def sandbox_class() -> type[Sandbox]:
    """Of the distribution freshbooks-sandbox, the extra `demo`; HubError without it."""
    try:
        from freshbooks_sandbox import Sandbox
    except ModuleNotFoundError as error:
        if error.name != "freshbooks_sandbox":
            raise
        raise HubError(
            "The sandbox is not installed; `pip install 'source-freshbooks[demo]'` adds it."
        ) from error
    return Sandbox


def serve(port: int, config: Path | None) -> None:
    """Serve on 127.0.0.1 until interrupted; with `config`, write a ready connector config there."""
    try:
        sandbox = sandbox_class()(seed="demo", port=port).start()
    except OSError as error:
        raise HubError(
            f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from error
    try:
        print(f"export FRESHBOOKS_API_URL={sandbox.url} FRESHBOOKS_AUTH_URL={sandbox.url}")
        print(f"# client_id:     {sandbox.client_id}")
        print(f"# client_secret: {sandbox.client_secret}")
        print(f"# redirect_uri:  {sandbox.redirect_uri}", flush=True)
        if config is not None:
            given = sandbox.grant()
            # A whole pair: what does not keep a new refresh token does not spend the one there is either.
            tokens = Tokens(given["access_token"], given["refresh_token"], expiry(given, utc_now()))
            credentials = {
                "auth_type": "oauth2.0",
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "redirect_uri": sandbox.redirect_uri,
                **tokens.as_credentials(),
            }
            with disk_errors(config):
                write_private(config.absolute(), json.dumps({"credentials": credentials}, indent=2).encode())
            print(f"# connect with:  freshbooks connect --config {config}", flush=True)
        threading.Event().wait()
    finally:
        sandbox.stop()
