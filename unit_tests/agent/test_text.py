"""Names are found as people type them, and DuckDB folds exactly as Python does."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbooks_hub.agent.text import folded, macro, nearest


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(macro())
        yield connection


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Café Lumière", "cafe lumiere"),
        ("Café Lumière", "Cafe\u0301 Lumie\u0300re"),
        ("O’Connell & Sons", "o'connell & sons"),
        ("O\u02bcConnell", "O`Connell"),
        ("Smith–Jones", "smith-jones"),
        ("Smith\u2011Jones", "Smith\u2212Jones"),
        ("Big\u00a0Blue", "big blue"),
        ("Big  Blue", " Big\u2009Blue\t"),
        ("Zero\u200bWidth\ufeff", "zerowidth"),
        ("Straße 7", "STRASSE 7"),
        ("Søren Łódź", "soren lodz"),
        ("“Quoted”", '"quoted"'),
        ("İstanbul", "istanbul"),
    ],
)
def test_what_looks_alike_is_the_same(db: duckdb.DuckDBPyConnection, stored: str, typed: str) -> None:
    assert folded(stored) == folded(typed)
    assert db.execute("SELECT folded(?) = folded(?)", [stored, typed]).fetchone() == (True,)


def test_what_differs_in_letters_stays_apart() -> None:
    assert len({folded(name) for name in ("Smith-Jones", "Smith Jones", "Smithjones", "Smith & Jones")}) == 4


_TYPED = st.text(
    st.characters(max_codepoint=0x24F, exclude_characters="\0")
    | st.sampled_from("\u0301\u0308\u2013\u2014\u2019\u2018\u00a0\u2003\u3000\u200b\ufeff\u2026ﬁ日本語 Ωйё"),
    max_size=20,
)


@given(text=_TYPED)
def test_python_and_duckdb_fold_alike(db: duckdb.DuckDBPyConnection, text: str) -> None:
    assert db.execute("SELECT folded(?)", [text]).fetchone() == (folded(text),)


@given(text=_TYPED)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_the_nearest_names_are_offered_first() -> None:
    names = ["Willow Creek School", "Will Crane", "Halcyon Spa", "Café Lumière"]
    assert nearest("willo creak scool", names)[0] == "Willow Creek School"
    assert nearest("lumiere", names) == ["Café Lumière"]
    assert nearest("zzzz", names) == []
    assert nearest("", names) == []
