"""Our MCP server as clients meet it: a process that they start, and an address that they call.

python -m integration_tests.agent.serving   serves /mcp of FRESHBOOKS_HOME on a free port, which it prints
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from freshbooks_hub.agent.server.http import mcp_app
from freshbooks_hub.agent.server.token import read_token
from freshbooks_hub.home import Home

EXECUTABLE = Path(sys.executable).with_name("freshbooks")


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The URL of `/mcp` in a process of its own."""
    command = [sys.executable, "-m", "integration_tests.agent.serving"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def main() -> None:
    home = Home(Path(os.environ["FRESHBOOKS_HOME"]))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        app = mcp_app(home, read_token(home), [host])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        print(f"http://{host}/mcp", flush=True)
        server.run(sockets=[listening])


if __name__ == "__main__":
    main()
