"""Reads invoices with Airbyte's own manifest, patched so that it gets every page.

As released it never sends `per_page`, takes the short first page for the last one and stops there. The
manifest is loaded as a bundled file, the way its image does it; given through the config it would be looked
through at every config look-up, and be 1.5 times slower.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.server import ACCOUNT

STREAM = "invoices"


def patch(manifest: Path, api_url: str, into: Path) -> list[str]:
    """Write the patched manifest and its config and catalog to `into`; the command that reads with them."""
    content = yaml.safe_load(manifest.read_text())
    definitions = content["definitions"]
    definitions["base_requester"]["url_base"] = api_url
    paginator = definitions["streams"][STREAM]["retriever"]["paginator"]
    paginator["page_size_option"] = {
        "type": "RequestOption",
        "inject_into": "request_parameter",
        "field_name": "per_page",
    }
    files = {
        "manifest.yaml": content,  # JSON is YAML
        "config.json": config(),
        "catalog.json": catalog(STREAM, "full_refresh"),
    }
    paths = {name: into / name for name in files}
    for name, value in files.items():
        paths[name].write_text(json.dumps(value))
    names = ("manifest.yaml", "config.json", "catalog.json")
    return [sys.executable, "-m", "benchmarks.airbyte_manifest", *(str(paths[name]) for name in names)]


def config() -> dict[str, Any]:
    return {
        "client_id": "bench-client",
        "client_secret": "bench-client-secret",
        "redirect_uri": "https://localhost/callback",
        "account_id": ACCOUNT,
        "business_uuid": "00000000-0000-4000-8000-000000000000",
        "client_refresh_token": "bench-refresh-token",
        "oauth_access_token": "bench-access-token",
        "oauth_token_expiry_date": "2099-01-01T00:00:00Z",
    }


def catalog(stream: str, sync_mode: str) -> dict[str, Any]:
    described = {"name": stream, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {
        "streams": [{"stream": described, "sync_mode": sync_mode, "destination_sync_mode": "append"}],
    }


def main(manifest: str, config_path: str, catalog_path: str) -> None:
    from airbyte_cdk.entrypoint import launch
    from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

    source = YamlDeclarativeSource(
        manifest,
        catalog=YamlDeclarativeSource.read_catalog(catalog_path),
        config=json.loads(Path(config_path).read_text()),
        state=None,
    )
    launch(source, ["read", "--config", config_path, "--catalog", catalog_path])


if __name__ == "__main__":
    main(*sys.argv[1:])
