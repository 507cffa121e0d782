"""Of a large table the rows of the invoices that changed are made anew, the others stay.

A model says of which tables it takes the rows of an invoice for the rows of that invoice, and nothing else
(dbt_project/macros/by_invoice.sql): its query stands as it is, and finds in them the invoices that changed. These come
from the raw rows that were read again, and from whatever else differs in a table that was made whole. Where too much
changed, or something that the query reads in another way, the table is made whole. In a table of documents an invoice
is one of several kinds, and the others stay too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from freshbooks_hub.sync.dbt_cache import Statement

FEW = 10  # the tenth part of the invoices of a table
BUSINESS = "business_id"
DOCUMENT = "document_id"
RAW = '"raw"."freshbooks".'

# Of a stream that is not there it stands within a comment (dbt_project/macros/raw_stream.sql).
_PART = re.compile(r'("[^"]+"\."[^"]+"\."[^"]+") /[*+] by (\w+) [*+]/')
_TABLE = re.compile(r"create or replace table (\S+)")


def make(db: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run what dbt executed for a model, in one transaction as it does: else each comment would be one of its own."""
    db.execute(f"BEGIN; {statement}; COMMIT")


def is_renewable(query: str) -> bool:
    """Whether a model's compiled query tells where it reads by invoice."""
    return any(column != BUSINESS for _, column in _PART.findall(query))


