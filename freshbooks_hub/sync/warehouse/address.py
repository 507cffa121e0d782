"""Which PostgreSQL the connections of this machine share.

The address comes from the environment, or from a file that it names: what is among a command's arguments every user of
the machine can list. A password in it is shown nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freshbooks_hub.core.errors import HubError

ADDRESS, FILE = "FRESHBOOKS_WAREHOUSE", "FRESHBOOKS_WAREHOUSE_FILE"
SCHEMES = ("postgresql://", "postgres://")
# Seconds until a server that does not answer counts as down.
CONNECT_SECONDS = 10
# The name of each part of an address in the profile of dbt (dbt_project/profiles.yml).
_PROFILE = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE"}


class WarehouseFailed(HubError):
    """The shared warehouse cannot be reached, or does not take what it is given."""


@dataclass(frozen=True)
class Warehouse:
    """An address that libpq reads; `parts` are its own words: host, port, user, password, dbname, sslmode …"""

    parts: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, address: str) -> Warehouse:
        """That of `postgresql://…`; raises WarehouseFailed, without the address, which may hold a password."""
        _, extensions = _driver()
        try:
            if not address.startswith(SCHEMES):
                raise ValueError
            parts = dict(extensions.parse_dsn(address))
        except Exception:  # of the driver, or ours
            raise WarehouseFailed(
                f"The address of the warehouse ({ADDRESS}, or the file that {FILE} names) cannot be read. It looks "
                "like postgresql://user:password@host:5432/database."
            ) from None
        return cls({name: str(value) for name, value in parts.items()})

    @classmethod
    def from_environment(cls) -> Warehouse | None:
        """The one of FRESHBOOKS_WAREHOUSE, or of the file FRESHBOOKS_WAREHOUSE_FILE; None where neither is set."""
        if address := os.environ.get(ADDRESS):
            return cls.of(address)
        if not (path := os.environ.get(FILE)):
            return None
        try:
            return cls.of(Path(path).read_text("utf-8").strip())
        except (OSError, UnicodeError) as error:
            raise WarehouseFailed(f"{FILE} names {path}, which cannot be read.") from error

    @classmethod
    def needed(cls) -> Warehouse:
        """As `from_environment`; raises WarehouseFailed where there is none."""
        found = cls.from_environment()
        if found is None:
            raise WarehouseFailed(
                f"No warehouse is named. Set {ADDRESS} to postgresql://user:password@host:5432/database, or {FILE} to "
                "a file that holds that line."
            )
        return found

    @property
    def place(self) -> str:
        """Where it is, for people: host and database."""
        return f"{self.parts.get('host', 'localhost')}/{self.parts.get('dbname', '')}"

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """A psycopg2 connection in UTC; what is not committed at the end is rolled back. Raises WarehouseFailed."""
        driver, _ = _driver()
        options = {"connect_timeout": CONNECT_SECONDS, "application_name": "freshbooks"} | self.parts
        try:
            connection = driver.connect(**options)
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET TIME ZONE 'UTC'")
                connection.commit()
                yield connection
            finally:
                connection.close()
        except driver.Error as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise WarehouseFailed(f"The warehouse at {self.place} failed: {said[:300]}") from error

    def dbt_environment(self) -> dict[str, str]:
        """What dbt's profile and libpq read: the parts of the address, and the shell's own settings of libpq."""
        told = {
            f"FRESHBOOKS_PG_{name}": self.parts[part] for part, name in _PROFILE.items() if part in self.parts
        }
        others = {f"PG{name.upper()}": value for name, value in self.parts.items() if name.startswith("ssl")}
        shell = {name: value for name, value in os.environ.items() if name.startswith("PG")}
        return shell | others | told


def name_by_argument(address: str) -> None:
    """Make this the warehouse of the process. Raises WarehouseFailed where it holds a password."""
    if "password" in Warehouse.of(address).parts:
        raise WarehouseFailed(
            f"A password among a command's arguments can be listed by every user of this machine. Set {ADDRESS} or "
            f"{FILE} instead, or leave the password to PGPASSFILE."
        )
    os.environ[ADDRESS] = address


def _driver() -> tuple[Any, Any]:
    try:
        import psycopg2
        import psycopg2.extensions
    except ModuleNotFoundError:
        raise WarehouseFailed(
            "The driver of PostgreSQL is not installed. Install `source-freshbooks[hub,postgres]`."
        ) from None
    return psycopg2, psycopg2.extensions
