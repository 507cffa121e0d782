"""A PostgreSQL server of a test's own, from the system's binaries, never as root."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from unit_tests.dbt.raw_tables import SCHEMAS, Rows, columns_of

TYPES = {"JSON": "jsonb", "VARCHAR": "text", "TIMESTAMP": "timestamp with time zone"}


@dataclass
class Server:
    port: int

    def environment(self) -> dict[str, str]:
        """What the dbt profile reads."""
        return {
            "FRESHBOOKS_PG_HOST": "127.0.0.1",
            "FRESHBOOKS_PG_PORT": str(self.port),
            "FRESHBOOKS_PG_USER": "freshbooks",
            "FRESHBOOKS_PG_DATABASE": "postgres",
        }

    def connect(self) -> Any:
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="freshbooks", dbname="postgres")


@contextmanager
def server(folder: Path, programs: Path) -> Iterator[Server]:
    """`folder` must be new and short: the server keeps its data and socket there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options: dict[str, Any] = {"check": True, "capture_output": True, "cwd": folder}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "freshbooks", "-A", "trust", "-E", "UTF8", "--locale=C"],
        **options,
    )
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    settings += " -c jit=off"  # of few rows: to compile a query takes five times as long as all else
    control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", settings, "start"], **options)
    try:
        yield Server(port)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **options)


def write_raw(database: Server, tables: Rows, *, lower: bool = False) -> None:
    """The raw tables in schema `freshbooks`, in the column names and types of Airbyte's Postgres destination.

    `lower`: in lower case, as other loaders write them.
    """
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "set time zone 'UTC'; drop schema if exists freshbooks cascade; create schema freshbooks"
        )
        for stream, records in tables.items():
            properties = json.loads((SCHEMAS / f"{stream}.json").read_text())["properties"]
            api_names = {name.lower(): name for name in properties}
            columns = {
                name if lower else api_names.get(name, name): TYPES.get(kind, kind)
                for name, kind in columns_of(stream).items()
            }
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            cursor.execute(f"create table freshbooks.{stream} ({definition})")
            for number, record in enumerate(records):
                values = {
                    "_airbyte_raw_id": f"{stream}-{number:05}",
                    "_airbyte_extracted_at": "2026-06-30 12:00:00",
                    "_airbyte_meta": {"changes": []},
                    **record,
                }
                names = ", ".join(f'"{name.lower() if lower else name}"' for name in values)
                cursor.execute(
                    f"insert into freshbooks.{stream} ({names}) values ({', '.join(['%s'] * len(values))})",
                    [json.dumps(v) if isinstance(v, dict | list) else v for v in values.values()],
                )
