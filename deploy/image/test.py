"""Builds the connector's image and runs `spec`, `check` and `read` inside it, over a sandbox on the loopback.

python -m deploy.image.test        needs root on Debian or Ubuntu, and no container engine
"""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from deploy.image.containers import Container, build, say
from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of

IMAGE = "localhost/airbyte/source-freshbooks:dev"


def main() -> None:
    started = time.monotonic()
    build(IMAGE, "Dockerfile", "deploy/image/requirements.lock")
    say(started, "built")
    with tempfile.TemporaryDirectory() as folder, Sandbox(rate_limit=None) as sandbox:
        data = Path(folder)
        data.chmod(0o755)
        catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of())
        for name, content in {"config": config_of(sandbox), "catalog": catalog}.items():
            (data / f"{name}.json").write_text(json.dumps(content))
        options = ("--volume", f"{data}:/data:ro", "--env", f"FRESHBOOKS_API_URL={sandbox.url}")
        with Container(IMAGE, *options) as container:
            assert [container.environment["AIRBYTE_ENTRYPOINT"]] == container.entrypoint
            who = container.run("id", "-u")
            size = container.run("du", "-sm", "/airbyte").split()[0]
            installed = container.run("/airbyte/venv/bin/python", "-c", INSTALLED)
            say(started, f"runs as user {container.user} (uid {who}); /airbyte has {size} MB; {installed}")
            assert who == "1000"
            (spec,) = [m["spec"] for m in container.json_lines("spec") if m["type"] == "SPEC"]
            say(started, f"spec: {', '.join(spec['connectionSpecification']['properties'])}")
            checked = container.json_lines("check", "--config", "/data/config.json")
            (status,) = [m["connectionStatus"]["status"] for m in checked if m["type"] == "CONNECTION_STATUS"]
            say(started, f"check: {status}")
            assert status == "SUCCEEDED"
            files = ("--config", "/data/config.json", "--catalog", "/data/catalog.json")
            records = [m["record"] for m in container.json_lines("read", *files) if m["type"] == "RECORD"]
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


if __name__ == "__main__":
    main()
