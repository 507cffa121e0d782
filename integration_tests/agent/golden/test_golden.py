"""Each golden question with its tool and arguments, against the answer from the books themselves."""

from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent import reads
from freshbooks_hub.agent.sql import QueryRefused
from freshbooks_sandbox import Sandbox
from integration_tests.agent.golden.question import Pages, Question
from integration_tests.agent.golden.questions import QUESTIONS

READS = {read.__name__: read for read in reads.READS}
SUPPORTED = [question for question in QUESTIONS if question.kind != "unsupported"]
UNSUPPORTED = [question for question in QUESTIONS if question.kind == "unsupported"]


def pages(marts: Path, tool: str, arguments: dict[str, Any]) -> Pages:
    """The whole answer: every page of a list, each with the same totals."""
    read: Any = READS[tool]
    found = [read(marts, **arguments)]
    while getattr(found[-1], "has_more", False):
        found.append(read(marts, **arguments, cursor=found[-1].next_cursor))
        assert getattr(found[-1], "totals", None) == getattr(found[0], "totals", None)
    return found


def test_there_are_enough_of_each_class() -> None:
    kinds = [question.kind for question in QUESTIONS]
    assert len(QUESTIONS) >= 60
    assert min(kinds.count("direct"), kinds.count("analytical")) >= 20
    assert kinds.count("unsupported") >= 10
    assert len({question.text for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("question", SUPPORTED, ids=lambda question: question.text)
def test_the_answer_is_that_of_the_books(marts: Path, ledgers: Sandbox, question: Question) -> None:
    assert question.tool
    assert question.got
    assert question.expected
    found = pages(marts, question.tool, question.arguments)
    expected = question.expected(ledgers)
    assert expected not in (None, {}, [], set(), 0), "a question without an answer proves nothing"
    assert question.got(found) == expected
    if question.naive:
        assert question.naive(ledgers) != expected
    for page in found:
        assert page.context.as_of_date.isoformat() == "2026-10-31"
        assert page.context.businesses


@pytest.mark.parametrize("question", UNSUPPORTED, ids=lambda question: question.text)
def test_an_unsupported_question_names_no_tool(marts: Path, question: Question) -> None:
    assert question.tool is None
    assert question.reason
    if question.attempt:
        with pytest.raises(QueryRefused):
            reads.query_marts(marts, statement=question.attempt)
