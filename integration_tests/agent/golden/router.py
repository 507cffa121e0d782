"""A router without a model: BM25 of a question over what each tool says about itself."""

import math
import re
import unicodedata
from collections import Counter
from typing import Any

# Words that carry no subject.
STOP = frozenset(
    """a about also an and any are as at be been by can could did do does each every far for from give had has have
    how i if in into is it its me more most much my no not of on one or our per please so such tell than that the
    their them then there these they this those to until up us was we were what when which who whose will with
    would you your""".split()  # noqa: SIM905 - a list of quoted words is harder to read
)
K1, B = 1.2, 0.5  # half of the usual penalty for length: parameters make some tools long


def words(text: str) -> list[str]:
    """Lower-case stems without accents; names in snake_case come apart."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return [stem(word) for word in re.findall(r"[a-z]+", plain) if word not in STOP and len(word) > 1]


def stem(word: str) -> str:
    for ending, least in (("ies", 4), ("ing", 6), ("ly", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            if ending in ("ing", "ed") and word[-1] == word[-2]:
                word = word[:-1]  # logged, planning
            break
    return word.removesuffix("e") if len(word) > 3 else word


def described(tool: Any) -> str:
    """Name, description, parameters and their descriptions of an MCP tool, as the model sees them."""
    parts = [tool.name, tool.name, tool.title or "", tool.description]
    for name, schema in tool.parameters["properties"].items():
        parts += [name, schema.get("description", ""), " ".join(map(str, schema.get("enum", [])))]
    return " ".join(parts)


class Router:
    """Ranks tools for a question."""

    def __init__(self, tools: list[Any]) -> None:
        self._documents = {tool.name: Counter(words(described(tool))) for tool in tools}
        self._average = sum(sum(d.values()) for d in self._documents.values()) / len(tools)

    def rank(self, question: str) -> list[str]:
        """The names of the tools, best first."""
        asked = set(words(question))
        return sorted(self._documents, key=lambda name: -self._score(asked, self._documents[name]))

    def _score(self, asked: set[str], document: Counter[str]) -> float:
        length = K1 * (1 - B + B * sum(document.values()) / self._average)
        return sum(
            self._rarity(word) * document[word] * (K1 + 1) / (document[word] + length) for word in asked
        )

    def _rarity(self, word: str) -> float:
        found = sum(1 for document in self._documents.values() if document[word])
        return math.log(1 + (len(self._documents) - found + 0.5) / (found + 0.5))
