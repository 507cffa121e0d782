"""Typer builds a pydantic model for each option that it reads; importing that is half of a small command.

A value that has its type already (text for text, a flag, a default) is taken as it is here, and so is one of the words
of a choice; everything else goes Typer's own way. Where Typer is of a version without that part, nothing is patched.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import typer.core


def install() -> None:
    """Patch Typer in this process."""
    theirs = getattr(typer.core, "build_runtime_param", None)
    if theirs is None or isinstance(theirs, _Quick):
        return
    typer.core.build_runtime_param = _Quick(theirs)  # type: ignore[attr-defined]


class _Quick:
    """Instead of `build_runtime_param`."""

    def __init__(self, theirs: Any) -> None:
        self.theirs = theirs

    def __call__(self, descriptor: Any) -> Any:
        return _Coercion(descriptor, self.theirs)


class _Coercion:
    """Instead of a `RuntimeParam`."""

    def __init__(self, descriptor: Any, theirs: Any) -> None:
        self._descriptor = descriptor
        self._theirs = theirs

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        kind, many = self._descriptor.annotation, param.multiple or param.nargs == -1
        own = self._descriptor.parameter_info.parser is not None
        if isinstance(kind, type) and not many and not own:
            if isinstance(value, kind):
                return value
            if issubclass(kind, Enum) and value in [one.value for one in kind]:
                return kind(value)
        if value is None:
            return () if many else None
        if many and not value:
            return []
        return self._theirs(self._descriptor).coerce(value, param, ctx)
