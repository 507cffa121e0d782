"""Images and containers by buildah, where no container engine runs: root on Debian or Ubuntu."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "image"
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


def build(image: str, dockerfile: str, lock: str) -> None:
    """Build `image` of the project as it is, with the packages of `lock` inside."""
    script = str(ROOT / "deploy" / "image" / "build.sh")
    subprocess.run([script, image, dockerfile, lock], check=True)


class Container:
    """A container of `image`, run with its own entrypoint and user; `options` are `buildah run`'s."""

    def __init__(self, image: str, *options: str) -> None:
        self._image = image
        settings = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
        self.user, self.entrypoint = settings["User"], settings["Entrypoint"]
        self.environment: dict[str, str] = dict(pair.split("=", 1) for pair in settings["Env"])
        self._options = options

    def __enter__(self) -> "Container":
        self._name = buildah("from", self._image)
        return self

    def __exit__(self, *_: object) -> None:
        buildah("rm", self._name)

    def command(self, *command: str) -> list[str]:
        return [*BUILDAH, "run", "--isolation", "chroot", *self._options, self._name, "--", *command]

    def run(self, *command: str) -> str:
        return subprocess.run(
            self.command(*command), check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def json_lines(self, *args: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*self.entrypoint, *args).splitlines()]


def say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:5.0f} s] {text}", file=sys.stderr, flush=True)
