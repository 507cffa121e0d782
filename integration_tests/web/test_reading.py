"""Every page in a real browser: by keyboard, by screen reader, on a phone, on paper, in the dark, without a script."""

import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync.progress import Recorded, Silent
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.web.serving import PAGES, Client, Served

pytestmark = pytest.mark.long

# What a checker of accessibility looks at first; returns what is wrong.
FAULTS = """() => {
  const wrong = [];
  const named = (element) => element.ariaLabel || element.textContent.trim() ||
    (element.getAttribute('aria-labelledby') || '').split(' ').map((id) => document.getElementById(id)?.textContent)
      .join('').trim();
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!field.labels.length && !named(field)) wrong.push('no label: ' + field.name);
  for (const image of document.querySelectorAll('img')) if (!image.hasAttribute('alt')) wrong.push('no alt');
  for (const svg of document.querySelectorAll('svg'))
    if (!svg.ariaHidden && !(['img', 'group'].includes(svg.role) && svg.ariaLabel))
      wrong.push('a picture without a name');
  for (const element of document.querySelectorAll('a, button, summary, [role=region], nav, section'))
    if (!named(element)) wrong.push('no name: ' + element.outerHTML.slice(0, 80));
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const name of ['aria-labelledby', 'aria-describedby'])
      for (const id of (element.getAttribute(name) || '').split(' ').filter(Boolean))
        if (!document.getElementById(id)) wrong.push('points nowhere: ' + id);
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('twice: ' + id);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => +heading.tagName[1]);
  if (levels.filter((level) => level === 1).length !== 1 || levels[0] !== 1) wrong.push('headings: ' + levels);
  levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) wrong.push('a heading is skipped'); });
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent.trim()) wrong.push('a table without a caption');
    for (const cell of table.querySelectorAll('th')) if (!cell.scope) wrong.push('th without scope');
  }
  for (const part of ['main', 'header', 'nav[aria-label=Pages]', '.skip'])
    if (document.querySelectorAll(part).length < 1) wrong.push('no ' + part);
  if (document.querySelectorAll('main').length !== 1) wrong.push('main');
  if (document.querySelectorAll('nav[aria-label=Pages] [aria-current=page]').length !== 1) wrong.push('aria-current');
  if (document.documentElement.lang !== 'en') wrong.push('lang');
  return [...new Set(wrong)];
}"""

