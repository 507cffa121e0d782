"""What holds for every kind of action, those to come too."""

import pytest

from freshbooks_api.streams import STREAMS
from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.mcp.write_tools import write_tools

EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def test_every_name_has_its_kind_and_every_kind_a_request_and_a_write_of_its_own() -> None:
    assert list(KINDS) == [
        "draft_invoice",
        "send_invoice",
        "create_expense",
        "mark_invoice_sent",
        "record_payment",
        "log_time",
        "create_client",
        "update_client",
        "create_estimate",
        "send_reminder",
        "start_timer",
        "stop_timer",
    ]
    assert all(kind.name == name for name, kind in KINDS.items())
    assert len({kind.request for kind in KINDS.values()}) == len(KINDS)
    assert (
        len({kind.write for kind in KINDS.values()})
        == len({kind.label for kind in KINDS.values()})
        == len(KINDS)
    )


@EVERY
def test_a_preview_is_of_its_kind(kind: ActionKind) -> None:
    assert kind.preview.model_fields["kind"].default == kind.name


@EVERY
def test_a_write_touches_streams_that_there_are(kind: ActionKind) -> None:
    assert kind.streams
    assert set(kind.streams) <= {stream.name for stream in STREAMS}


@EVERY
def test_the_tool_takes_the_fields_of_the_request_and_nothing_else(kind: ActionKind) -> None:
    [tool] = [tool for tool in write_tools() if tool.name == kind.name]
    fields = kind.request.model_fields
    assert set(tool.parameters["properties"]) == set(fields)
    assert set(tool.parameters.get("required", ())) == {
        name for name, info in fields.items() if info.is_required()
    }


def test_a_float_is_in_no_payload_and_order_changes_no_hash() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    with pytest.raises(TypeError):
        canonical({"lines": [{"qty": 1.5}]})
