"""Bills that are kept in FreshBooks' Bill Pay: no API shows them, and everyone who asks what is owed is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshbooks_hub.agent import reads
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.hub import AS_OF, Hub
from integration_tests.web.serving import Client

STREAMS = ("businesses", "bills", "bill_vendors", "bill_payments", "report_balance_sheet")
SENTENCE = "Bills kept in Bill Pay cannot be read"


@pytest.mark.long
def test_payables_of_bill_pay_are_said_to_be_incomplete_in_marts_pages_and_answers(tmp_path: Path) -> None:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        sandbox.behaviours.bill_pay = True
        hub = Hub(tmp_path / "home", sandbox)
        hub.connect()
        words = [word for stream in STREAMS for word in ("--stream", stream)]
        done = hub.run("sync", "--json", "--as-of", AS_OF, *words)
        assert done.returncode == 0, done.stderr
    assert hub.query("from ap_aging") == []
    gaps = hub.query("from fb_gaps where gap_code = 'bill_pay'")
    assert {(gap["business_id"], gap["stream_name"]) for gap in gaps} == {
        (439000, "bills"),
        (439117, "bills"),
    }
    home = Home(hub.home)
    assert SENTENCE.replace("'", "&#39;") in Client(home).get("/status").text
    answer = reads.query_marts(home.marts, statement="SELECT sum(outstanding_amount) AS owed FROM ap_aging")
    assert any(f"Bills: b{SENTENCE[1:]}" in told for told in answer.context.gaps), answer.context.gaps
    described = reads.describe_marts(home.marts)
    assert any(told.startswith("Not complete, ") and "Bills" in told for told in described.context.gaps)
