"""The source: a bundled manifest, run by the CDK."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

RECORDS_WAITING = 500
MANIFEST = Path(__file__).with_name("manifest.yaml")


class SourceFreshbooks(YamlDeclarativeSource):
    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        super().__init__(str(MANIFEST), catalog=catalog, config=config, state=state)
        # The CDK lets 10,000 records wait, whatever their size: 150 MB of invoices before a slow reader.
        self._concurrent_source._queue.maxsize = RECORDS_WAITING
