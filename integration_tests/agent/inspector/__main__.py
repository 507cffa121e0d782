"""The checks of `checks.py`, with the Inspector that package-lock.json pins.

python -m integration_tests.agent.inspector        needs Node.js; npm installs the rest, once
"""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def main() -> int:
    installed = HERE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    return int(pytest.main(["-q", "-p", "no:cacheprovider", str(HERE / "checks.py")]))


if __name__ == "__main__":
    sys.exit(main())
