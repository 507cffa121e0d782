"""A stand-in for Airbyte's public API, as far as setting up a connection needs it: lists by page, bodies checked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT_ID, CLIENT_SECRET, TOKEN = "airbyte-client", "airbyte-secret", "airbyte-token"
WORKSPACE = "w-1"
DEFINITIONS = f"/v1/workspaces/{WORKSPACE}/definitions/sources"
REQUIRED = {
    DEFINITIONS: {"name", "dockerRepository", "dockerImageTag"},
    "/v1/sources": {"name", "workspaceId", "configuration"},
    "/v1/connections": {"sourceId", "destinationId"},
}
IDS = {DEFINITIONS: "id", "/v1/sources": "sourceId", "/v1/connections": "connectionId"}


@dataclass
class Airbyte:
    url: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {path: [] for path in IDS})
    sync_modes: list[str] = field(
        default_factory=lambda: [
            "full_refresh_overwrite",
            "incremental_append",
            "incremental_deduped_history",
        ]
    )
    writes: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/v1/streams":
            names = ("clients", "invoices")
            return 200, [{"streamName": name, "syncModes": self.sync_modes} for name in names]
        if method == "GET":
            start = int(query.get("offset", 0))
            rows = self.rows[path]
            return 200, {
                "data": rows if path == DEFINITIONS else rows[start : start + int(query.get("limit", 20))]
            }
        self.writes.append(f"{method} {path}")
        if method == "POST":
            if missing := REQUIRED[path] - body.keys():
                return 422, {"title": f"missing {sorted(missing)}"}
            row = {**body, IDS[path]: f"id-{len(self.rows[path])}", "status": "active"}
            self.rows[path].append(row)
            return 200, row
        collection, _, id_ = path.rpartition("/")
        row = next(row for row in self.rows[collection] if row[IDS[collection]] == id_)
        row.update(body)
        return 200, row


@contextmanager
def airbyte_server() -> Iterator[Airbyte]:
    airbyte = Airbyte()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            url = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            if url.path == "/v1/applications/token":
                ok = body == {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
                status, answer = (200, {"access_token": TOKEN}) if ok else (401, {})
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, answer = 401, {}
            else:
                status, answer = airbyte.answer(self.command, url.path, query, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = handle_one

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    airbyte.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield airbyte
    finally:
        server.shutdown()
        server.server_close()
