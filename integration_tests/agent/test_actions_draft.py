"""An invoice drafted from a finished project: right, whole, and never twice."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from freshbooks_api.verified import LAYOUT
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview, DraftInvoiceRequest
from freshbooks_hub.agent.actions.models import ActionRefused, Status
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.sync.assumptions import Assumptions
from integration_tests.agent.acting import BUSINESS, Firm, opened_firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def draft(firm: Firm, project: int | str, **options: object) -> DraftInvoicePreview:
    preview = firm.actions.propose(
        DraftInvoiceRequest(project_id=project, **{"taxes": [], **options}), "agent"
    ).preview
    assert isinstance(preview, DraftInvoicePreview)
    return preview


def refusal(firm: Firm, project: int | str, **options: object) -> ActionRefused:
    with pytest.raises(ActionRefused) as caught:
        draft(firm, project, **options)
    return caught.value


def test_bills_the_whole_teams_unbilled_billable_logged_time_and_nothing_else(firm: Firm) -> None:
    project = firm.project(firm.client()["id"])
    mine = firm.time(project, 5400)
    theirs = firm.time(project, 1800, identity_id=2_192_801)
    firm.time(project, billed=True)
    firm.time(project, billable=False)
    firm.time(project, is_logged=False, timer={"id": 1, "is_running": True})
    firm.sandbox.delete("time_entries", BUSINESS, firm.time(project)["id"])
    firm.time(firm.project(project["client_id"], title="Another"))

    preview = draft(firm, "website", group_by="person")

    assert [(line.name, line.quantity, line.amount) for line in preview.lines] == [
        ("Robin Achterberg", "1.50", "150.00"),
        ("Zoë O'Connell", "0.50", "50.00"),
    ]
    assert [entry.id for line in preview.lines for entry in line.entries] == [mine["id"], theirs["id"]]
    assert preview.total == "200.00"


def test_the_draft_in_freshbooks_is_the_preview_to_the_cent(firm: Firm) -> None:
    project = firm.finished_project(3)
    firm.time(project, 4321)
    firm.expense(
        clientid=project["client_id"], modern_projectid=project["id"], billable=True, markup_percent="10"
    )
    action = firm.actions.propose(
        DraftInvoiceRequest(project_id=project["id"], taxes=["GST", "QST"], due_in_days=30), "agent"
    )
    done = firm.done(action)

    assert isinstance(action.preview, DraftInvoicePreview)
    assert done.status is Status.confirmed
    assert done.result is not None
    invoice = firm.rows("invoices")[done.result.record_id]
    assert done.result.differences == ()
    assert invoice["amount"] == {"amount": action.preview.total, "code": "USD"}
    assert invoice["v3_status"] == "draft"
    assert invoice["due_date"] == "2026-12-02"
    # 4.20 h at 100 and an expense of 33; QST is on top of GST; each tax is rounded once.
    time, gst = Decimal("420.00"), Decimal("21.00")
    assert Decimal(action.preview.total) == time + 33 + gst + Decimal("43.99")
    assert firm.sandbox.outbox == []


@pytest.mark.parametrize(
    ("method", "amounts"),
    [("project_rate", ["112.50"]), ("service_rate", ["120.00"]), ("team_member_rate", ["140.00"])],
)
def test_the_rate_follows_the_billing_method(firm: Firm, method: str, amounts: list[str]) -> None:
    design = next(row["id"] for row in firm.rows("services").values() if row["name"] == "Design")
    project = firm.project(
        firm.client()["id"], billing_method=method, rate="112.50" if method == "project_rate" else None
    )
    firm.time(project, service_id=design)
    assert [line.amount for line in draft(firm, project["id"]).lines] == amounts


def test_an_unknown_rate_is_asked_for_and_never_guessed(firm: Firm) -> None:
    project = firm.project(firm.client()["id"], billing_method="team_member_rate", rate=None)
    firm.time(project)
    firm.time(project, identity_id=2_192_829)  # has no rate
    asked = refusal(firm, project["id"])
    assert asked.code == "rate_unknown"
    assert asked.detail["missing"] == [{"person": "Priya Raghunathan", "service": "no service"}]

    preview = draft(firm, project["id"], hourly_rate="80.00")
    assert sorted(line.amount for line in preview.lines) == ["140.00", "80.00"]
    assert any("given with the request" in warning for warning in preview.warnings)


def test_a_fixed_price_is_billed_once_and_covers_its_hours(firm: Firm) -> None:
    project = firm.project(
        firm.client()["id"], project_type="fixed_price", billing_method=None, fixed_price="4800.00", rate=None
    )
    entry = firm.time(project)
    action = firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent")
    assert isinstance(action.preview, DraftInvoicePreview)
    assert action.preview.total == "4800.00"
    assert [covered.id for covered in action.preview.covered_entries] == [entry["id"]]
    assert firm.done(action).status is Status.confirmed

    firm.time(project)
    assert refusal(firm, project["id"]).code == "nothing_unbilled"


def test_groups_by_service_person_or_day(firm: Firm) -> None:
    services = {row["name"]: row["id"] for row in firm.rows("services").values()}
    project = firm.project(firm.client()["id"])
    firm.time(project, started_at="2026-10-20T23:30:00Z", service_id=services["Design"])
    # Evening in Toronto: the next day in UTC, the same day on the worker's clock.
    firm.time(project, started_at="2026-10-21T02:30:00Z", service_id=services["Workshop"])
    assert [line.name for line in draft(firm, project["id"]).lines] == ["Design", "Workshop"]
    firm.actions.reject(firm.actions.list()[0].id, "owner", "web")
    assert [line.name for line in draft(firm, project["id"], group_by="day").lines] == ["2026-10-20"]


def test_says_what_keeps_a_project_from_being_billed(firm: Firm) -> None:
    client = firm.client()["id"]
    open_project = firm.project(client, title="Open", complete=False)
    internal = firm.project(None, title="Internal", internal=True)
    empty = firm.project(client, title="Empty")
    assert refusal(firm, open_project["id"]).code == "not_complete"
    assert refusal(firm, internal["id"]).code == "no_client"
    assert refusal(firm, empty["id"]).code == "nothing_unbilled"
    assert refusal(firm, "No such").code == "project_unknown"
    firm.project(client, title="Empty")
    assert len(refusal(firm, "Empty").detail["choices"]) == 2


def test_currency_is_the_clients_and_an_expense_in_another_one_is_left_out(firm: Firm) -> None:
    project = firm.project(firm.client(currency_code="CAD")["id"])
    firm.time(project)
    firm.expense(clientid=project["client_id"], modern_projectid=project["id"], billable=True)
    preview = draft(firm, project["id"])
    assert (preview.currency, preview.total) == ("CAD", "100.00")
    assert preview.left_out == {"expense in another currency": 1}


def test_taxes_are_those_of_the_clients_latest_invoice_or_asked_for(firm: Firm) -> None:
    project = firm.finished_project(1)
    asked = refusal(firm, project["id"], taxes=None)
    assert asked.code == "taxes_unknown"
    assert {"name": "HST", "percent": "13"} in asked.detail["taxes"]
    line = {"name": "Earlier", "qty": "1", "unit_cost": "10.00", "taxName1": "HST", "taxAmount1": "13"}
    firm.sandbox.create(
        "invoices", BUSINESS, customerid=project["client_id"], create_date="2026-09-01", lines=[line]
    )
    preview = draft(firm, project["id"], taxes=None)
    assert [(tax.name, tax.amount) for tax in preview.taxes] == [("HST", "13.00")]
    assert any("latest invoice" in warning for warning in preview.warnings)


@pytest.mark.parametrize(
    ("link", "behaviours", "linked"),
    [
        ("mark", {"billed_writable": True}, True),
        ("mark", {"billed_writable": False}, False),
        ("lines", {"link_time_entries": True, "billed_writable": False}, True),
        ("lines", {"link_time_entries": False, "billed_writable": False}, False),
        ("off", {"billed_writable": True}, False),
        ("auto", {"billed_writable": True}, True),
        ("auto", {"link_time_entries": True, "billed_writable": False}, False),  # nothing is known of lines
    ],
)
def test_says_whether_freshbooks_shows_the_time_as_billed_and_bills_it_once_either_way(
    firm: Firm, link: str, behaviours: dict[str, bool], linked: bool
) -> None:
    for name, value in behaviours.items():
        setattr(firm.sandbox.behaviours, name, value)
    firm.actions.policy.set_link(link, "owner", "terminal")  # type: ignore[arg-type]
    project = firm.finished_project()
    done = firm.done(firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent"))
    assert done.result is not None
    assert done.result.linked_in_freshbooks is linked
    assert [row["billed"] for row in firm.rows("time_entries").values()] == [linked, linked]

    assert refusal(firm, project["id"]).code == "nothing_unbilled"
    late = firm.time(project, 1800)
    preview = draft(firm, project["id"])
    assert [entry.id for line in preview.lines for entry in line.entries] == [late["id"]]


def found_out(firm: Firm, **links: str) -> None:
    """What verify found of this account's invoices, in the home."""
    business = {"requests": 1, "facts": [], "adapt": {"links": links}}
    Assumptions(firm.home).keep(
        {"layout": LAYOUT, "version": "1", "checked_at": "", "businesses": {str(BUSINESS): business}}
    )


