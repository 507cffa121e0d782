"""All of them."""

from integration_tests.agent.golden.analytical import ANALYTICAL
from integration_tests.agent.golden.direct import DIRECT
from integration_tests.agent.golden.question import Question
from integration_tests.agent.golden.unsupported import UNSUPPORTED

QUESTIONS: list[Question] = [*DIRECT, *ANALYTICAL, *UNSUPPORTED]