class Renewal:
    """Runs the models of one build over copies of the earlier tables. Raises duckdb.Error."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, nodes: Iterable[Statement], changed: Iterable[str]
    ) -> None:
        """`nodes`: all of the build; `changed`: raw tables."""
        self._db = db
        # By id of a table that changed: its name in SQL.
        self._changed = {f"source.freshbooks.freshbooks.{name}": f'{RAW}"{name}"' for name in changed}
        parts = {part for node in nodes if node.rows for part in _PART.findall(node.rows)}
        self._by_invoice = {table: column for table, column in parts if column != BUSINESS}
        self._by_business = {table for table, column in parts if column == BUSINESS}
        self._same_businesses: set[str] = set()
        # Tables in which more than rows of invoices changed.
        self._beyond_invoices: set[str] = set()
        # Of few rows it is dearer to join a long list of currencies than to compare with each.
        db.execute("SET disabled_optimizers = 'in_clause'")
        db.execute(
            "CREATE TEMP TABLE changed_invoices (account_id VARCHAR, business_id BIGINT, invoice_id BIGINT)"
        )

    def run(self, node: Statement) -> None:
        """Bring the table of a model up to date."""
        named = _TABLE.search(node.statement)
        table = named[1] if named else ""
        before = self._businesses(table)
        if node.rows and self._is_renewable(node.rows, node.parents):
            self._note_read_again(node.rows, table)
            column = self._column(table)
            if self._are_few(table, column):
                self._renew(table, column, node.rows)
            else:
                make(self._db, node.statement)
        else:
            self._make(table, node.statement)
        if before == self._businesses(table):
            self._same_businesses.add(table)
        # The source's account is built in any case (dbt_cache.py), and says the same where it was not read again.
        if not self._changed.keys().isdisjoint(node.parents):
            self._changed[node.unique_id] = table

    def _businesses(self, table: str) -> list[tuple[int]]:
        """Of which businesses a table has rows, where others read it for these."""
        if table not in self._by_business:
            return []
        return self._db.execute(f"SELECT DISTINCT business_id FROM {table} ORDER BY ALL").fetchall()  # noqa: S608

    def _column(self, table: str) -> str:
        """The column that tells an invoice in a table whose rows are renewed."""
        [(documents,)] = self._db.execute(
            f"SELECT count(*) FROM (DESCRIBE {table}) WHERE column_name = '{DOCUMENT}'"  # noqa: S608
        ).fetchall()
        return DOCUMENT if documents else "invoice_id"

    def _is_renewable(self, query: str, parents: tuple[str, ...]) -> bool:
        """Whether all that changed of its parents is known, and read by invoice, or for its businesses alone."""
        parts = _PART.findall(query)
        for parent in self._changed.keys() & set(parents):
            table = self._changed[parent]
            told = [column for name, column in parts if name == table]
            if len(told) != query.count(table) or table in self._beyond_invoices:
                return False
            if BUSINESS in told and table not in self._same_businesses:
                return False
        return True

    def _note_read_again(self, query: str, table: str) -> None:
        """Rows of a raw table that `table` has not, or as they were; and rows of its that are gone there."""
        for name, column in set(_PART.findall(query)):
            if name not in self._changed.values() or not name.startswith(RAW):
                continue
            same = _same_invoice("r", column, "t", "invoice_id")
            self._db.execute(f"""
                INSERT INTO changed_invoices
                SELECT account_id, business_id, {column} FROM {name} AS r
                ANTI JOIN {table} AS t ON {same} AND t.extracted_at IS NOT DISTINCT FROM r._airbyte_extracted_at
                UNION
                SELECT account_id, business_id, invoice_id FROM {table} AS t ANTI JOIN {name} AS r ON {same}
            """)  # noqa: S608 - names of ours

    def _are_few(self, table: str, column: str) -> bool:
        """Whether so few invoices changed that their rows are renewed sooner than the table is made."""
        [(changed, invoices)] = self._db.execute(
            f"SELECT (SELECT count(*) FROM changed_invoices), count(DISTINCT {column}) FROM {table}"  # noqa: S608
        ).fetchall()
        return bool(changed * FEW <= invoices)

    def _renew(self, table: str, column: str, query: str) -> None:
        def narrowed(part: re.Match[str]) -> str:
            name, column = part.groups()
            if column == BUSINESS:
                return name
            same = _same_invoice("p", column, "c", "invoice_id")
            ids = f"SELECT p.rowid FROM {name} AS p SEMI JOIN changed_invoices AS c ON {same}"  # noqa: S608
            # By the ids of the rows: else DuckDB reads every column of all of them.
            return f"(SELECT p.* FROM {name} AS p WHERE p.rowid IN ({ids}))"  # noqa: S608

        same = _same_invoice("t", column, "c", "invoice_id")
        rows = _PART.sub(narrowed, query)
        self._db.execute(f"""
            BEGIN;
            DELETE FROM {table} AS t USING changed_invoices AS c WHERE {same};
            INSERT INTO {table} BY NAME SELECT * FROM ({rows}) AS t WHERE {_is_invoice("t", column)};
            COMMIT
        """)  # noqa: S608

    def _make(self, table: str, statement: str) -> None:
        """Make it whole, and note in what it differs, where others read it by invoice."""
        column = self._by_invoice.get(table)
        if not column:
            make(self._db, statement)
            return
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM {table}")
        make(self._db, statement)
        self._db.execute(f"""
            CREATE OR REPLACE TEMP TABLE differing AS
            SELECT DISTINCT account_id, business_id, {column} AS id, {_is_invoice("t", column)} AS is_invoice
            FROM ((FROM before EXCEPT ALL FROM {table}) UNION ALL (FROM {table} EXCEPT ALL FROM before)) AS t
        """)  # noqa: S608
        self._db.execute(
            "INSERT INTO changed_invoices SELECT account_id, business_id, id FROM differing WHERE is_invoice"
        )
        if self._db.execute("FROM differing WHERE NOT is_invoice LIMIT 1").fetchall():
            self._beyond_invoices.add(table)


def _is_invoice(table: str, column: str) -> str:
    return f"{table}.document_type = 'invoice'" if column == DOCUMENT else "true"


def _same_invoice(one: str, column: str, other: str, other_column: str) -> str:
    """A condition on rows of two tables; NULL is as good a value as others."""
    pairs = (("account_id", "account_id"), (BUSINESS, BUSINESS), (column, other_column))
    same = " AND ".join(f"{one}.{ours} IS NOT DISTINCT FROM {other}.{theirs}" for ours, theirs in pairs)
    return f"{same} AND {_is_invoice(one, column)}"
