"""The published file: how it is opened, by us and by others, and what became of its earlier name."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import MartsDamaged, NoMarts, kept_marts, open_marts
from freshbooks_hub.sync.refresh import publish


def built(path: Path, *marts: str, rows: str = "SELECT 1 AS id") -> Path:
    """A file as dbt leaves it: tables in schema `marts`."""
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{path}' AS next; CREATE SCHEMA IF NOT EXISTS next.marts")
        for mart in marts:
            db.execute(f'CREATE OR REPLACE TABLE next.marts."{mart}" AS {rows}')
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    publish(built(tmp_path / "marts_next.duckdb", "invoices", "order"), tmp_path / "freshbooks.duckdb")
    return tmp_path / "freshbooks.duckdb"


@pytest.mark.parametrize(
    "name", ["invoices", "marts.invoices", "freshbooks.invoices", "freshbooks.marts.invoices"]
)
def test_a_mart_is_found_by_any_of_its_names(published: Path, name: str) -> None:
    with duckdb.connect(published, read_only=True) as db:
        assert db.execute(f"FROM {name}").fetchall() == [(1,)]
    with open_marts(published) as db:
        assert db.execute(f"FROM {name}").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "name",
    ["freshbooks.invoices", "freshbooks.marts.invoices", 'freshbooks."order"', "freshbooks.main.invoices"],
)
def test_a_mart_of_an_attached_file_is_found_by_any_of_its_names(published: Path, name: str) -> None:
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{published}' (READ_ONLY)")
        assert db.execute(f"FROM {name}").fetchall() == [(1,)]


@pytest.mark.parametrize("name", ["invoices", "marts.invoices"])
def test_a_mart_is_found_under_an_alias_too(published: Path, name: str) -> None:
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{published}' AS books (READ_ONLY)")
        assert db.execute(f"FROM books.{name}").fetchall() == [(1,)]
        db.execute("USE books")
        assert db.execute(f"FROM {name}").fetchall() == [(1,)]


def test_names_without_a_prefix_follow_the_marts_of_each_publication(published: Path, tmp_path: Path) -> None:
    """As the marts that a change reaches are built: over a copy of the published file."""
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(published.read_bytes())
    built(copy, "invoices", "clients", rows="SELECT 'a' AS code, 2 AS id")
    with duckdb.connect(copy) as db:
        db.execute('DROP TABLE marts."order"')
    publish(copy, published)
    with duckdb.connect(published, read_only=True) as db:
        assert db.execute("FROM invoices").fetchall() == db.execute("FROM clients").fetchall() == [("a", 2)]
        with pytest.raises(duckdb.CatalogException):
            db.execute('FROM "order"')


def test_nothing_is_left_beside_the_published_file(published: Path) -> None:
    assert [path.name for path in published.parent.iterdir()] == ["freshbooks.duckdb"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE made AS SELECT 1",
        "DELETE FROM invoices",
        "COPY invoices TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "FROM read_text('{folder}/secret.txt')",
        "SET enable_external_access = true",
        "LOAD httpfs",
    ],
)
def test_a_reader_writes_nothing_and_reads_no_other_file(published: Path, statement: str) -> None:
    (published.parent / "secret.txt").write_text("secret")
    before = published.read_bytes()
    with open_marts(published) as db, pytest.raises(duckdb.Error):
        db.execute(statement.format(folder=published.parent))
    assert published.read_bytes() == before
    assert sorted(path.name for path in published.parent.iterdir()) == ["freshbooks.duckdb", "secret.txt"]


def test_a_reader_keeps_the_marts_of_its_moment(published: Path, tmp_path: Path) -> None:
    with open_marts(published) as before:
        publish(built(tmp_path / "next.duckdb", "invoices", rows="SELECT 2 AS id"), published)
        with open_marts(published) as after:
            assert before.execute("FROM invoices").fetchall() == [(1,)]
            assert after.execute("FROM invoices").fetchall() == [(2,)]


def test_an_answer_is_kept_until_the_next_publication(published: Path, tmp_path: Path) -> None:
    def asked() -> list[tuple[object, ...]]:
        with kept_marts(published) as (db, answers):
            if "ids" not in answers:
                answers["ids"] = db.execute("SELECT id FROM invoices").fetchall()
            return answers["ids"]

    first = asked()
    assert asked() is first
    publish(built(tmp_path / "next.duckdb", "invoices", rows="SELECT 2 AS id"), published)
    assert asked() == [(2,)]


def test_none_and_damaged_ones_are_told_apart(tmp_path: Path) -> None:
    marts = tmp_path / "freshbooks.duckdb"
    with pytest.raises(NoMarts, match="freshbooks sync"), open_marts(marts):
        pass
    marts.write_bytes(b"no database")
    with pytest.raises(MartsDamaged, match="freshbooks build"), open_marts(marts):
        pass
    marts.unlink()
    duckdb.connect(marts).close()
    with pytest.raises(MartsDamaged, match="contains no marts"), open_marts(marts):
        pass


def test_the_file_of_an_old_home_gets_its_new_name_when_it_is_asked_for(tmp_path: Path) -> None:
    home = Home(tmp_path)
    built(tmp_path / "marts.duckdb", "invoices")
    with open_marts(home.marts) as db:
        assert db.execute("FROM invoices").fetchall() == [(1,)]
    assert [path.name for path in tmp_path.iterdir()] == ["freshbooks.duckdb"]


def test_an_old_file_never_takes_the_place_of_a_new_one(tmp_path: Path) -> None:
    built(tmp_path / "freshbooks.duckdb", "invoices", rows="SELECT 2 AS id")
    built(tmp_path / "marts.duckdb", "invoices")
    with open_marts(Home(tmp_path).marts) as db:
        assert db.execute("FROM invoices").fetchall() == [(2,)]


def test_processes_that_ask_at_once_all_find_the_renamed_file(tmp_path: Path) -> None:
    built(tmp_path / "marts.duckdb", "invoices")
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_is_there, [tmp_path] * 8) == [True] * 8


def _is_there(root: Path) -> bool:
    return Home(root).marts.exists()
