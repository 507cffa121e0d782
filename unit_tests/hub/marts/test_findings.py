"""What the marts report about themselves is kept beside them, and holds for these very marts alone."""

from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.findings import Findings, findings, keep_findings
from freshbooks_hub.marts.open import MartsDamaged


def publish(home: Home, amount: str) -> None:
    new = home.run / "marts_next.duckdb"
    with duckdb.connect(new) as db:
        db.execute("CREATE SCHEMA marts; USE marts")
        db.execute(
            "CREATE TABLE fb_reconciliation AS SELECT 'own_arithmetic' AS check_kind, 'Tax' AS check_name, 1 AS "
            "business_id, 'Studio' AS business_name, 'CAD' AS currency_code, DATE '2026-10-31' AS end_date, "
            f"{amount}::DECIMAL(18,3) AS our_amount, 0::DECIMAL(18,3) AS freshbooks_amount, "
            f"{amount}::DECIMAL(18,3) AS difference_amount, NULL::VARCHAR AS wrong_rows, false AS is_ok"
        )
        db.execute(
            "CREATE TABLE fb_rejected_rows AS SELECT 1 AS business_id, 'bills' AS stream_name, 'k' AS row_key, "
            "false AS is_row_published, 'bad' AS why, 'bills, payments' AS affected_marts"
        )
    new.replace(home.marts)


def test_findings_are_those_of_the_published_marts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home").ensure()
    assert findings(home) == keep_findings(home) == Findings([], [])
    publish(home, "1.5")
    kept = keep_findings(home)
    assert [(one.our_amount, one.end_date) for one in kept.differences] == [("1.50", "2026-10-31")]
    assert kept.rejected[0].marts == {"bills", "payments"}
    with monkeypatch.context() as patched:
        patched.setattr(
            "freshbooks_hub.marts.findings._read", lambda marts: pytest.fail("the marts were read")
        )
        assert findings(home) == kept
    publish(home, "2.5")
    assert [one.our_amount for one in findings(home).differences] == ["2.50"]
    keep_findings(home)
    (home.run / "findings.json").write_text("{")
    assert [one.our_amount for one in findings(home).differences] == ["2.50"]
    home.marts.write_bytes(b"no database")
    with pytest.raises(MartsDamaged):
        findings(home)
