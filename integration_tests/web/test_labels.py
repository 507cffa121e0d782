"""A form that refuses what was typed names the field as the page does."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from integration_tests.web.serving import PAGES, Client

WRITTEN = {"text", "password", "search", "email", "number"}


class Forms(HTMLParser):
    """Of each form that changes something: its address, its other fields, and the fields in which a person writes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.labels: dict[str, str] = {}
        self._label = ""
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = given.get("method") == "post"
            if self._open:
                self.forms.append((given["action"], {}, {}))
        elif tag == "label" and "for" in given:
            self._label = given["for"]
            self.labels[self._label] = ""
        elif self._open and "name" in given and tag in {"input", "textarea"}:
            _, others, written = self.forms[-1]
            if tag == "textarea" or given.get("type", "text") in WRITTEN:
                written[given["name"]] = given["id"]
            elif given.get("type") == "hidden":
                others[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "label":
            self._label = ""

    def handle_data(self, data: str) -> None:
        if self._label:
            self.labels[self._label] += data.strip()


def test_every_field_in_which_a_person_writes_is_named_by_its_label(client: Client) -> None:
    seen = 0
    for path in dict.fromkeys((*PAGES, "/settings/agents/send")):
        page = Forms(client.get(path).text)
        for address, others, written in page.forms:
            for name, number in written.items():
                answer = client.post(address, data=others | {name: "a\x07b"}, follow_redirects=False)
                assert f"{page.labels[number]}: it holds a line break" in answer.text, (path, name)
                seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    ("path", "page", "typed", "said"),
    [
        ("/settings/notifications/email", "", {"to": "anna", "server": "s.example"}, "To: "),
        (
            "/settings/notifications/email",
            "",
            {"to": "a@example.com", "server": "s.example", "sender": "me"},
            "From: ",
        ),
        ("/settings/notifications/url", "", {"url": "nothing"}, "Address: "),
        ("/settings/users", "", {"name": "Ü", "password": "long enough it is"}, "Name: "),
        ("/settings/users", "", {"name": "anna", "password": "short", "right.default": "look"}, "Password: "),
        ("/settings/users", "", {"name": "anna", "password": "long enough it is"}, "What they may do: "),
        ("/settings/currency", "/settings", {"currency": "dollars"}, "Currency: "),
        ("/settings/receipts", "/settings/agents", {"folder": "no/such"}, "Receipts folder: "),
    ],
)
def test_what_a_field_refuses_begins_with_its_label(
    client: Client, path: str, page: str, typed: dict[str, str], said: str
) -> None:
    shown = page or path.removesuffix("/email").removesuffix("/url")
    answer = client.submit(path, shown, **typed)
    assert answer.status_code == 400
    assert f'role="alert">{said}' in answer.text
