"""Whoever reads a staging model leaves the rejected rows out."""

from __future__ import annotations

import re

import yaml

from unit_tests.dbt.builds import PROJECT

# They show the rejected rows, or ask whether there is any row at all.
READ_EVERY_ROW = {"fb_rejected_rows", "int_bill_pay"}
IMPORT = re.compile(r"from \{\{ ref\('stg_freshbooks__[^)]*\) \}\}(.*)\n(.*)")


def test_models_leave_rejected_rows_out() -> None:
    read, forgotten = 0, []
    for path in sorted((PROJECT / "models").rglob("*.sql")):
        if path.parent.name == "staging" or path.stem in READ_EVERY_ROW:
            continue
        for rest, following in IMPORT.findall(path.read_text()):
            read += 1
            if not following.strip().startswith("where rejected_values is null") or rest.strip():
                forgotten.append(path.stem)
        assert len(IMPORT.findall(path.read_text())) == len(
            re.findall(r"from \{\{ ref\('stg_", path.read_text())
        )
    assert read > 50
    assert forgotten == []


def test_totals_and_lost_rows_are_compared_without_rejected_rows() -> None:
    read, forgotten = 0, []
    for path in sorted((PROJECT / "models").rglob("*.yml")):
        for model in yaml.load(path.read_text(), yaml.CSafeLoader).get("models", []):
            for test in model.get("data_tests", []):
                for check in test["checks"]["arguments"]["checks"]:
                    (given,) = check.values()
                    for name in ("to", "of"):
                        read += name in given
                        where = str(given.get(f"{name}_where", ""))
                        if "ref('stg_" in str(given.get(name, "")) and "rejected_values is null" not in where:
                            forgotten.append(given["name"])
    assert read > 10
    assert forgotten == []
