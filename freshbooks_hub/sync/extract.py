"""The source as a process: its messages in order, its logs into a file with the tokens blotted out."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from freshbooks_hub.core.errors import SourceFailed, disk_errors
from freshbooks_hub.core.files import open_private, write_private
from freshbooks_hub.sync import source_process
from freshbooks_hub.sync.messages import Answer, Failure, Log, Message, NewConfig, Warned, messages
from freshbooks_hub.sync.source_process import END_SECONDS, SourceProcess

SECRETS = ("client_secret", "refresh_token", "access_token")
CHUNK = 1024 * 1024
# {"taxes": {"439000": [7840, 7841]}}
# By stream and business; of a dated stream by day too.
KnownIds = dict[str, dict[str, list[Any] | dict[str, list[Any]]]]


class RunLog:
    """A log file of one run, without the secrets that were announced to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        with disk_errors(path.parent):
            self._file = open_private(path)

    def hide(self, config: dict[str, Any]) -> None:
        """Blot out the secrets of a connector config, also in what is written already.

        A new token is announced on one stream of the source; a line of the other may have come before it.
        """
        credentials = config.get("credentials", {})
        with self._lock:
            self._secrets |= {credentials[name] for name in SECRETS if credentials.get(name)}
            written = self.path.read_text(encoding="utf-8")
            if (clean := self._blotted(written)) != written:
                self._file.truncate(0)
                self._file.write(clean)
                self._file.flush()

    def write(self, text: str) -> None:
        """Append a line."""
        with self._lock:
            self._file.write(self._blotted(text).rstrip("\n") + "\n")
            self._file.flush()

    def _blotted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "****")
        return text

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


@dataclass(frozen=True)
class Source:
    """How to start the source; `version` changes whenever its catalog may."""

    command: tuple[str, ...]
    version: str

    @classmethod
    def installed(cls) -> Source:
        """The source of this environment, in a process of its own."""
        spec = importlib.util.find_spec("source_freshbooks")
        if spec is None or not spec.submodule_search_locations:
            raise SourceFailed("The package source_freshbooks is not installed. Install source-freshbooks.")
        folder = Path(spec.submodule_search_locations[0])
        changed = max(path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix != ".pyc")
        version = f"{importlib.metadata.version('source-freshbooks')}-{changed:x}"
        return cls(source_process.COMMAND, version)


@dataclass
class SourceRun:
    """Runs verbs of the source with one config; `folder` holds the config for as long as a verb runs."""

    source: Source
    config: dict[str, Any] = field(repr=False)
    folder: Path
    log: RunLog

    def discover(self) -> dict[str, Any]:
        """The catalog, kept in `folder` for each version of the source; raises SourceFailed."""
        cached = self.folder.parent / "catalog.json"
        try:
            document = json.loads(cached.read_bytes())
            if document["version"] == self.source.version:
                catalog: dict[str, Any] = document["catalog"]
                return catalog
        except (OSError, ValueError, KeyError):
            pass  # no cache, or of an older layout
        catalog = self._ask("discover")
        with disk_errors(cached.parent):
            write_private(cached, json.dumps({"version": self.source.version, "catalog": catalog}).encode())
        return catalog

    def check(self) -> Iterator[Message]:
        """Messages of `check`: its `Answer` has `status` (SUCCEEDED, FAILED) and `message`."""
        return self._messages("check", {})

    def read(
        self, catalog: dict[str, Any], states: list[dict[str, Any]], known_ids: KnownIds | None = None
    ) -> Iterator[Message]:
        """Messages of `read`, in order. Ends with SourceFailed when the process fails without a word.

        `known_ids`: the stored rows, by stream and business; those that no list shows are asked for by id.
        """
        inputs: dict[str, Any] = {"catalog": catalog, "state": states}
        return self._messages("read", inputs | ({"known-ids": known_ids} if known_ids else {}))

    def verify(self) -> Iterator[Message]:
        """Messages of `verify`: its `Answer` is the document of what was found about the account."""
        return self._messages("verify", {}, "--protocol")

    def _ask(self, verb: str) -> dict[str, Any]:
        answer: dict[str, Any] | None = None
        for message in self._messages(verb, {}):
            if isinstance(message, Answer):
                answer = message.body
            elif isinstance(message, Failure):
                raise SourceFailed(message.message)
        if answer is None:
            raise SourceFailed(f"The source gave no answer to {verb}. Details: {self.log.path}")
        return answer

    def _messages(self, verb: str, inputs: dict[str, Any], *options: str) -> Iterator[Message]:
        self.log.hide(self.config)
        files: dict[str, Any] = {"config": self.config} | inputs
        paths = {name: self.folder / f"{name}.json" for name in files}
        try:
            with disk_errors(self.folder):
                for name, content in files.items():
                    write_private(paths[name], json.dumps(content).encode())
            arguments = [text for name in files for text in (f"--{name}", str(paths[name]))]
            with self._process([verb, *arguments, *options]) as process:
                yield from self._lines(process, verb)
        finally:
            for path in paths.values():
                path.unlink(missing_ok=True)

    def _lines(self, running: SourceProcess, verb: str) -> Iterator[Message]:
        failed = False
        for message in messages(iter(lambda: running.stdout.read1(CHUNK), b"")):
            if isinstance(message, Log):
                self.log.write(message.text)
                continue
            if isinstance(message, Warned):
                self.log.write(f"WARN {message.text}")
            if isinstance(message, NewConfig):
                self.log.hide(message.config)
            elif isinstance(message, Failure):
                failed = True
                self.log.write(f"ERROR {message.message}\n{message.internal or ''}")
            yield message
        code = running.process.wait()
        if code and not failed:
            raise SourceFailed(
                f"The source stopped during {verb} with exit code {code}. Details: {self.log.path}"
            )

    @contextmanager
    def _process(self, words: list[str]) -> Iterator[SourceProcess]:
        running = source_process.start(self.source.command, words, self.folder)
        errors = threading.Thread(target=self._drain, args=(running.stderr,), daemon=True)
        errors.start()
        try:
            yield running
        finally:
            running.end()
            errors.join(END_SECONDS)

    def _drain(self, stream: IO[bytes]) -> None:
        for line in stream:
            self.log.write(line.decode("utf-8", "replace"))
