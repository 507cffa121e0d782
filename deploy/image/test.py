"""Builds the connector's image and runs `spec`, `check` and `read` inside it, over a sandbox on the loopback.

python -m deploy.image.test        needs root on Debian or Ubuntu, and no container engine
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "image"
IMAGE = "localhost/airbyte/source-freshbooks:dev"
BUILDAH = [
    "buildah",
    "--root",
    str(WORK / "storage"),
    "--runroot",
    str(WORK / "run"),
    "--storage-driver",
    "vfs",
]


def buildah(*args: str) -> str:
    return subprocess.run([*BUILDAH, *args], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Container:
    """A container of the image, as Airbyte would run it: its own entrypoint and user."""

    def __init__(self, data: Path, api_url: str) -> None:
        settings = json.loads(buildah("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
        self.user, self._entrypoint = settings["User"], settings["Entrypoint"]
        environment = dict(pair.split("=", 1) for pair in settings["Env"])
        assert [environment["AIRBYTE_ENTRYPOINT"]] == self._entrypoint
        self._options = ["--volume", f"{data}:/data:ro", "--env", f"FRESHBOOKS_API_URL={api_url}"]

    def __enter__(self) -> "Container":
        self._name = buildah("from", IMAGE)
        return self

    def __exit__(self, *_: object) -> None:
        buildah("rm", self._name)

    def run(self, *command: str) -> str:
        return buildah("run", "--isolation", "chroot", *self._options, self._name, "--", *command)

    def source(self, *args: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*self._entrypoint, *args).splitlines()]


def main() -> None:
    started = time.monotonic()
    subprocess.run([str(ROOT / "deploy" / "image" / "build.sh"), IMAGE], check=True)
    say(started, "built")
    with tempfile.TemporaryDirectory() as folder, Sandbox(rate_limit=None) as sandbox:
        data = Path(folder)
        data.chmod(0o755)
        catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of())
        for name, content in {"config": config_of(sandbox), "catalog": catalog}.items():
            (data / f"{name}.json").write_text(json.dumps(content))
        with Container(data, sandbox.url) as container:
            who = container.run("id", "-u")
            size = container.run("du", "-sm", "/airbyte").split()[0]
            installed = container.run("/airbyte/venv/bin/python", "-c", INSTALLED)
            say(started, f"runs as user {container.user} (uid {who}); /airbyte has {size} MB; {installed}")
            assert who == "1000"
            (spec,) = [m["spec"] for m in container.source("spec") if m["type"] == "SPEC"]
            say(started, f"spec: {', '.join(spec['connectionSpecification']['properties'])}")
            checked = container.source("check", "--config", "/data/config.json")
            (status,) = [m["connectionStatus"]["status"] for m in checked if m["type"] == "CONNECTION_STATUS"]
            say(started, f"check: {status}")
            assert status == "SUCCEEDED"
            files = ("--config", "/data/config.json", "--catalog", "/data/catalog.json")
            records = [m["record"] for m in container.source("read", *files) if m["type"] == "RECORD"]
            found = Counter(record["stream"] for record in records)
            say(started, "read: " + ", ".join(f"{stream} {count}" for stream, count in sorted(found.items())))
            missing = {stream.stream.name for stream in catalog_of().streams} - found.keys()
            assert not missing, f"no records of {sorted(missing)}"


INSTALLED = """
import importlib.util as u
missing = [n for n in ("freshbooks_hub", "freshbooks_sandbox", "dbt", "duckdb", "pip") if u.find_spec(n)]
assert not missing, missing
print("no hub, sandbox, dbt, duckdb or pip")
"""


def say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:5.0f} s] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
