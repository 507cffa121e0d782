"""Every page at every width, in the light, in the dark and on paper, with and without a script."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from integration_tests.web.serving import PAGES, STATES, Served, records

pytestmark = pytest.mark.long

WIDTHS = (1280, 768, 390)
PAPER = 720  # of A4 between its margins

# By how much the page is wider than the window, and what is cut off without a way to scroll to it.
OVERFLOW = """() => {
  const cut = [...document.querySelectorAll('main *')].filter((element) => {
    const style = getComputedStyle(element);
    return element.checkVisibility() && style.overflowX === 'hidden' && !element.classList.contains('hidden') &&
      !element.closest('.hidden, thead') && element.scrollWidth > element.clientWidth + 1;
  });
  const over = document.documentElement.scrollWidth - window.innerWidth;
  return [...(over > 0 ? [`${over} px too wide`] : []), ...cut.map((one) => 'cut off: ' + one.outerHTML.slice(0, 80))];
}"""
# What leaves the sheet, and what only a screen can use.
ON_PAPER = """() => {
  const edge = window.innerWidth * 1.4; // browsers shrink what is printed by as much, to fit
  const seen = (element) => element.checkVisibility() && !element.closest('.hidden');
  const wide = [...document.querySelectorAll('main table, main svg, main p')]
    .filter((one) => seen(one) && one.getBoundingClientRect().right > edge);
  const controls = [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea, .button, nav')]
    .filter((one) => seen(one));
  return [...wide.map((one) => 'off the sheet: ' + one.outerHTML.slice(0, 80)),
    ...controls.map((one) => 'printed: ' + one.outerHTML.slice(0, 80))];
}"""


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int
    scheme: Literal["light", "dark"] = "light"
    media: Literal["screen", "print"] = "screen"
    script: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{self.media}{'' if self.script else '-no-script'}"


SCREENS = [Look(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]
PRINTS = [Look(width, "dark", "print") for width in (1280, 768, PAPER)]  # a sheet is never 390 wide
WITHOUT_SCRIPT = [replace(look, script=False) for look in SCREENS]


@pytest.fixture
def tab(chromium: Browser, look: Look, complaints: list[str]) -> Iterator[Page]:
    """A tab of this look; `complaints` holds what the browser says to its developers."""
    with chromium.new_context(
        viewport={"width": look.width, "height": 860},
        color_scheme=look.scheme,
        java_script_enabled=look.script,
        has_touch=look.width < 1000,
    ) as context:
        page = context.new_page()
        page.emulate_media(media=look.media, color_scheme=look.scheme)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.mark.parametrize("look", [*SCREENS, *PRINTS, *WITHOUT_SCRIPT], ids=str)
def test_every_page_in_every_look(tab: Page, look: Look, shown: Served, complaints: list[str]) -> None:
    """Nothing is wider than the window or cut off, nothing fails, and axe has nothing to say of any level."""
    assert faults(tab, shown, look, complaints, axe=look.script) == {}


@pytest.mark.parametrize("look", [Look(768), Look(PAPER, "dark", "print")], ids=str)
def test_every_page_on_a_tablet_and_on_paper(
    tab: Page, look: Look, shown: Served, complaints: list[str]
) -> None:
    assert faults(tab, shown, look, complaints, axe=False) == {}


def faults(
    page: Page, served: Served, look: Look, complaints: list[str], *, axe: bool
) -> dict[str, list[str]]:
    """What is wrong with each page, where something is."""
    found: dict[str, list[str]] = {}
    page.goto(served.link())
    for path in (*PAGES, *records(served.home.marts), *STATES):
        complaints.clear()
        page.goto(served.url + path)
        wrong: list[str] = page.evaluate(ON_PAPER if look.width == PAPER else OVERFLOW)
        if axe:
            wrong += violations(page)
        wrong += [text for text in complaints if path != "/no-such-page"]  # whose status is one
        if wrong:
            found[path] = wrong
    return found


def violations(page: Page) -> list[str]:
    """What axe finds on the page, with the first place of each."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