# WCAG 2.2, 1.4.3: 4.5 for text, 3 for large text; returns the texts below.
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest('.hidden, button:disabled, script, noscript, title'))
      continue;
    const style = getComputedStyle(element);
    const colour = rgba(element.closest('svg') ? style.fill : style.color);
    const [high, low] = [light(colour), light(ground(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (large ? 3 : 4.5)) faint.add(`${text.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
}"""


# Between the texts of neighbouring cells of tables that do not scroll; and by how much one is wider than its card.
GAPS = """() => {
  const gaps = [], over = [];
  const text = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  };
  for (const table of document.querySelectorAll('table.plain')) {
    over.push(table.getBoundingClientRect().right - table.parentElement.getBoundingClientRect().right);
    for (const row of table.rows)
      for (let i = 1; i < row.cells.length; i++)
        if (row.cells[i - 1].textContent && row.cells[i].textContent)
          gaps.push(text(row.cells[i]).left - text(row.cells[i - 1]).right);
  }
  return [gaps, Math.max(...over)];
}"""


def test_on_a_phone_the_account_and_the_way_out_are_in_the_menu(page: Page, shown: Served) -> None:
    page.goto(shown.link())
    account, out = page.get_by_role("link", name="Your account"), page.get_by_role("button", name="Sign out")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(account).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    for one in (account, out):
        expect(one).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    for one in (account, out):
        expect(one).to_be_in_viewport()
    assert page.evaluate(SMALL) == []
    out.click()
    expect(page).to_have_url(f"{shown.url}/login")


# What a finger has to hit, and is lower than 44 pixels.
SMALL = """() => [...document.querySelectorAll('button:not(.link), .button, nav a, main summary, select, ' +
    'input:not([type=hidden], [type=checkbox], [type=radio])')]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.textContent.trim() || element.name, element.getBoundingClientRect().height])
  .filter(([, height]) => height > 0 && height < 43.9)"""


def test_a_screen_reader_and_a_finger_find_their_way(page: Page, shown: Served) -> None:
    page.goto(shown.link())
    page.set_viewport_size({"width": 390, "height": 800})
    faults = {}
    for path in PAGES:
        page.goto(shown.url + path)
        faults[path] = [*page.evaluate(FAULTS), *page.evaluate(SMALL)]
    # It is not in the menu of an owner with one connection.
    assert faults.pop("/connections") == ["aria-current"]
    assert faults == {path: [] for path in PAGES if path in faults}


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_figures_side_by_side_do_not_read_as_one(page: Page, shown: Served, width: int) -> None:
    """89 invoices over 184,209.66 must not look like 89184,209.66; nor may a table leave its card."""
    page.goto(shown.link())
    page.set_viewport_size({"width": width, "height": 780})
    page.goto(f"{shown.url}/balances?business=439000")
    gaps, widest = page.evaluate(GAPS)
    assert len(gaps) > 10
    assert min(gaps) >= 10
    assert widest <= 0


def test_titles_tell_the_pages_apart(client: Client) -> None:
    titles = {re.search("<title>(.*)</title>", client.get(path).text)[1] for path in PAGES}  # type: ignore[index]
    assert len(titles) == len(PAGES)


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(page: Page, shown: Served) -> None:
    page.goto(shown.link())
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to the content")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_on_paper_there_are_charts_and_tables_and_no_buttons(page: Page, shown: Served) -> None:
    page.goto(shown.link())
    page.goto(f"{shown.url}/balances")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".chart").first).to_be_visible()
    expect(page.get_by_role("table", name="Outstanding in USD, by days overdue")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(FAINT) == []
    assert page.pdf().startswith(b"%PDF")


def test_a_chart_draws_what_its_table_says(page: Page, shown: Served) -> None:
    """The longest bar is the largest amount, and lengths are in proportion."""
    page.goto(shown.link())
    page.goto(f"{shown.url}/balances?business=439000")
    card = page.locator("section.card", has=page.get_by_role("heading", name="USD"))
    widths = card.locator(".chart rect:not(.track)").evaluate_all(
        "bars => bars.map((bar) => bar.getBBox().width)"
    )
    cells = card.locator("tbody tr:not(.sum, .aside) td:last-child").all_inner_texts()
    amounts = [float(cell.replace(",", "")) for cell in cells]
    longest = max(widths)
    for width, amount in zip(widths, amounts, strict=True):
        assert width / longest == pytest.approx(amount / max(amounts), abs=0.011)


def test_a_page_without_a_script_shows_the_same(
    no_script: Callable[[], Page], page: Page, shown: Served
) -> None:
    page.goto(shown.link())
    bare = no_script()
    bare.goto(shown.link())
    for path in PAGES:
        for tab in (bare, page):
            tab.goto(shown.url + path)
        # Only what could not work without one is not there.
        assert [line for line in _lines(page) if line != "Copy"] == _lines(bare), path


def _lines(page: Page) -> list[str]:
    """What is read on the page. The two are loaded one after the other: a minute may pass between."""
    text = re.sub(r"\d+ (s|min|h)\b", "a while", page.locator("main").inner_text())
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_progress_moves_while_one_looks_on_and_the_page_comes_back_at_the_end(
    page: Page, empty_home: Home
) -> None:
    ConnectionStore(empty_home.ensure().connection).connect(config_of(Sandbox(seed="empty")))
    with Served(empty_home) as served, ExitStack() as syncing:
        syncing.enter_context(sync_lock(empty_home.root))
        reporter = syncing.enter_context(Recorded(Silent(), empty_home))
        reporter.phase("Reading FreshBooks")
        page.goto(served.link())
        expect(page.get_by_role("heading", name="Sync is running")).to_be_visible()
        expect(page.get_by_role("button", name="Sync now")).to_be_disabled()
        reporter.completed("invoices", 12_345)
        expect(page.locator("main").get_by_role("listitem").filter(has_text="invoices")).to_contain_text(
            "12,345 ✓"
        )
        reporter.phase("Building marts, as of 2026-11-01")
        expect(page.get_by_text("Building marts, as of 2026-11-01")).to_be_visible()
        syncing.close()
        expect(page.get_by_role("heading", name="Sync is running")).to_be_hidden()
        expect(page.get_by_role("button", name="Sync now")).to_be_enabled()
