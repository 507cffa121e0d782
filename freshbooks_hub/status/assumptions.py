"""What `freshbooks status` and the Status page say of facts that are not as assumed on this account."""

from __future__ import annotations

from freshbooks_api.verified import Fact, grouped, sentence
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_label
from freshbooks_hub.sync.assumptions import Assumptions


def refuted(home: Home) -> dict[int, list[tuple[Fact, str]]]:
    """By business, each refuted fact with its sentence, which also says what is done because of it."""
    return {
        business: [
            (fact, sentence(fact, [stream_label(s) for s in subjects])) for fact, subjects in grouped(facts)
        ]
        for business, facts in Assumptions(home).refuted().items()
    }
