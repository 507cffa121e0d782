"""Each question, asked as an agent asks it, has the right answer within its calls; docs/agents.md says how many."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import validate_call

from freshbooks_hub.agent import reads
from integration_tests.agent.asked.question import Question, answered, carried_out, plain
from integration_tests.agent.asked.questions import QUESTIONS

PAGE = Path(__file__).parents[3] / "docs" / "agents.md"
READS = {read.__name__: read for read in reads.READS}
CLAIM = re.compile(r"Of \d+ questions .*?\n")


@pytest.fixture(scope="module")
def books(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(marts, read_only=True) as db:
        db.execute("SET search_path = 'marts'")
        yield db


def shares() -> dict[int, int]:
    """Calls to how many questions take no more than that."""
    return {most: sum(len(question.calls) <= most for question in QUESTIONS) for most in (1, 2, 3)}


def claim() -> str:
    """The sentence of the documentation."""
    total, found = len(QUESTIONS), shares()
    return (
        f"Of {total} questions that owners, bookkeepers and analysts ask, {100 * found[1] // total} % take one call, "
        f"{100 * found[2] // total} % at most two and all at most three.\n"
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text)
def test_the_answer_is_right(marts: Path, books: duckdb.DuckDBPyConnection, question: Question) -> None:
    def ask(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: Any = validate_call(READS[tool])(marts, **arguments)
        assert question.sql != arguments.get("statement"), "the answer is of the question itself"
        return dict(json.loads(answer.model_dump_json(exclude_none=True)))

    answer = carried_out(question.calls, ask)
    if not isinstance(answer[question.part], list | dict):
        answer = {question.part: [{question.part: answer[question.part]}]}
    expected = [tuple(map(plain, row)) for row in books.execute(question.sql).fetchall()]
    assert expected, "a question without an answer proves nothing"
    found = answered(question, answer)
    if not question.ordered:
        found, expected = sorted(found, key=str), sorted(expected, key=str)
    assert found == expected


def test_there_are_questions_of_everybody() -> None:
    assert len(QUESTIONS) >= 60
    assert len({question.text for question in QUESTIONS}) == len(QUESTIONS)
    assert {question.who for question in QUESTIONS} == {"owner", "bookkeeper", "analyst"}
    assert shares()[3] == len(QUESTIONS)


def test_the_documentation_says_how_many_calls_they_take() -> None:
    assert claim() in PAGE.read_text("utf-8"), "run `python -m integration_tests.agent.asked.test_asked`"


if __name__ == "__main__":
    PAGE.write_text(CLAIM.sub(claim(), PAGE.read_text("utf-8")), "utf-8")