@pytest.mark.parametrize("shape", ["objects", "numbers"])
@pytest.mark.parametrize("link", ["auto", "lines"])
def test_lines_name_their_time_as_the_accounts_own_invoices_do(firm: Firm, shape: str, link: str) -> None:
    """FreshBooks heeds that one shape alone, and marks nothing by itself."""
    firm.sandbox.behaviours.link_time_entries = True
    firm.sandbox.behaviours.time_link = shape
    firm.sandbox.behaviours.billed_writable = False
    found_out(firm, time_entries=shape)
    firm.actions.policy.set_link(link, "owner", "terminal")  # type: ignore[arg-type]
    project = firm.finished_project()
    done = firm.done(firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent"))
    assert done.result is not None
    assert done.result.linked_in_freshbooks
    [line] = firm.sent("*/invoices/invoices", "POST")[0]["invoice"]["lines"]
    numbers = list(firm.rows("time_entries"))
    assert line["modern_time_entries"] == (numbers if shape == "numbers" else [{"id": n} for n in numbers])
    assert line["modern_project_id"] == project["id"]


def test_lines_name_no_time_where_that_cannot_be_written(firm: Firm) -> None:
    found_out(firm, time_entries="unknown")
    project = firm.finished_project()
    firm.actions.policy.set_link("lines", "owner", "terminal")
    refused = refusal(firm, project["id"])
    assert refused.code == "link_unknown"
    assert "actions link auto" in str(refused)
    firm.actions.policy.set_link("auto", "owner", "terminal")
    done = firm.done(firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent"))
    assert done.result is not None
    assert done.result.linked_in_freshbooks
    assert "modern_time_entries" not in firm.sent("*/invoices/invoices", "POST")[0]["invoice"]["lines"][0]


def test_no_expense_is_billed_on_where_invoices_do_not_name_it(firm: Firm) -> None:
    found_out(firm, expenses="unknown")
    project = firm.finished_project()
    firm.expense(clientid=project["client_id"], modern_projectid=project["id"], billable=True)
    refused = refusal(firm, project["id"])
    assert refused.code == "expense_link_unknown"
    assert refused.detail["expenses"] == 1
    preview = draft(firm, project["id"], include_expenses=False)
    assert (len(preview.lines), preview.total) == (1, "200.00")


def test_marking_changes_nothing_else_of_an_entry(firm: Firm) -> None:
    project = firm.project(firm.client()["id"])
    service = min(firm.rows("services"))
    entry = firm.time(project, service_id=service, note="evil \u202e note", identity_id=2_192_801)
    before = dict(entry)
    firm.done(firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent"))
    after = firm.rows("time_entries")[entry["id"]]
    moved = {name for name in before if before[name] != after[name]}
    assert moved - {"_updated_at"} == {"billed"}


@pytest.mark.parametrize("change", ["edited", "deleted", "billed", "new currency", "expense billed"])
def test_an_approval_is_void_when_the_work_changed_meanwhile(firm: Firm, change: str) -> None:
    project = firm.project(firm.client()["id"])
    entry = firm.time(project)
    expense = firm.expense(clientid=project["client_id"], modern_projectid=project["id"], billable=True)
    action = firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent")
    firm.approve(action)
    if change == "edited":
        firm.sandbox.edit("time_entries", BUSINESS, entry["id"], duration=7200)
    elif change == "deleted":
        firm.sandbox.delete("time_entries", BUSINESS, entry["id"])
    elif change == "billed":
        firm.sandbox.edit("time_entries", BUSINESS, entry["id"], billed=True)
    elif change == "new currency":
        firm.sandbox.edit("clients", BUSINESS, project["client_id"], currency_code="EUR")
    else:
        firm.sandbox.delete("expenses", BUSINESS, expense["id"])
    done = firm.actions.dispatch(action.id)
    assert done.status is Status.failed
    assert done.result is not None
    assert done.result.code == "stale"
    assert firm.rows("invoices") == {}


def test_what_was_approved_is_what_is_sent_byte_for_byte(firm: Firm) -> None:
    project = firm.finished_project()
    action = firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=["HST"]), "agent")
    stored = firm.actions._store.having(Status.proposed)[0].step("create").body
    firm.done(action)
    (request,) = firm.sandbox.requests.matching("*/invoices/invoices", "POST")
    assert request.body.decode() == stored
    line = json.loads(request.body)["invoice"]["lines"][0]
    assert '"qty":2.00' in request.body.decode()  # a number, and never through a float
    assert line["unit_cost"] == {"amount": "100.00", "code": "USD"}


def test_the_same_proposal_again_is_the_same_action_and_another_one_has_to_wait(firm: Firm) -> None:
    project = firm.finished_project()
    first = firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent")
    again = firm.actions.propose(DraftInvoiceRequest(project_id="Website", taxes=[]), "agent")
    assert again.id == first.id
    other = refusal(firm, project["id"], group_by="day")
    assert other.code == "already_proposed"
    assert other.detail["actions"] == [{"id": first.id, "status": "proposed"}]
    firm.actions.reject(first.id, "owner", "web")
    assert draft(firm, project["id"], group_by="day").total == "200.00"


def test_a_deleted_draft_gives_its_hours_back_when_a_person_says_so(firm: Firm) -> None:
    firm.sandbox.behaviours.billed_writable = False
    project = firm.finished_project()
    done = firm.done(firm.actions.propose(DraftInvoiceRequest(project_id=project["id"], taxes=[]), "agent"))
    assert done.result is not None
    with pytest.raises(ActionRefused, match="still in FreshBooks"):
        firm.actions.release(done.id, "owner", "terminal")
    firm.sandbox.delete("invoices", BUSINESS, done.result.record_id)
    firm.actions.release(done.id, "owner", "terminal")
    assert draft(firm, project["id"]).total == "200.00"


def test_a_project_says_which_business_is_meant(firm: Firm) -> None:
    other = 439_117
    store = ConnectionStore(firm.home.connection)
    store.connect({**store.load().config, "business_ids": [BUSINESS, other]})
    same_id = firm.project(firm.client()["id"], title="Logo")["id"]
    ours = firm.finished_project()
    client = firm.sandbox.create("clients", other, organization="Theirs", currency_code="USD")
    made = {"client_id": client["id"], "billing_method": "project_rate", "rate": "50.00", "complete": True}
    theirs = firm.sandbox.create("projects", other, title="Brochure", **made)
    work = {"is_logged": True, "started_at": "2026-10-20T14:00:00Z", "duration": 3600, "billable": True}
    who = {"client_id": client["id"], "identity_id": 2_192_788, "project_id": theirs["id"]}
    firm.sandbox.create("time_entries", other, **work, **who)

    assert draft(firm, ours["id"]).business.id == BUSINESS
    assert draft(firm, "brochure").business.id == other
    assert theirs["id"] == same_id
    assert refusal(firm, same_id).code == "business_needed"
    assert refusal(firm, "no such project").code == "project_unknown"
    firm.sandbox.create("projects", other, title="Website", **made)
    assert refusal(firm, "website").code == "business_needed"
