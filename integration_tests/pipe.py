"""The source in a shell pipeline, as `docker run … read | jq` is used; needs jq (Debian: apt-get install jq).

python -m integration_tests.pipe

Every record must come out of the pipeline, and a reader that leaves early must not be answered with a stack trace.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of

EXECUTABLE = Path(sys.executable).with_name("source-freshbooks")
COUNTS = """jq -r 'select(.type == "RECORD") | .record.stream' | sort | uniq -c"""
FIRST = """jq --unbuffered -c 'select(.type == "RECORD") | .record.data' | head -n 1"""


def main() -> int:
    if shutil.which("jq") is None:
        print("jq is not installed. Install it (Debian: apt-get install jq) and run again.")
        return 1
    with tempfile.TemporaryDirectory() as folder, Sandbox(rate_limit=None) as sandbox:
        catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of())
        for name, content in {"config": config_of(sandbox), "catalog": catalog}.items():
            Path(folder, f"{name}.json").write_text(json.dumps(content))
        read = f"{shlex.quote(str(EXECUTABLE))} read --config config.json --catalog catalog.json"
        whole = piped(f"{read} | {COUNTS}", folder, sandbox.url)
        first = piped(f"{read} | {FIRST}", folder, sandbox.url)
    print(whole.stdout, end="")
    missing = {stream.stream.name for stream in catalog_of().streams} - set(whole.stdout.split()[1::2])
    faults = [f"no record of {', '.join(sorted(missing))} came out"] if missing else []
    if whole.returncode:
        faults.append(f"the pipeline ended with code {whole.returncode}: {whole.stderr[-500:]}")
    if len(first.stdout.splitlines()) != 1 or "Traceback" in first.stdout + first.stderr:
        faults.append(
            f"a reader that leaves after one record got {first.stdout!r} and {first.stderr[-500:]!r}"
        )
    print("FAILED: " + "; ".join(faults) if faults else f"{read} | {COUNTS}: every stream came out")
    return 1 if faults else 0


def piped(pipeline: str, folder: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {pipeline}"],
        cwd=folder,
        env=os.environ | {"FRESHBOOKS_API_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
