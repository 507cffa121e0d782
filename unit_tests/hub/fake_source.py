"""A source that says what a script file tells it to: one JSON list of steps per verb.

Run as `python fake_source.py SCRIPT VERB --config F [--catalog F --state F] [--protocol]`. A step is a protocol message
(an object), a raw line (a string), or {"do": "sleep" | "exit" | "copy_inputs" | "complete", ...}.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path


def main() -> None:
    script, verb, *arguments = sys.argv[1:]
    arguments = [argument for argument in arguments if argument != "--protocol"]
    inputs = {name.lstrip("-"): path for name, path in zip(arguments[::2], arguments[1::2], strict=True)}
    for step in json.loads(Path(script).read_text("utf-8"))[verb]:
        match step:
            case {"do": "sleep", "seconds": seconds}:
                sys.stdout.flush()
                time.sleep(seconds)
            case {"do": "exit", "code": code}:
                sys.stdout.flush()
                sys.exit(code)
            case {"do": "copy_inputs", "to": folder}:
                for name, path in inputs.items():
                    shutil.copy(path, Path(folder) / f"{name}.json")
            case {"do": "complete", "failing": failing, **more}:
                asked = json.loads(Path(inputs["catalog"]).read_text("utf-8"))["streams"]
                for name in (stream["stream"]["name"] for stream in asked):
                    for record in more.get("records", {}).get(name, ()) if name not in failing else ():
                        sys.stdout.write(json.dumps(record) + "\n")
                    status = {"stream_descriptor": {"name": name}, "status": "COMPLETE"}
                    trace = {"type": "STREAM_STATUS", "emitted_at": 0, "stream_status": status}
                    message = failing.get(name) or {"type": "TRACE", "trace": trace}
                    sys.stdout.write(json.dumps(message) + "\n")
            case {"do": "stderr", "text": text}:
                print(text, file=sys.stderr, flush=True)
            case str():
                sys.stdout.write(step + "\n")
            case _:
                sys.stdout.write(json.dumps(step, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
