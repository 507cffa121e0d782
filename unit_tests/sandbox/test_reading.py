"""freshbooks-api.md 2, 3.1-3.5: ids, pages, order, filters, includes, stamps, deletion flags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import ACCOUNT, GUEST, MAIN, SECOND, SMALL, Api

INVOICES, CLIENTS = "{acct}/invoices/invoices", "{acct}/users/clients"


class TestIdentity:
    def test_me_has_no_result_layer_and_four_memberships(self, api: Api) -> None:
        me = api.get("/auth/api/v1/users/me").json()["response"]
        roles = {m["business"]["id"]: m["role"] for m in me["business_memberships"]}
        assert roles == {MAIN: "owner", SECOND: "owner", GUEST: "client", SMALL: "owner"}
        accounts = {m["business"]["id"]: m["business"]["account_id"] for m in me["business_memberships"]}
        assert accounts == {**ACCOUNT, SMALL: None}

    def test_the_membership_id_is_not_the_business_id(self, api: Api) -> None:
        me = api.get("/auth/api/v1/users/me").json()["response"]
        assert all(m["id"] != m["business"]["id"] for m in me["business_memberships"])

    def test_roles_give_the_own_userid_per_account(self, api: Api) -> None:
        me = api.get("/auth/api/v1/users/me").json()["response"]
        mine = {r["accountid"]: (r["role"], r["userid"]) for r in me["roles"]}
        assert mine["mPx4Q9"] == ("admin", 1)
        assert mine["hLb3Tz"][0] == "client"

    def test_groups_repeat_a_business_once_per_project(self, api: Api) -> None:
        me = api.get("/auth/api/v1/users/me").json()["response"]
        assert sum(1 for g in me["groups"] if g["business_id"] == MAIN) > 10

    @pytest.mark.parametrize(
        "path",
        [
            "/accounting/account/439000/users/clients",  # a business id where the account id belongs
            "/accounting/account/XXXXXX/users/clients",
            "/projects/business/mPx4Q9/projects",
            "/projects/business/1/projects",
            "/timetracking/business/1/time_entries",
            "/accounting/account/None/users/clients",
        ],
    )
    def test_an_id_of_the_wrong_family_is_a_bare_404(self, api: Api, path: str) -> None:
        assert api.get(path).status_code == 404

    def test_the_newer_error_shape_comes_with_the_version_header(self, api: Api) -> None:
        old = api.get(f"{CLIENTS}/1").json()
        assert old["response"]["errors"][0]["errno"] == 1012
        new = api.get(f"{CLIENTS}/1", headers={"X-API-VERSION": "2023-02-20"}).json()
        assert new["code"] == 5
        assert new["details"][0]["metadata"]["field"] == "userid"

    def test_as_a_mere_client_totals_show_and_rows_do_not(self, api: Api) -> None:
        found = api.list(f"/accounting/account/{ACCOUNT[GUEST]}/users/clients")
        assert (found["total"], found["clients"]) == (16, [])
        denied = api.post(f"/accounting/account/{ACCOUNT[GUEST]}/users/clients", client={"organization": "X"})
        assert denied.status_code == 403
        assert "Permission Denied" in denied.text

    def test_the_business_without_an_account_answers_projects_and_time(self, api: Api) -> None:
        assert api.get(f"/projects/business/{SMALL}/projects").json()["meta"]["total"] == 4
        assert api.get(f"/timetracking/business/{SMALL}/time_entries").json()["meta"]["total"] == 50

    def test_systems_mixes_both_ids_and_names_the_base_currency(self, api: Api) -> None:
        system = api.list(f"{{acct}}/systems/systems/{MAIN}")["system"]
        assert (system["currency_code"], system["accountid"]) == ("USD", "mPx4Q9")

    def test_native_ids_repeat_between_the_accounts(self, demo: Sandbox) -> None:
        for table in ("clients", "invoices", "payments", "expenses", "projects", "time_entries"):
            assert set(demo.books(SECOND)[table]) & set(demo.books(MAIN)[table])


class TestPaging:
    def test_defaults_are_15_and_30(self, api: Api) -> None:
        assert len(api.list(INVOICES)["invoices"]) == 15
        assert api.get("/projects/business/439000/projects").json()["meta"]["per_page"] == 30

    def test_per_page_is_silently_capped_at_100(self, api: Api) -> None:
        found = api.list(INVOICES, {"per_page": 2000})
        assert (found["per_page"], len(found["invoices"])) == (100, 100)

    def test_page_zero_is_page_one(self, api: Api) -> None:
        assert api.list(INVOICES, {"page": 0}) == api.list(INVOICES, {"page": 1})

    @pytest.mark.parametrize(
        ("params", "errno"), [({"page": "x"}, 1014), ({"page": "-1"}, 1014), ({"per_page": "x"}, 1013)]
    )
    def test_a_bad_page_is_an_error(self, api: Api, params: dict[str, str], errno: int) -> None:
        answer = api.get(INVOICES, params)
        assert answer.status_code == 422
        assert answer.json()["response"]["errors"][0]["errno"] == errno

    def test_past_the_end_is_an_empty_list_with_the_true_total(self, api: Api) -> None:
        found = api.list(INVOICES, {"page": 999})
        assert found["invoices"] == []
        assert (found["page"], found["total"]) == (999, api.list(INVOICES)["total"])

    def test_an_empty_list_has_no_pages(self, fresh_api: Api) -> None:
        assert fresh_api.list(INVOICES) == {"invoices": [], "page": 1, "pages": 0, "per_page": 15, "total": 0}
        meta = fresh_api.get("/timetracking/business/439000/time_entries").json()["meta"]
        assert (meta["pages"], meta["per_page"], meta["total"]) == (0, 0, 0)

    def test_time_entries_come_all_at_once_unless_per_page_is_sent(self, api: Api) -> None:
        path = "/timetracking/business/439000/time_entries"
        whole = api.get(path, {"team": "true"}).json()
        assert len(whole["time_entries"]) == whole["meta"]["per_page"] == whole["meta"]["total"] > 400
        assert len(api.get(path, {"team": "true", "per_page": 500}).json()["time_entries"]) == 100

    def test_pages_partition_the_list(self, api: Api) -> None:
        ids = [row["id"] for row in api.every(INVOICES, "invoices")]
        assert len(ids) == len(set(ids)) == api.list(INVOICES)["total"]

    def test_a_row_made_while_paging_pushes_one_to_the_next_page(
        self, fresh: Sandbox, fresh_api: Api
    ) -> None:
        for number in range(4):
            fresh.create("clients", MAIN, organization=str(number))
        first = fresh_api.list(CLIENTS, {"per_page": 2})["clients"]
        fresh.create("clients", MAIN, organization="late")
        second = fresh_api.list(CLIENTS, {"per_page": 2, "page": 2})["clients"]
        assert first[-1]["id"] == second[0]["id"]


class TestOrder:
    def test_newest_id_first_by_default(self, api: Api) -> None:
        for path, key in ((INVOICES, "invoices"), ("{acct}/expenses/expenses", "expenses")):
            ids = [row["id"] for row in api.every(path, key)]
            assert ids == sorted(ids, reverse=True)

    def test_known_keys_are_honoured(self, api: Api) -> None:
        stamps = [row["updated"] for row in api.every(CLIENTS, "clients", [("sort", "updated_asc")])]
        assert stamps == sorted(stamps)
        dates = [r["create_date"] for r in api.every(INVOICES, "invoices", [("sort", "invoice_date_desc")])]
        assert dates == sorted(dates, reverse=True)

    @pytest.mark.parametrize("sort", ["updated_desc", "date_desc", "nonsense"])
    def test_unknown_keys_are_ignored(self, api: Api, sort: str) -> None:
        assert api.list(INVOICES, {"sort": sort}) == api.list(INVOICES)

    @pytest.mark.parametrize("sort", ["updated:asc", "updated_asc"])
    def test_anything_that_ends_in_asc_gives_ascending_ids(self, api: Api, sort: str) -> None:
        ids = [row["id"] for row in api.list(INVOICES, {"sort": sort})["invoices"]]
        assert ids == sorted(ids)


class TestFilters:
    @pytest.mark.parametrize(
        ("path", "params"),
        [
            (INVOICES, {"search[status]": "9"}),
            (INVOICES, {"search[payment_status]": "no such thing"}),
            (INVOICES, {"search[updated_since]": "2030-01-01"}),
            (INVOICES, {"updated_min": "2030-01-01"}),
            (CLIENTS, {"search[fname]": "no such name"}),
            ("{acct}/estimates/estimates", {"search[updated_min]": "2030-01-01"}),
            ("{acct}/expenses/categories", {"search[updated_min]": "2030-01-01"}),
            ("{acct}/payments/payments", {"search[date_from]": "2030-01-01"}),
            ("{acct}/credit_notes/credit_notes", {"search[updated_min]": "2030-01-01"}),
        ],
    )
    def test_unknown_keys_return_the_full_set(self, api: Api, path: str, params: dict[str, str]) -> None:
        assert api.list(path, params)["total"] == api.list(path)["total"] > 0

    def test_updated_min_is_a_day_of_the_stored_eastern_clock(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.clock.set(datetime(2026, 9, 2, 3, 30, tzinfo=UTC))  # still the first in New York
        made = fresh.create("clients", MAIN, organization="Night owl")
        assert made["updated"] == "2026-09-01 23:30:00"

        def found(key: str, day: str) -> bool:
            rows = fresh_api.list(CLIENTS, {f"search[{key}]": day})["clients"]
            return made["id"] in [row["id"] for row in rows]

        assert found("updated_min", "2026-09-01")
        assert not found("updated_min", "2026-09-02")
        assert found("updated_max", "2026-09-02")
        assert not found("updated_max", "2026-09-01")  # strictly before

    def test_a_time_part_in_updated_min_is_refused(self, api: Api) -> None:
        answer = api.get(INVOICES, {"search[updated_min]": "2026-09-01 10:00:00"})
        assert answer.json()["response"]["errors"][0]["errno"] == 1023

    def test_equals_in_like_and_between(self, demo: Sandbox, api: Api) -> None:
        rows = [r for r in demo.books(MAIN)["invoices"].values() if r["vis_state"] != 1]
        two = sorted({r["customerid"] for r in rows})[:2]
        found = api.every(INVOICES, "invoices", [("search[customerids][]", c) for c in two])
        assert {r["id"] for r in found} == {r["id"] for r in rows if r["customerid"] in two}
        span = [("search[date_min]", "2026-03-01"), ("search[date_max]", "2026-04-01")]
        found = api.every(INVOICES, "invoices", span)
        assert {r["id"] for r in found} == {r["id"] for r in rows if r["create_date"][:7] == "2026-03"}
        names = api.list(CLIENTS, {"search[organization_like]": "café"})["clients"]
        assert [c["organization"] for c in names] == ["Café Lumière"]

    def test_payment_filters(self, demo: Sandbox, api: Api) -> None:
        rows = [r for r in demo.books(MAIN)["payments"].values() if r["vis_state"] == 0]
        credits = api.every("{acct}/payments/payments", "payments", [("search[from_credit]", "true")])
        assert {r["id"] for r in credits} == {r["id"] for r in rows if r["from_credit"]}
        assert api.list("{acct}/payments/payments", {"search[currency]": "EUR"})["total"] == sum(
            r["amount"]["code"] == "EUR" for r in rows
        )


class TestIncludes:
    def test_lines_are_absent_without_the_include(self, api: Api) -> None:
        assert "lines" not in api.list(INVOICES)["invoices"][0]
        assert "lines" not in api.list(INVOICES, {"include": "lines,owner"})["invoices"][0]

    def test_repeated_includes_work(self, api: Api) -> None:
        row = api.list(INVOICES, [("include[]", "lines"), ("include[]", "contacts")])["invoices"][0]
        assert row["lines"][0]["lineid"] == 1
        assert isinstance(row["contacts"], list)

    def test_estimate_lines_have_no_lineid(self, api: Api) -> None:
        rows = api.every("{acct}/estimates/estimates", "estimates", [("include[]", "lines")])
        assert all("lineid" not in line for row in rows for line in row["lines"])

    def test_outstanding_balance_is_a_list_per_currency(self, demo: Sandbox, api: Api) -> None:
        rows = api.every(CLIENTS, "clients", [("include[]", "outstanding_balance")])
        owing = next(r for r in rows if r["outstanding_balance"])
        assert set(owing["outstanding_balance"][0]["amount"]) == {"amount", "code"}

    @pytest.mark.parametrize(
        ("path", "key", "secret"),
        [(CLIENTS, "clients", "statement_token"), (CLIENTS, "clients", "direct_link_token")],
    )
    def test_leaking_tokens_are_in_the_answer(self, api: Api, path: str, key: str, secret: str) -> None:
        assert len(api.list(path)[key][0][secret]) > 30

    def test_the_receipt_comes_as_a_bearer_link(self, api: Api) -> None:
        found = api.every("{acct}/expenses/expenses", "expenses", [("include[]", "attachment")])
        with_file = next(r for r in found if r["attachment"])
        assert with_file["attachment"]["jwt"].startswith("ey")
        assert "attachment" not in api.list("{acct}/expenses/expenses")["expenses"][0]


class TestStamps:
    @pytest.mark.parametrize(
        ("at", "eastern"),
        [
            (datetime(2026, 1, 15, 4, 0, tzinfo=UTC), "2026-01-14 23:00:00"),  # winter: five hours
            (datetime(2026, 7, 15, 4, 0, tzinfo=UTC), "2026-07-15 00:00:00"),  # summer: four
            (datetime(2025, 11, 2, 5, 30, tzinfo=UTC), "2025-11-02 01:30:00"),  # the hour that comes twice
            (datetime(2025, 11, 2, 6, 30, tzinfo=UTC), "2025-11-02 01:30:00"),
        ],
    )
    def test_accounting_is_eastern_and_signup_is_utc(
        self, fresh: Sandbox, at: datetime, eastern: str
    ) -> None:
        fresh.clock.set(at)
        client = fresh.create("clients", MAIN, organization="X")
        assert client["updated"] == eastern
        assert client["signup_date"] == at.strftime("%Y-%m-%d %H:%M:%S")

    def test_projects_are_utc_without_z_and_time_entries_with(self, fresh: Sandbox) -> None:
        project = fresh.create("projects", MAIN, title="P")
        assert project["updated_at"] == "2026-11-05T15:30:00"
        entry = fresh.create(
            "time_entries",
            MAIN,
            identity_id=1,
            is_logged=True,
            started_at="2026-11-05T02:00:00Z",
            duration=60,
        )
        assert entry["started_at"] == "2026-11-05T02:00:00Z"
        assert entry["local_started_at"] == "2026-11-04T21:00:00"
        assert entry["local_timezone"] == "America/Toronto"

    def test_an_invoice_moves_its_clients_stamp(self, fresh: Sandbox) -> None:
        client = next(iter(fresh.books(MAIN)["clients"].values()))
        fresh.clock.advance(hours=1)
        fresh.create("invoices", MAIN, customerid=client["id"], create_date="2026-11-05")
        assert client["updated"] == "2026-11-05 11:30:00"

    def test_an_expense_moves_its_category(self, fresh: Sandbox) -> None:
        category = next(iter(fresh.books(MAIN)["expense_categories"].values()))
        assert not category["transaction_posted"]
        fresh.create("expenses", MAIN, amount="5", categoryid=category["id"], staffid=1, date="2026-11-05")
        assert category["transaction_posted"]
        assert category["updated_at"] == "2026-11-05 10:30:00"

    def test_overdue_is_computed_when_read_and_moves_nothing(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        line = {"name": "x", "unit_cost": "10"}
        row = fresh.create("invoices", MAIN, customerid=client, create_date="2026-11-05", lines=[line])
        fresh_api.put(f"{INVOICES}/{row['id']}", invoice={"action_mark_as_sent": True})
        before = dict(row)
        fresh.clock.advance(days=2)
        fresh_api = Api(fresh, fresh_api.session)
        fresh_api.session.headers["Authorization"] = f"Bearer {fresh.grant()['access_token']}"
        seen = fresh_api.list(f"{INVOICES}/{row['id']}")["invoice"]
        assert (seen["v3_status"], seen["updated"]) == ("overdue", before["updated"])
        assert [r["id"] for r in fresh_api.list(INVOICES, {"search[v3_status]": "overdue"})["invoices"]] == [
            row["id"]
        ]


class TestDeletion:
    RESOURCES: tuple[tuple[str, str, str], ...] = (
        ("clients", CLIENTS, "clients"),
        ("invoices", INVOICES, "invoices"),
        ("payments", "{acct}/payments/payments", "payments"),
        ("expenses", "{acct}/expenses/expenses", "expenses"),
        ("expense_categories", "{acct}/expenses/categories", "categories"),
        ("estimates", "{acct}/estimates/estimates", "estimates"),
    )

    @pytest.mark.parametrize(("table", "path", "key"), RESOURCES)
    def test_default_is_active_and_archived_and_vis_state_picks_one(
        self, demo: Sandbox, api: Api, table: str, path: str, key: str
    ) -> None:
        rows = demo.books(MAIN)[table].values()
        of = {state: {r["id"] for r in rows if r["vis_state"] == state} for state in (0, 1, 2)}
        assert of[1]
        assert {r["id"] for r in api.every(path, key)} == of[0] | of[2]
        for state in (0, 1, 2):
            found = api.every(path, key, [("search[vis_state]", state)])
            assert {r["id"] for r in found} == of[state]

    def test_archived_clients_may_be_a_separate_pool(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        fresh.archive("clients", MAIN, client)
        assert fresh_api.list(CLIENTS)["total"] == 1
        fresh.behaviours.archived_clients_by_default = False
        assert fresh_api.list(CLIENTS)["total"] == 0
        assert fresh_api.list(CLIENTS, {"search[vis_state]": 2})["total"] == 1

    def test_a_deleted_record_is_still_there_on_its_own(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        fresh.clock.advance(hours=1)
        fresh.delete("clients", MAIN, client)
        seen = fresh_api.list(f"{CLIENTS}/{client}")["client"]
        assert (seen["vis_state"], seen["updated"]) == (1, "2026-11-05 11:30:00")
        fresh.behaviours.deleted_get_is_1011 = True
        assert fresh_api.get(f"{CLIENTS}/{client}").json()["response"]["errors"][0]["errno"] == 1011

    def test_nothing_cascades(self, demo: Sandbox) -> None:
        books = demo.books(MAIN)
        gone = {r["id"] for r in books["invoices"].values() if r["vis_state"] == 1}
        orphans = [p for p in books["payments"].values() if p["invoiceid"] in gone and p["vis_state"] == 0]
        assert orphans
        left = {r["id"] for r in books["clients"].values() if r["vis_state"] == 1}
        assert [r for r in books["invoices"].values() if r["customerid"] in left and r["vis_state"] == 0]

    def test_an_undelete_brings_it_back(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        fresh.delete("clients", MAIN, client)
        fresh.undelete("clients", MAIN, client)
        assert fresh_api.list(CLIENTS)["total"] == 1


class TestGates:
    def test_a_gated_feature_is_200_with_an_error_envelope(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.gated.add("items")
        answer = fresh_api.get("{acct}/items/items")
        assert answer.status_code == 200
        assert answer.json()["response"]["errors"][0]["errno"] == 12001

    def test_rows_that_the_role_may_not_read_still_count(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.unreadable.add("clients")
        found = fresh_api.list(CLIENTS)
        assert (found["total"], found["clients"]) == (1, [])


class TestProjectsAndTime:
    PROJECTS, TIME = "/projects/business/439000/projects", "/timetracking/business/439000/time_entries"

    def ids(self, api: Api, path: str, **params: Any) -> set[int]:
        answer = api.get(path, {"per_page": 100, **params})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return {row["id"] for row in body.get("projects", body.get("time_entries"))}

    def test_projects_default_to_active_and_filter_bare(self, demo: Sandbox, api: Api) -> None:
        rows = demo.books(MAIN)["projects"].values()
        assert self.ids(api, self.PROJECTS) == {r["id"] for r in rows if r["active"]}
        assert self.ids(api, self.PROJECTS, active="false") == {r["id"] for r in rows if not r["active"]}
        done = {r["id"] for r in rows if r["active"] and r["complete"]}
        assert self.ids(api, self.PROJECTS, complete="true") == done
        assert self.ids(api, self.PROJECTS, **{"search[complete]": "true"}) != done  # accounting's spelling

    def test_projects_updated_since_is_utc(self, demo: Sandbox, api: Api) -> None:
        rows = [r for r in demo.books(MAIN)["projects"].values() if r["active"]]
        newest = max(r["updated_at"] for r in rows)
        found = self.ids(api, self.PROJECTS, updated_since=f"{newest}Z")
        assert found == {r["id"] for r in rows if r["updated_at"] >= newest}

    def test_any_sort_is_echoed(self, api: Api) -> None:
        assert api.get(self.PROJECTS, {"sort": "-title"}).json()["meta"]["sort"] == ["-title"]
        titles = [p["title"].lower() for p in api.get(self.PROJECTS, {"sort": "-title"}).json()["projects"]]
        assert titles == sorted(titles, reverse=True)
        assert api.get(self.PROJECTS, {"sort": "nonsense"}).json()["meta"]["sort"] == ["nonsense"]

    @pytest.mark.parametrize("name", ["project", "projects"])
    def test_a_single_project_has_group_and_abilities_on_both_paths(self, api: Api, name: str) -> None:
        one = min(self.ids(api, self.PROJECTS))
        body = api.get(f"/projects/business/439000/{name}/{one}").json()
        assert body["project"]["group"]["members"][0]["identity_id"] == 2_192_788
        assert {a["name"] for a in body["abilities"]} >= {"can_generate_invoice", "can_track_time"}

    def test_logged_duration_only_when_asked(self, demo: Sandbox, api: Api) -> None:
        plain = api.get(self.PROJECTS).json()["projects"]
        assert {p["logged_duration"] for p in plain} == {None}
        for row in api.get(self.PROJECTS, {"include_logged_duration": "true"}).json()["projects"]:
            mine = demo.books(MAIN).where("time_entries", project_id=row["id"], active=True, is_logged=True)
            assert row["logged_duration"] == sum(e["duration"] for e in mine)

    def test_without_team_only_the_callers_own(self, demo: Sandbox, api: Api) -> None:
        whole = api.get(self.TIME, {"team": "true"}).json()["time_entries"]
        own = api.get(self.TIME).json()["time_entries"]
        assert {e["identity_id"] for e in own} == {2_192_788}
        assert len({e["identity_id"] for e in whole}) == 4

    def test_deleted_and_unlogged_only_when_asked(self, demo: Sandbox, api: Api) -> None:
        rows = demo.books(MAIN)["time_entries"].values()
        assert {e["is_logged"] for e in rows} == {True, False}

        def found(**more: str) -> list[dict[str, Any]]:
            return api.get(self.TIME, {"team": "true", **more}).json()["time_entries"]

        assert all(e["active"] and e["is_logged"] for e in found())
        assert sum(not e["active"] for e in found(include_deleted="true")) == sum(
            not r["active"] for r in rows
        )
        running = [e for e in found(include_unlogged="true") if not e["is_logged"]]
        assert {e["duration"] for e in running} >= {None, 1860}

    def test_updated_since_uses_a_column_nobody_sees(self, fresh: Sandbox, fresh_api: Api) -> None:
        entry = fresh.create(
            "time_entries",
            MAIN,
            identity_id=7,
            is_logged=True,
            started_at="2026-01-02T10:00:00Z",
            duration=60,
        )
        assert "updated_at" not in fresh_api.get(self.TIME, {"team": "true"}).json()["time_entries"][0]
        fresh.clock.advance(hours=2)
        since = {"team": "true", "updated_since": "2026-11-05T16:00:00Z", "include_deleted": "true"}
        assert fresh_api.get(self.TIME, since).json()["time_entries"] == []
        fresh.delete("time_entries", MAIN, entry["id"])
        (gone,) = fresh_api.get(self.TIME, since).json()["time_entries"]
        assert (gone["id"], gone["active"]) == (entry["id"], False)

    def test_a_bad_instant_is_422_as_seen_live(self, api: Api) -> None:
        answer = api.get(self.TIME, {"updated_since": "x"})
        assert answer.status_code == 422
        assert answer.json() == {
            "errno": 2001,
            "error": {"updated_since": "Input should be a valid datetime or date, input is too short"},
        }

    def test_started_bounds_are_both_inclusive(self, demo: Sandbox, api: Api) -> None:
        row = next(r for r in demo.books(MAIN)["time_entries"].values() if r["active"] and r["is_logged"])
        bounds = {"team": "true", "started_from": row["started_at"], "started_to": row["started_at"]}
        assert row["id"] in self.ids(api, self.TIME, **bounds)

    def test_totals_cover_all_pages(self, demo: Sandbox, api: Api) -> None:
        meta = api.get(self.TIME, {"team": "true", "per_page": 3}).json()["meta"]
        rows = [r for r in demo.books(MAIN)["time_entries"].values() if r["active"] and r["is_logged"]]
        assert meta["total_logged"] == sum(r["duration"] for r in rows)
        assert meta["total_unbilled"] == sum(r["duration"] for r in rows if r["billable"] and not r["billed"])

    def test_services_rates_and_team(self, api: Api) -> None:
        services = api.get("/comments/business/439000/services").json()["services"]
        rates = {
            r["service_id"]
            for r in api.get("/comments/business/439000/service_rates").json()["service_rates"]
        }
        bare = next(s for s in services if s["id"] not in rates)
        assert api.get(f"/comments/business/439000/service/{bare['id']}/rate").status_code == 404
        team = api.get("/auth/api/v1/businesses/439000/team_members").json()
        assert len(team["response"]) == team["meta"]["total"] == 4
        assert len(api.get("/comments/business/439000/team_member_rates").json()["team_member_rates"]) == 3


def test_content_types_differ_by_family(api: Api) -> None:
    assert api.get("/projects/business/439000/projects").headers["content-type"] == "application/vnd.api+json"
    assert api.get("/auth/api/v1/users/me").headers["content-type"] == "application/json; charset=utf-8"


def test_an_unchanged_list_is_served_quickly(api: Api) -> None:
    elapsed = [api.get(INVOICES, [("include[]", "lines"), ("per_page", 100)]).elapsed for _ in range(3)]
    assert min(elapsed) < timedelta(seconds=0.2)
