"""The address and the envelope of each API family (freshbooks-api.md 3.1)."""

import pytest

from source_freshbooks.components.endpoints import FAMILIES, Page


def test_each_family_has_its_envelope() -> None:
    accounting = {
        "response": {"result": {"clients": [{}], "page": 1, "pages": 1, "per_page": 15, "total": 1}}
    }
    assert FAMILIES["accounting"].page(accounting, ["clients"]) == Page([{}], 1, 1, 1)
    empty = {"meta": {"total": 0, "per_page": 0, "page": 1, "pages": 0}, "time_entries": []}
    assert FAMILIES["timetracking"].page(empty, ["time_entries"]) == Page([], 1, 0, 0)
    with pytest.raises(KeyError):
        FAMILIES["accounting"].page({"response": {}}, ["clients"])


def test_a_family_without_paging_is_one_page() -> None:
    assert FAMILIES["ledger"].page({"data": [{}, {}]}, ["data"]) == Page([{}, {}], 1, 1, 2)
    assert FAMILIES["comments"].page({"services": {"5": {"id": 5}}}, ["services"]).rows == [{"id": 5}]
    system = {"response": {"result": {"system": {"systemid": 7, "name": "x"}}}}
    assert FAMILIES["systems"].page(system, ["system"]).rows == [{"systemid": 7, "name": "x"}]


def test_the_rows_may_stand_under_either_of_two_names() -> None:
    for key in ("response", "team_members"):
        assert len(FAMILIES["auth"].page({key: [{}], "meta": {}}, ["response", "team_members"]).rows) == 1
