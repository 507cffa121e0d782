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
NO_SANDBOX = "import importlib.util as u; assert u.find_spec('freshbooks_sandbox') is None"


def main() -> None:
    started = time.monotonic()
    build(IMAGE, "deploy/hub/Dockerfile", "deploy/hub/requirements.lock")
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
            container.run("/opt/freshbooks/bin/python", "-c", NO_SANDBOX)
            container.run(*freshbooks, "connect", "--config", "/books/config.json")
            streams = [word for name in ("clients", "invoices", "payments") for word in ("--stream", name)]
            container.run(*freshbooks, "sync", *streams)
            rows = container.run(*freshbooks, "query", "from outstanding_balances", "--format", "csv")
            say(started, f"synced: outstanding_balances has {len(rows.splitlines()) - 1} rows")
            assert len(rows.splitlines()) > 1
            say(started, f"serve: {serves(container)}")


def serves(container: Container) -> str:
    """The title of the page that `freshbooks serve` shows to who has the password that the first start made."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, file = f"http://127.0.0.1:{port}", "/books/web.password"
    password_file = ("--password-file", file, "--create-password")
    command = container.command(*container.entrypoint, "serve", "--port", str(port), *password_file)
    process = subprocess.Popen(command, start_new_session=True)
    try:
        for _ in range(100):
            try:
                assert requests.get(url, timeout=5).url == f"{url}/login"
            except requests.ConnectionError:
                time.sleep(0.3)
                continue
            page = signed_in(url, container.run("cat", file))
            return page.partition("<title>")[2].partition("</title>")[0]
        raise RuntimeError("freshbooks serve did not answer")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def signed_in(url: str, password: str) -> str:
    """The first page behind the password."""
    with requests.Session() as browser:
        token = (
            browser.get(f"{url}/login", timeout=5).text.partition('name="csrf" value="')[2].partition('"')[0]
        )
        page = browser.post(f"{url}/login", data={"csrf": token, "password": password}, timeout=30)
        assert page.url == f"{url}/"
        return page.text


if __name__ == "__main__":
    main()
