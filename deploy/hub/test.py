"""Builds the hub's image and lives in it: connect, sync, ask, serve, over a sandbox on the loopback.

python -m deploy.hub.test        needs root on Debian or Ubuntu, and no container engine
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from deploy.image.containers import Container, build, say
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of

IMAGE = "localhost/freshbooks:dev"
USER = 10001


def main() -> None:
    started = time.monotonic()
    build(IMAGE, "deploy/hub/Dockerfile", ".[hub]")
    say(started, "built")
    with tempfile.TemporaryDirectory() as folder, Sandbox(rate_limit=None) as sandbox:
        home = Path(folder)
        (home / "config.json").write_text(json.dumps(config_of(sandbox)))
        for path in (home, home / "config.json"):
            os.chown(path, USER, USER)
        # Not /data: buildah lays the image's own volume over what is mounted there; an engine doesn't.
        settings = {
            "FRESHBOOKS_API_URL": sandbox.url,
            "FRESHBOOKS_AUTH_URL": sandbox.url,
            "FRESHBOOKS_HOME": "/books",
        }
        environment = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        with Container(IMAGE, "--volume", f"{home}:/books", *environment) as container:
            who, size = container.run("id", "-u"), container.run("du", "-sm", "/opt/freshbooks").split()[0]
            say(started, f"runs as uid {who}; /opt/freshbooks has {size} MB")
            assert who == str(USER)
            freshbooks = container.entrypoint
            container.run(*freshbooks, "connect", "--config", "/books/config.json")
            streams = [word for name in ("clients", "invoices", "payments") for word in ("--stream", name)]
            container.run(*freshbooks, "sync", *streams)
            rows = container.run(*freshbooks, "query", "from outstanding_balances", "--format", "csv")
            say(started, f"synced: outstanding_balances has {len(rows.splitlines()) - 1} rows")
            assert len(rows.splitlines()) > 1
            say(started, f"serve: {serves(container)}")


def serves(container: Container) -> str:
    """The title of the page that `freshbooks serve` shows, on the loopback as everywhere by default."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = container.command(*container.entrypoint, "serve", "--port", str(port))
    process = subprocess.Popen(command, start_new_session=True)
    try:
        for _ in range(100):
            try:
                page = requests.get(f"http://127.0.0.1:{port}/", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.3)
                continue
            page.raise_for_status()
            return page.text.partition("<title>")[2].partition("</title>")[0]
        raise RuntimeError("freshbooks serve did not answer")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


if __name__ == "__main__":
    main()
