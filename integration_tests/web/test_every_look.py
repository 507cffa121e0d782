"""Every page at every width, in the light, in the dark and on paper, with and without a script."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from integration_tests.web.serving import PAGES, STATES, Served, records
from integration_tests.web.test_reading import FAINT

pytestmark = pytest.mark.long

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

    def __str__(self) -> str:
        return f"{self.width} {self.scheme} {self.media}"


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A page is loaded once on each device, and looked at in each look of it.
DEVICES = {
    "desk": [*(Look(1280, scheme) for scheme in SCHEMES), Look(PAPER, "dark", "print")],
    "touch": [Look(width, scheme) for width in (768, 390, 360) for scheme in SCHEMES],
}
# Where axe looks, and whether at contrasts, on which it spends two thirds of its time. What it finds depends on one of
# the two at a time, so each width and each scheme once is all; what is faint in the dark is found by FAINT.
BY_AXE = {Look(1280): True, Look(768, "dark"): False, Look(390): False}


@pytest.fixture
def tab(chromium: Browser, device: str, script: bool, complaints: list[str]) -> Iterator[Page]:
    """A tab on this device; `complaints` holds what the browser says to its developers."""
    with chromium.new_context(java_script_enabled=script, has_touch=device == "touch") as context:
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("device", DEVICES)
def test_every_page_in_every_look(
    tab: Page, device: str, script: bool, shown: Served, complaints: list[str]
) -> None:
    """Nothing is wider than the window or cut off, nothing fails, and axe has nothing to say of any level."""
    found: dict[str, list[str]] = {}
    tab.goto(shown.link())
    for path in (*PAGES, *records(shown.home.marts), *STATES):
        complaints.clear()
        tab.goto(shown.url + path)
        # The status of one page is a complaint of its own.
        wrong = [text for text in complaints if path != "/no-such-page"]
        for look in DEVICES[device]:
            tab.set_viewport_size({"width": look.width, "height": 860})
            tab.emulate_media(media=look.media, color_scheme=look.scheme)
            said = tab.evaluate(ON_PAPER if look.media == "print" else OVERFLOW)
            if script and look in BY_AXE:
                said += violations(tab, contrasts=BY_AXE[look])
            if script and device == "desk" and look.media == "screen":
                said += tab.evaluate(FAINT)
            wrong += [f"{look}: {one}" for one in said]
        if wrong:
            found[path] = wrong
    assert found == {}


def violations(page: Page, *, contrasts: bool = True) -> list[str]:
    """What axe finds on the page, with the first place of each."""
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrasts}}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
