"""What Airbyte's registry asks of a connector's folder: metadata, icon and documentation page."""

import re
import tomllib
import uuid
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
HEADERS = [
    "Prerequisites",
    "Setup guide",
    "Set up FreshBooks",
    "Supported sync modes",
    "Supported streams",
    "Performance considerations",
    "Data type map",
    "Limitations & Troubleshooting",
    "Tutorials",
    "Changelog",
]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "source_freshbooks" / "manifest.yaml").read_text())


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "connector.md").read_text()


def test_the_version_is_semantic_and_the_same_everywhere(
    metadata: dict[str, Any], project: dict[str, Any], page: str
) -> None:
    assert SEMVER.fullmatch(metadata["dockerImageTag"])
    assert metadata["dockerImageTag"] == project["version"]
    assert f"| {project['version']} |" in page.partition("## Changelog")[2]


def test_it_is_another_connector_than_airbytes_own(metadata: dict[str, Any]) -> None:
    assert uuid.UUID(metadata["definitionId"]).version == 4
    assert metadata["definitionId"] != "e1e86c88-fdd6-41d3-9516-3564021a1902"


def test_the_package_is_the_projects(metadata: dict[str, Any], project: dict[str, Any]) -> None:
    assert metadata["remoteRegistries"]["pypi"] == {"enabled": True, "packageName": project["name"]}
    assert metadata["license"] == project["license"]
    assert project["name"] in project["scripts"]
    assert metadata["dockerRepository"] == f"airbyte/{project['name']}"
    assert metadata["githubIssueLabel"] == project["name"]


def test_it_is_a_low_code_source_in_python(metadata: dict[str, Any]) -> None:
    assert (metadata["connectorType"], metadata["connectorSubtype"]) == ("source", "api")
    assert set(metadata["tags"]) == {"language:python", "cdk:low-code"}


def test_the_image_is_built_on_the_base_that_the_metadata_names(metadata: dict[str, Any]) -> None:
    base = metadata["connectorBuildOptions"]["baseImage"]
    assert f"ARG BASE={base}\n" in (ROOT / "Dockerfile").read_text()


def test_allowed_hosts_are_those_that_the_source_and_its_consent_reach(metadata: dict[str, Any]) -> None:
    reached: set[str] = set()
    for path in [ROOT / "source_freshbooks" / "manifest.yaml", *(ROOT / "source_freshbooks").rglob("*.py")]:
        reached |= set(re.findall(r"https://((?:api|auth)\.freshbooks\.com)", path.read_text()))
    assert reached <= set(metadata["allowedHosts"]["hosts"])


def test_every_address_is_https(metadata: dict[str, Any], page: str) -> None:
    assert not [text for text in [*strings(metadata), page] if "http://" in text]


def test_suggested_streams_exist(metadata: dict[str, Any], manifest: dict[str, Any]) -> None:
    assert set(metadata["suggestedStreams"]["streams"]) <= {stream["name"] for stream in manifest["streams"]}


def test_the_icon_is_a_square_drawing() -> None:
    svg = ElementTree.parse(ROOT / "icon.svg").getroot()
    left, top, width, height = svg.attrib["viewBox"].split()
    assert (left, top) == ("0", "0")
    assert width == height == svg.attrib["width"] == svg.attrib["height"]
    kinds = {element.tag.partition("}")[2] for element in svg.iter()}
    assert not kinds & {"image", "script", "use"}


def test_the_page_has_airbytes_headers_in_their_order(page: str) -> None:
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADERS


def test_the_changelog_is_folded(page: str) -> None:
    changelog = page.partition("## Changelog")[2]
    assert changelog.strip().startswith("<details>")
    assert changelog.strip().endswith("</details>")


def test_the_page_lists_the_streams_of_the_manifest_with_their_keys_and_cursors(
    page: str, manifest: dict[str, Any]
) -> None:
    section = page.partition("## Supported streams")[2].partition("\n## ")[0]
    told = {
        name: (re.findall(r"`(\w+)`", key), re.findall(r"`(\w+)`", cursor))
        for name, key, cursor in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    }
    assert told == {
        stream["name"]: (own_key(stream), cursors(stream, manifest)) for stream in manifest["streams"]
    }


def own_key(stream: dict[str, Any]) -> list[str]:
    return [field for field in stream["primary_key"] if field not in ("account_id", "business_id")]


def cursors(stream: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    """The cursor field, given by the stream's parameters or by the set of them that it refers to."""
    parameters = stream["$parameters"]
    shared = manifest["definitions"].get(parameters.get("$ref", "").rpartition("/")[2], {})
    cursor = parameters.get("cursor_field", shared.get("cursor_field"))
    return [cursor] if cursor else []


def test_the_page_names_the_scopes_that_the_check_asks_for(page: str) -> None:
    from freshbooks_api.scopes import READ

    section = page.partition("## Prerequisites")[2].partition("\n## ")[0]
    assert re.findall(r"user:\w+:\w+", section) == [scope.name for scope in READ]


def test_the_consent_works_on_platforms_that_know_no_list_of_scopes(manifest: dict[str, Any]) -> None:
    from freshbooks_api.scopes import READ

    given = manifest["spec"]["advanced_auth"]["oauth_config_specification"][
        "oauth_connector_input_specification"
    ]
    assert given["scope"].split() == [scope.name for scope in READ]
    assert "{{scope_param}}" in given["consent_url"]
    assert "scopes" not in given


def test_what_the_platform_supplies_is_not_asked_of_the_user(manifest: dict[str, Any]) -> None:
    credentials = manifest["spec"]["connection_specification"]["properties"]["credentials"]
    assert "redirect_uri" not in credentials["required"]
