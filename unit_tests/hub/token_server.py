"""A token endpoint with single-use refresh tokens, in a thread; faults on demand."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class TokenServer(ThreadingHTTPServer):
    """`refresh-0` is alive at first; each refresh kills the token used and issues the next."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[dict[str, str]] = []
        self.generation = 0
        self.answer: tuple[int, Any] | None = None
        self.hang_up = False
        self.delay = 0.0
        self.me = 200
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: TokenServer

    def do_GET(self) -> None:
        """`users/me`, with the status that the test chose."""
        self.reply(self.server.me, {"error": "refused"} if self.server.me >= 400 else {"response": {"id": 1}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        server = self.server
        time.sleep(server.delay)
        with server.lock:
            server.posts.append(form)
            if server.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            if server.answer:
                self.reply(*server.answer)
            elif form.get("refresh_token") != f"refresh-{server.generation}":
                self.reply(400, {"error": "invalid_grant", "error_description": "no longer valid"})
            else:
                server.generation += 1
                number = server.generation
                self.reply(
                    200,
                    {
                        "access_token": f"access-{number}",
                        "refresh_token": f"refresh-{number}",
                        "token_type": "Bearer",
                        "created_at": int(time.time()),
                        "expires_in": 43200,
                    },
                )

    def reply(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass
