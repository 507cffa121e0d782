"""The exposures name what reads the marts, and each mart that it reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from unit_tests.dbt.builds import MARTS, PROJECT

ROOT = PROJECT.parent
REF = re.compile(r"ref\('(\w+)'\)")
READ = re.compile(r"""(?:\b(?:FROM|JOIN) (?:marts\.)?|\b(?:mart|needs)=")(\w+)\b(?! import)""", re.IGNORECASE)
WEB = ROOT / "freshbooks_hub" / "web"
PAGES = WEB / "pages"
# Where the SQL of each stands. What every page shows of the marts (web/) is the status page's.
READERS = {
    "status_page": (
        *(path for path in WEB.glob("*.py") if path.name not in {"figures.py", "monthly.py"}),
        *(ROOT / "freshbooks_hub" / "status").glob("*.py"),
        *(ROOT / "freshbooks_hub" / "marts").glob("*.py"),
        PAGES / "status.py",
    ),
    "balances_page": (PAGES / "balances.py",),
    "connections_page": (PAGES / "overview.py",),
    "lists_pages": (
        *(ROOT / "freshbooks_hub" / "web" / "lists").glob("*.py"),
        *(PAGES / f"{name}.py" for name in ("invoice", "client", "project", "bill")),
    ),
    "expenses_page": (PAGES / "expenses.py",),
    "home_page": (WEB / "figures.py", PAGES / "home.py"),
    "money_page": (WEB / "monthly.py", PAGES / "money.py"),
    "tax_page": (PAGES / "tax.py",),
    "time_page": (PAGES / "time.py",),
    "weekly_summary": tuple((ROOT / "freshbooks_hub" / "notifications").glob("*.py")),
    "accountants_pack": (
        PAGES / "pack.py",
        *(ROOT / "freshbooks_hub" / "marts" / "pack").glob("*.py"),
    ),
    "evidence_pages": tuple((ROOT / "deploy" / "bi" / "evidence" / "sources").rglob("*.sql")),
    "agents": tuple((ROOT / "freshbooks_hub" / "agent").rglob("*.py")),
}


def exposed() -> dict[str, set[str]]:
    content = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())
    return {one["name"]: set(REF.findall(" ".join(one["depends_on"]))) for one in content["exposures"]}


def read_by(files: tuple[Path, ...]) -> set[str]:
    return {name for path in files for name in READ.findall(path.read_text())} & set(MARTS)


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_exposed(name: str) -> None:
    found = read_by(READERS[name])
    assert found, "nothing is read there any more"
    assert found <= exposed()[name]


def test_every_page_with_marts_is_exposed() -> None:
    known = {path for files in READERS.values() for path in files}
    assert [path.name for path in PAGES.glob("*.py") if path not in known and read_by((path,))] == []


def test_the_semantic_layer_is_over_the_marts_that_have_metrics() -> None:
    files = (PROJECT / "models" / "semantic").glob("*__metrics.yml")
    assert exposed()["semantic_layer"] == {path.name.removesuffix("__metrics.yml") for path in files}
