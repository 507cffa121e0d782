"""PostgreSQL: new marts that passed take the place of the old ones whole, and readers keep their rights."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from unit_tests.dbt import postgres
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import PROJECT, TODAY, Build, Dbt, part_of_project

STREAMS = ("businesses", "systems", "taxes")
BOTH_MARTS = """
    select
        (select string_agg(distinct business_name, ', ') from marts.businesses where business_id = 1),
        (select string_agg(distinct business_name, ', ') from marts.taxes where business_id = 1)
"""


@dataclass
class Books:
    """A small part of the project over a database of its own."""

    server: postgres.Server
    dbt: Dbt
    folder: Path
    project: Path

    def build(
        self,
        *arguments: str,
        models: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Build:
        variables = TODAY | {"freshbooks_streams": list(STREAMS)} | dict(variables or {})
        return self.dbt.call(
            self.folder,
            self.server.environment(),
            *("build", *arguments),
            variables=variables,
            target="postgres",
            project=self.project,
            models=models,
        )

    def publish(self, name: str) -> None:
        """Build with another name of the business, which both marts show."""
        self.run(f"update freshbooks.businesses set name = '{name}' where business_id = 1")
        built = self.build()
        assert built.succeeded, built.output

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def connection(self) -> Iterator[Any]:
        connection = self.server.connect()
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()


@pytest.fixture(scope="module")
def books(dbt: Dbt, server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Books:
    folder = tmp_path_factory.mktemp("publish")
    models = ("businesses", "taxes", *(f"stg_freshbooks__{stream}" for stream in STREAMS))
    rows = all_rows()
    postgres.write_raw(server, {stream: rows[stream] for stream in STREAMS})
    return Books(server, dbt, folder, part_of_project(folder, *models))


@pytest.mark.long
def test_a_reader_has_the_old_marts_or_the_new_ones(books: Books) -> None:
    books.publish("Before")
    answers: list[Any] = []
    done = threading.Event()

    def read() -> None:
        with books.connection() as connection, connection.cursor() as cursor:
            while not done.is_set():
                try:
                    cursor.execute(BOTH_MARTS)
                    answers.append(cursor.fetchone())
                except psycopg2.Error as error:
                    answers.append(str(error))
                time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        books.publish("After")
    finally:
        done.set()
        reader.join()
    assert list(dict.fromkeys(answers)) == [("Before", "Before"), ("After", "After")]
    assert books.run("select nspname from pg_namespace where nspname like 'marts%'") == [("marts",)]


@pytest.mark.long
def test_what_readers_were_granted_they_keep(books: Books) -> None:
    books.publish("Before")
    books.run("create role clerk; create role auditor; create role guest")
    books.run("grant usage on schema marts to clerk, auditor, guest")
    books.run("grant select on marts.businesses to clerk")
    books.run("grant select (tax_name) on marts.taxes to guest")
    books.run("grant select on marts.taxes to auditor with grant option")
    books.run("alter default privileges in schema marts grant select on tables to clerk")
    books.run("drop table marts.taxes")  # so that it is a new mart, which the clerk was promised
    books.publish("Second")
    books.run("grant select (tax_name) on marts.taxes to guest")
    books.run("grant select on marts.taxes to auditor with grant option")
    books.publish("Third")
    found = books.run("""
        select
            role,
            has_table_privilege(role, 'marts.businesses', 'select'),
            has_table_privilege(role, 'marts.taxes', 'select'),
            has_table_privilege(role, 'marts.taxes', 'select with grant option'),
            has_column_privilege(role, 'marts.taxes', 'tax_name', 'select'),
            has_column_privilege(role, 'marts.taxes', 'tax_number', 'select'),
            has_table_privilege(role, 'marts.businesses', 'update')
        from unnest(array['clerk', 'auditor', 'guest']) as roles (role)
    """)
    assert found == [
        ("clerk", True, True, False, True, True, False),
        ("auditor", False, True, True, True, True, False),
        ("guest", False, False, False, True, False, False),
    ]


def test_a_failed_check_leaves_the_marts_as_they_were(books: Books) -> None:
    books.publish("Before")
    books.run("update freshbooks.businesses set name = 'Never seen' where business_id = 1")
    taxes = (PROJECT / "models" / "marts" / "taxes.sql").read_text()
    joined = "on taxes.business_id = businesses.business_id"
    assert joined in taxes
    built = books.build(
        models={"taxes": taxes.replace(joined, "on true")}
    )  # each tax in each business: doubled
    assert [name for name, status in built.statuses.items() if status == "fail"] == ["taxes_checks"]
    assert "The earlier marts are unchanged" in built.output
    assert books.run(BOTH_MARTS) == [("Before", "Before")]


def test_a_part_of_the_project_is_not_published(books: Books) -> None:
    books.publish("Before")
    books.run("update freshbooks.businesses set name = 'Half' where business_id = 1")
    built = books.build("--select", "+businesses")
    assert built.succeeded, built.output
    assert "Marts not published" in built.output
    assert books.run(BOTH_MARTS) == [("Before", "Before")]


@pytest.mark.long
def test_a_view_that_would_go_stale_is_named(books: Books) -> None:
    books.publish("Before")
    books.run("create view public.tax_names as select tax_name from marts.taxes")
    try:
        books.run("update freshbooks.businesses set name = 'After' where business_id = 1")
        built = books.build()
        assert not built.succeeded
        assert "would go on reading the old tables: public.tax_names" in built.output
        assert books.run(BOTH_MARTS) == [("Before", "Before")]
    finally:
        books.run("drop view public.tax_names")


@pytest.mark.long
def test_a_long_answer_is_waited_for(books: Books) -> None:
    books.publish("Before")
    with books.connection() as connection, connection.cursor() as cursor:
        cursor.execute("begin; select count(*) from marts.taxes")
        build = threading.Thread(target=books.publish, args=("After",))
        build.start()
        waits = "select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'"
        until = time.monotonic() + 60
        while not books.run(waits)[0][0] and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.5)  # longer than one try
        cursor.execute(BOTH_MARTS)
        assert cursor.fetchone() == ("Before", "Before")
        cursor.execute("commit")
        build.join()
    assert books.run(BOTH_MARTS) == [("After", "After")]


@pytest.mark.long  # to parse for it takes ten seconds
def test_without_publishing_the_marts_are_in_the_schema_of_the_target(books: Books) -> None:
    books.publish("Before")
    books.run("update freshbooks.businesses set name = 'Beside' where business_id = 1")
    built = books.build(variables={"freshbooks_publish": False})
    assert built.succeeded, built.output
    assert books.run("select business_name from freshbooks_work.businesses where business_id = 1") == [
        ("Beside",)
    ]
    assert books.run(BOTH_MARTS) == [("Before", "Before")]
