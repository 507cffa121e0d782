"""The source: a bundled manifest, run by the CDK."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    Status,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_api import scopes
from freshbooks_api.streams import AVAILABILITY
from source_freshbooks import cdk_patches
from source_freshbooks.components.assumptions import Assumptions
from source_freshbooks.components.availability import Outcomes
from source_freshbooks.components.connection import connection_of
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.components.errors import ConfigError
from source_freshbooks.components.permissions import PreviouslyRead
from source_freshbooks.components.timestamps import BEGINNING, parse_utc
from source_freshbooks.inputs import is_time
from source_freshbooks.output import batch

# Before a slow reader; the CDK's 10,000 records would be 150 MB of invoices.
RECORDS_WAITING = 500
BATCHES_WAITING = 4
CLOCK_TOLERANCE = timedelta(days=1)  # of this machine
SECRETS = ("client_secret", "refresh_token", "access_token")
MANIFEST = Path(__file__).with_name("manifest.yaml")


class SourceFreshbooks(YamlDeclarativeSource):
    """`batches`: records are read by the page and as lines, for our own entrypoint (`output`).

    It may be built without a config or a state: what a command is given counts (`_rebuild_if_changed`).
    """

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        known_ids: KnownIds | None = None,
        batches: bool = False,
    ) -> None:
        self._known_ids = known_ids or KnownIds()
        self._batches = batches
        self._build(catalog, config, state or [])

    def _build(
        self,
        catalog: ConfiguredAirbyteCatalog | None,
        config: Mapping[str, Any] | None,
        state: list[AirbyteStateMessage],
    ) -> None:
        super().__init__(str(MANIFEST), catalog=catalog, config=config, state=state)
        self._state = state
        self._settings = cdk_patches.config_of(self)
        cdk_patches.limit_queue(self, BATCHES_WAITING if self._batches else RECORDS_WAITING)
        _strip(self._settings.get("credentials"))
        connection = connection_of(self._settings)
        connection.batches = self._batches
        connection.known_ids = self._known_ids
        beginning = str(self._settings.get("start_date") or BEGINNING)
        connection.previously_read = PreviouslyRead(state, beginning, self._known_ids)
        connection.outcomes = Outcomes(state)

    @property
    def settings(self) -> dict[str, Any]:
        """The config that the components have; tokens that are refreshed are put into it."""
        return self._settings

    def _rebuild_if_changed(
        self,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        """Build the components anew if `config` or `state` differs: they only know those that they were built with."""
        if config != self._settings or (state is not None and state != self._state):
            self._build(catalog, config, self._state if state is None else state)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        self._rebuild_if_changed(config)
        return super().discover(logger, config)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """One request, for the identity; the token lists the scopes. Each missing one is stated with its cost."""
        self._rebuild_if_changed(config)
        if problem := self._config_error():
            return AirbyteConnectionStatus(status=Status.FAILED, message=problem)
        status = super().check(logger, config)
        if status.status is Status.SUCCEEDED:
            token = str(self._settings["credentials"].get("access_token"))
            if missing := scopes.missing(token, scopes.READ):
                status.message = (
                    f"Connected. {' '.join(scope.cost for scope in missing)} To read this too, enable "
                    f"{', '.join(scope.name for scope in missing)} on your app in the FreshBooks developer portal, "
                    "then authorize this connection again."
                )
                logger.warning(status.message)
        return status

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Every stream of `catalog`, and last, also when others failed, `stream_availability`.

        One that the source lacks fails at the end: the CDK only calls it incomplete.
        """
        self._rebuild_if_changed(config, catalog, state)
        if problem := self._config_error():
            raise ConfigError(problem)
        here = {stream["name"] for stream in self.resolved_manifest["streams"]}
        unknown = sorted({configured.stream.name for configured in catalog.streams} - here)
        missing = ConfigError(
            f"The catalog names {', '.join(unknown)}, which this source does not have. Refresh the schema of the "
            "connection, or take it out of the catalog."
        )
        for name in unknown:
            yield missing.as_airbyte_message(stream_descriptor=StreamDescriptor(name=name))
        others = [configured for configured in catalog.streams if configured.stream.name != AVAILABILITY]
        failure: AirbyteTracedException | None = None
        wanted = {configured.stream.name for configured in others}
        try:
            with cdk_patches.only(self, wanted):
                yield from super().read(logger, config, ConfiguredAirbyteCatalog(streams=others), state)
        except AirbyteTracedException as error:
            failure = error
        finally:
            connection_of(self._settings).close()
        if len(others) < len(catalog.streams):
            yield from self._availability()
        if failure or unknown:
            raise failure or missing

    def _availability(self) -> Iterator[AirbyteMessage]:
        """The messages of `stream_availability`."""
        connection = connection_of(self._settings)
        now, outcomes = connection.observed_at, connection.outcomes
        yield _status(AirbyteStreamStatus.STARTED)
        if rows := outcomes.rows(now):
            yield _status(AirbyteStreamStatus.RUNNING)
            for data in [batch(AVAILABILITY, rows, "observed_at", {})] if connection.batches else rows:
                yield stream_data_to_airbyte_message(AVAILABILITY, data)
        descriptor = StreamDescriptor(name=AVAILABILITY)
        state = AirbyteStreamState(descriptor, AirbyteStateBlob(outcomes.state(now)))
        yield AirbyteMessage(
            type=Type.STATE, state=AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=state)
        )
        yield _status(AirbyteStreamStatus.COMPLETE)

    def _config_error(self) -> str | None:
        """What is wrong with the config though it fits its schema."""
        credentials = self._settings.get("credentials") or {}
        for name in ("client_id", *SECRETS):
            value = str(credentials.get(name) or "")
            if not (value.isascii() and value.isprintable()):
                return f"credentials.{name} holds a character that it cannot have. Copy it again."
        try:
            Assumptions(self._settings.get("assumptions"))
        except ConfigError as error:
            return str(error.message)
        start_date = self._settings.get("start_date")
        if not start_date:
            return None
        if not is_time(start_date):
            return f"The start date {start_date} is in no calendar. Write it as 2020-01-31T00:00:00Z."
        if parse_utc(start_date) > datetime.now(UTC) + CLOCK_TOLERANCE:
            return (
                f"The start date {start_date} is in the future, so nothing would be read. Enter an earlier one, or "
                "leave it empty to read everything."
            )
        return None


def _strip(credentials: Any) -> None:
    """Pasted values often end with a line feed: no header can hold it, and the filter of secrets would not match."""
    if isinstance(credentials, dict):
        credentials |= {key: value.strip() for key, value in credentials.items() if isinstance(value, str)}
        for name in SECRETS:
            if credentials.get(name):
                add_to_secrets(str(credentials[name]))


def _status(status: AirbyteStreamStatus) -> AirbyteMessage:
    return as_airbyte_message(StreamDescriptor(name=AVAILABILITY), status)
