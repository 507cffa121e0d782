"""What a person typed into a form, and what is wrong with it: shown again beside the field that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from freshbooks_hub.core.errors import HubError


@dataclass
class Typed:
    """`values`: text by the name of the field; `problems`: a sentence by the same, "" for the form as a whole.

    Passwords are not shown again, so a template gives their fields no value.
    """

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> Typed:
        """What was sent, without blanks around it."""
        return cls({name: str(value).strip() for name, value in form.multi_items()})

    def get(self, name: str) -> str:
        """The text of a field; empty where there is none."""
        return self.values.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self.values

    @contextmanager
    def problem_of(self, name: str = "", label: str = "") -> Iterator[None]:
        """Keep what the block refuses as the problem of this field, which `label` names."""
        try:
            yield
        except HubError as error:
            self.problems[name] = f"{label}: {error}" if label else str(error)
