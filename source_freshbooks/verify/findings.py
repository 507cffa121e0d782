"""Collects what is read differently because of what was found."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Changes:
    """Collects what `components.assumptions.Adaptations` will read."""

    by_stream: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    streams: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def put(self, kind: str, name: str, value: Any) -> None:
        """`kind` is a mapping of Adaptations."""
        self.by_stream[kind][name] = value

    def add(self, kind: str, stream: str) -> None:
        """`kind` is a set of Adaptations."""
        self.streams[kind].add(stream)

    def zone(self, stream: str, default: str) -> str:
        """The zone of the stamps of `stream`, as far as it is known by now."""
        return str(self.by_stream["zones"].get(stream, default))

    def as_json(self) -> dict[str, Any]:
        """Without what is empty."""
        kinds: dict[str, Any] = {kind: dict(sorted(found.items())) for kind, found in self.by_stream.items()}
        kinds |= {kind: sorted(found) for kind, found in self.streams.items()}
        return {kind: found for kind, found in sorted(kinds.items()) if found}
