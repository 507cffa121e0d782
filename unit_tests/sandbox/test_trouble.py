"""Faults, rate limits (freshbooks-api.md 6.3), the clock, the request log and the control endpoints."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import requests

from freshbooks_sandbox import Sandbox
from freshbooks_sandbox.traffic import Limits

from .conftest import MAIN, Api, caller

CLIENTS = "{acct}/users/clients"


class TestFaults:
    def test_a_status_strikes_the_named_page_so_many_times(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="status", path="*/clients", page=2, times=1, status=502)
        assert fresh_api.get(CLIENTS).status_code == 200
        struck = fresh_api.get(CLIENTS, {"page": 2})
        assert (struck.status_code, struck.headers["content-type"]) == (502, "text/html; charset=utf-8")
        assert fresh_api.get(CLIENTS, {"page": 2}).status_code == 200

    def test_a_status_may_carry_json(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="status", status=500, body={"error": "boom"})
        assert fresh_api.get(CLIENTS).json() == {"error": "boom"}

    @pytest.mark.parametrize(("kind", "made"), [("drop_before", 1), ("drop_after", 2)])
    def test_a_dropped_connection_leaves_the_work_undone_or_done(
        self, fresh: Sandbox, fresh_api: Api, kind: str, made: int
    ) -> None:
        fresh.faults.add(kind=kind, method="POST", path="*/clients")
        with pytest.raises(requests.ConnectionError):
            fresh_api.post(CLIENTS, client={"organization": "X"})
        assert len(fresh.books(MAIN)["clients"]) == made

    def test_a_request_that_arrives_twice_is_done_twice_and_answered_once(
        self, fresh: Sandbox, fresh_api: Api
    ) -> None:
        before = len(fresh.books(MAIN)["clients"])
        fresh.faults.add(kind="duplicate", method="POST")
        answer = fresh_api.post(CLIENTS, client={"organization": "X"})
        assert answer.status_code == 200
        assert len(fresh.books(MAIN)["clients"]) == before + 2

    def test_truncated_bodies_end_early(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="truncate")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            fresh_api.get(CLIENTS)

    def test_two_hundred_that_is_not_json_or_an_error(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="not_json")
        answer = fresh_api.get(CLIENTS)
        assert (answer.status_code, answer.text[:6]) == (200, "<html>")
        fresh.faults.add(kind="error_200", errno=12001)
        assert fresh_api.get(CLIENTS).json()["response"]["errors"][0]["errno"] == 12001

    def test_rate_limited_says_when_to_come_back(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="rate_limited", seconds=7)
        answer = fresh_api.get(CLIENTS)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")

    def test_a_token_may_expire_just_now(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="expire_token", skip=1)
        assert [fresh_api.get(CLIENTS).status_code for _ in range(3)] == [200, 401, 401]

    def test_lists_may_lie(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="short_page", rows=1)
        short = fresh_api.list(CLIENTS)
        assert (short["clients"], short["total"]) == ([], 1)
        fresh.faults.add(kind="wrong_total", rows=30)
        assert (fresh_api.list(CLIENTS)["total"]) == 31

    def test_slow_and_hanging_answers(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.faults.add(kind="slow", seconds=0.15)
        started = time.monotonic()
        assert fresh_api.get(CLIENTS).status_code == 200
        assert time.monotonic() - started >= 0.15
        fresh.faults.add(kind="hang")
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{fresh.url}/auth/api/v1/users/me", timeout=0.1)

    def test_unknown_kinds_are_refused(self, fresh: Sandbox) -> None:
        with pytest.raises(ValueError, match="unknown kind"):
            fresh.faults.add(kind="gremlin")


class TestLimits:
    def test_every_answer_carries_the_headers_also_a_good_one(self, fresh_api: Api) -> None:
        headers = fresh_api.get(CLIENTS).headers
        assert headers["X-RateLimit-Limit"] == "600"
        assert headers["X-RateLimit-Remaining"] == "599"
        assert 1 <= int(headers["Retry-After"]) <= 60
        assert headers["X-Api-Version"] == "2023-02-20"

    def test_accounting_posts_count_on_their_own(self, fresh_api: Api) -> None:
        answer = fresh_api.post(CLIENTS, client={"organization": "X"})
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == (
            "250",
            "249",
        )

    def test_over_the_limit_is_429_until_the_minute_turns(self) -> None:
        with Sandbox(seed="empty", rate_limit=2) as sandbox:
            sandbox.clock.freeze(datetime(2026, 11, 5, 15, 30, 50, tzinfo=UTC))
            api = caller(sandbox)
            assert [api.get(CLIENTS).status_code for _ in range(3)] == [200, 200, 429]
            assert api.get(CLIENTS).headers["Retry-After"] == "10"
            sandbox.clock.advance(seconds=10)
            assert api.get(CLIENTS).status_code == 200

    def test_each_part_of_the_api_may_count_on_its_own(self, fresh: Sandbox, fresh_api: Api) -> None:
        def left(path: str) -> str:
            return fresh_api.get(path).headers["X-RateLimit-Remaining"]

        assert [left(CLIENTS), left("/auth/api/v1/users/me"), left(CLIENTS)] == ["599", "598", "597"]
        fresh.behaviours.shared_limit = False
        assert [left(CLIENTS), left("/auth/api/v1/users/me"), left(CLIENTS)] == ["599", "599", "598"]

    def test_headers_may_say_something_else_or_be_left_out(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.answer_headers = {"x-ratelimit-limit": "500", "retry-after": ""}
        headers = fresh_api.get(CLIENTS).headers
        assert headers["X-RateLimit-Limit"] == "500"
        assert "Retry-After" not in headers

    def test_no_limit_at_all(self) -> None:
        limits = Limits(general=None)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        assert all(limits.count("GET", "/accounting/x", now)[0] for _ in range(2000))


class TestClockAndLog:
    def test_the_date_header_follows_the_clock(self, fresh: Sandbox, fresh_api: Api) -> None:
        assert fresh_api.get(CLIENTS).headers["Date"] == "Thu, 05 Nov 2026 15:30:00 GMT"

    def test_the_clock_runs_unless_frozen(self, fresh: Sandbox) -> None:
        fresh.clock.resume()
        fresh.clock.set(datetime(2027, 1, 1, tzinfo=UTC))
        first = fresh.clock.now()
        time.sleep(0.01)
        assert fresh.clock.now() > first
        assert fresh.clock.now().year == 2027

    def test_requests_are_logged_with_query_and_status(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh_api.get(CLIENTS, {"page": 3})
        (logged,) = fresh.requests.matching("*/users/clients")
        assert (logged.method, logged.query, logged.status) == ("GET", [("page", "3")], 200)


class TestControl:
    def test_another_process_can_drive_it(self, fresh: Sandbox, fresh_api: Api) -> None:
        base = f"{fresh.url}/_sandbox"
        info = requests.get(f"{base}/", timeout=5).json()
        assert info["client_id"] == fresh.client_id
        made = {"resource": "clients", "business_id": MAIN, "fields": {"organization": "Über"}}
        row = requests.post(f"{base}/create", json=made, timeout=5).json()
        one = {"resource": "clients", "business_id": MAIN, "id": row["id"]}
        edited = requests.post(
            f"{base}/edit", json={**one, "fields": {"email": "u@x.example"}}, timeout=5
        ).json()
        assert edited["email"] == "u@x.example"
        for verb, state in (("archive", 2), ("delete", 1), ("undelete", 0)):
            assert requests.post(f"{base}/{verb}", json=one, timeout=5).json()["vis_state"] == state
        ledger = requests.get(f"{base}/ledger/{MAIN}/clients", timeout=5).json()
        assert [r["organization"] for r in ledger] == ["Acme", "Über"]

    def test_clock_faults_switches_and_log(self, fresh: Sandbox, fresh_api: Api) -> None:
        base = f"{fresh.url}/_sandbox"
        answer = requests.post(f"{base}/clock", json={"advance": {"hours": 2}}, timeout=5).json()
        assert answer["now"] == "2026-11-05T17:30:00+00:00"
        requests.post(f"{base}/faults", json={"fault": {"kind": "status", "status": 503}}, timeout=5)
        assert fresh_api.get(CLIENTS).status_code == 503
        switched = requests.post(f"{base}/behaviours", json={"set": {"gated": ["clients"]}}, timeout=5).json()
        assert switched["gated"] == ["clients"]
        assert "errors" in fresh_api.get(CLIENTS).json()["response"]
        logged = requests.get(f"{base}/requests", timeout=5).json()
        assert [r["status"] for r in logged] == [503, 200]
        assert requests.post(f"{base}/grant", json={}, timeout=5).json()["expires_in"] == 43_200

    def test_a_mistake_is_named(self, fresh: Sandbox) -> None:
        one = {"resource": "clients", "business_id": MAIN, "id": 1}
        answer = requests.post(f"{fresh.url}/_sandbox/edit", json=one, timeout=5)
        assert answer.status_code == 400
        assert "KeyError" in answer.json()["error"]


def test_any_body_can_be_put_in_place_of_the_answer(fresh: Sandbox, fresh_api: Api) -> None:
    fresh.faults.add(kind="rewrite", rewrite=lambda body: body.replace(b"Acme", b"\xff"))
    assert b"\xff" in fresh_api.get(CLIENTS).content
    assert requests.get(f"{fresh.url}/_sandbox/faults", timeout=5).json()[0]["hits"] == 1


def test_ids_as_text_and_broken_stamps_can_be_planted(fresh: Sandbox, fresh_api: Api) -> None:
    row = next(iter(fresh.books(MAIN)["clients"].values()))
    row.update(userid=str(row["userid"]), updated="2019-09-13 08:16:74")
    fresh.books(MAIN).table("clients").changed()
    fresh.create("clients", MAIN, organization="Next")
    assert fresh_api.list(CLIENTS)["clients"][1]["updated"] == "2019-09-13 08:16:74"
