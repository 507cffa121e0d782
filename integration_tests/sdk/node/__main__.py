"""The checks of `check.js` against a sandbox of its own, with FreshBooks' own Node SDK.

python -m integration_tests.sdk.node        needs Node.js; npm installs the SDK, once
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from freshbooks_sandbox import Sandbox

HERE = Path(__file__).parent
INSTALL = ("npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")


def main() -> int:
    if not (HERE / "node_modules" / "@freshbooks" / "api").exists():
        subprocess.run(INSTALL, cwd=HERE, check=True)
    sandbox = Sandbox(rate_limit=None, post_rate_limit=None)
    sandbox.clock.freeze(datetime(2026, 11, 5, 15, 30, tzinfo=UTC))
    sandbox.behaviours.webhooks_wait = True
    with sandbox:
        told = {
            "FRESHBOOKS_API_URL": sandbox.url,
            "CLIENT_ID": sandbox.client_id,
            "CLIENT_SECRET": sandbox.client_secret,
            "REDIRECT_URI": sandbox.redirect_uri,
            "CODE": sandbox.oauth.consent(None, sandbox.redirect_uri),
            "TZ": "UTC",
        }
        return subprocess.run(
            ["node", "check.js"], cwd=HERE, env={**os.environ, **told}, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
