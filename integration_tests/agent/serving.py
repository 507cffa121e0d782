"""Our MCP server as clients meet it: a process that they start, and an address that they call.

python -m integration_tests.agent.serving   serves /mcp of FRESHBOOKS_HOME alone, on a free port, which it prints
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from freshbooks_hub.agent.mcp.transports import mcp_app, read_token
from freshbooks_hub.core.home import Home

SERVE = ("freshbooks_hub.cli.main", "serve", "--port", "0")
MCP_ALONE = ("integration_tests.agent.serving",)


@contextmanager
def served(environment: dict[str, str], module: Sequence[str] = SERVE) -> Iterator[str]:
    """The URL of `/mcp` in a process of its own: `freshbooks serve`, or without pages and ticker."""
    command = [sys.executable, "-m", *module]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = re.search(r"http://[^\s/]+", process.stdout.readline())
        assert found, "the server did not start"
        yield f"{found[0]}/mcp"
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def main() -> None:
    home = Home(Path(os.environ["FRESHBOOKS_HOME"]))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        read_token(home)
        app = mcp_app(home, [host])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        print(f"http://{host}", flush=True)
        server.run(sockets=[listening])


if __name__ == "__main__":
    main()
