"""The descriptions of the tools tell them apart: a lexical router finds the right one for golden questions."""

from freshbooks_hub.agent.mcp.read_tools import read_tools
from freshbooks_hub.agent.mcp.write_tools import action_tools, write_tools
from integration_tests.agent.golden.questions import QUESTIONS
from integration_tests.agent.golden.router import Router


def test_the_right_tool_comes_first() -> None:
    router = Router([*read_tools(), *write_tools(), *action_tools()])
    asked = [question for question in QUESTIONS if question.tool]
    wrong = {question.text: router.rank(question.text)[0] for question in asked}
    wrong = {
        text: tool for text, tool in wrong.items() if tool not in {q.tool for q in asked if q.text == text}
    }
    assert len(wrong) <= 0.05 * len(asked), wrong
