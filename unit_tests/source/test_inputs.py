"""What is said of a config and of a state that do not fit, without a value that could be a credential."""

import json
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conftest import warm  # noqa: F401 - a fixture
from integration_tests.connector import run_source
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.inputs import check_config, read_state

SECRET = "s3cret-that-nobody-may-read"
CREDENTIALS = ("client_id", "client_secret", "refresh_token", "access_token", "redirect_uri")


def config(**credentials: Any) -> dict[str, Any]:
    given = {name: f"given {name}" for name in CREDENTIALS} | {"redirect_uri": "https://localhost/cb"}
    return {"credentials": given | credentials}


def fault(given: dict[str, Any]) -> str:
    source = SourceFreshbooks()
    with pytest.raises(ConfigError) as told:
        check_config(given, source.spec(source.logger))
    return str(told.value.message)


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("shape", [[SECRET], {"value": SECRET}])
def test_a_credential_of_another_type_is_named_and_not_quoted(name: str, shape: Any) -> None:
    said = fault(config(**{name: shape}))
    assert f"credentials.{name} must be of the type string" in said
    assert SECRET not in said


def test_what_stands_in_place_of_all_credentials_is_not_quoted() -> None:
    assert fault({"credentials": SECRET}) == (
        "credentials must be of the type object. Correct it in the settings of the connection."
    )


def test_what_lacks_is_named() -> None:
    given = config()
    del given["credentials"]["refresh_token"]
    assert fault(given).startswith("credentials lacks refresh_token.")
    assert fault({}).startswith("The config lacks credentials.")


def test_a_date_of_another_form_is_told_how_to_be_written() -> None:
    assert "start_date must be written as YYYY-MM-DDTHH:mm:ssZ" in fault(
        config() | {"start_date": "yesterday"}
    )


@pytest.mark.parametrize(
    "optional", [{"start_date": ""}, {"credentials": config(redirect_uri="")["credentials"]}]
)
def test_empty_is_left_out(optional: dict[str, Any]) -> None:
    source = SourceFreshbooks()
    check_config(config() | optional, source.spec(source.logger))


# The first with a character that it cannot have is refused, so those come one by one; else all go the same way.
@pytest.mark.parametrize(
    ("names", "around"),
    [
        *[(CREDENTIALS[:-1], around) for around in ("{}\n", " {}\r\n", "{}\u2028")],
        *[((name,), "{}\nX") for name in CREDENTIALS[:-1]],
    ],
)
def test_no_output_quotes_a_credential(
    names: tuple[str, ...], around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing answers at the address: whatever fails, in status, log or trace."""
    monkeypatch.setenv("FRESHBOOKS_API_URL", "http://127.0.0.1:9")
    given = config(**dict.fromkeys(names, around.format(SECRET)), token_expiry_date="2999-01-01T00:00:00Z")
    if "X" not in around and "\u2028" not in around:
        given["start_date"] = "2999-01-01T00:00:00Z"  # fails without the network
    done = run_source(tmp_path, "check", config=given)
    assert "CONNECTION_STATUS" in done.stdout
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["GLOBAL", "LEGACY"])
def test_a_state_of_another_kind_is_a_sentence(kind: str, tmp_path: Path) -> None:
    body = {"global": {"stream_states": []}} if kind == "GLOBAL" else {"data": {"taxes": {}}}
    path = tmp_path / "state.json"
    path.write_text(json.dumps([{"type": kind, **body}]))
    with pytest.raises(
        ConfigError, match=f"it is of the type {kind}, and this source keeps one STREAM state each"
    ):
        read_state(str(path))
