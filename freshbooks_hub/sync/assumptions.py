"""`assumptions.json` in the home: what `verify` found about the account, by business, for the source and for people."""

from __future__ import annotations

import json
from typing import Any

from freshbooks_api.verified import LAYOUT, LINKS, Fact, Result, facts_of
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

# Of these, rows that were read before may be wrong or missing, so such a stream is read again from the beginning.
_REREAD = ("zones", "unfiltered", "whole")


class Assumptions:
    """The file of one home; one that is missing, damaged or of another layout holds nothing."""

    def __init__(self, home: Home) -> None:
        self._path = home.assumptions

    def document(self) -> dict[str, Any]:
        """What `source-freshbooks verify` printed, with our own `reread` and `failed_at`; empty if there is none."""
        try:
            document = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        is_ours = isinstance(document, dict) and document.get("layout") == LAYOUT
        return document if is_ours and isinstance(document.get("businesses"), dict) else {}

    def keep(self, found: dict[str, Any]) -> None:
        """Store what was found now; streams that were read in another way before will be read again."""
        before = self.document()
        old, new = before.get("businesses", {}), found["businesses"]
        reread = {
            stream
            for business, one in new.items()
            for kind in _REREAD
            for stream in _changed(
                old.get(business, {}).get("adapt", {}).get(kind, {}), one["adapt"].get(kind, {})
            )
        }
        self._write({**found, "reread": sorted(reread | set(before.get("reread", [])))})

    def failed(self, at: str) -> None:
        """Nothing was found at `at`; what was found before stays."""
        empty = {"layout": LAYOUT, "version": "", "businesses": {}}
        self._write({**(self.document() or empty), "failed_at": at})

    def were_read(self, streams: set[str]) -> None:
        """These streams were read to their end."""
        document = self.document()
        if streams & set(document.get("reread", [])):
            self._write({**document, "reread": sorted(set(document["reread"]) - streams)})

    def reread(self) -> frozenset[str]:
        """The streams that the next sync reads from the beginning; their tables are replaced."""
        return frozenset(self.document().get("reread", []))

    def reconciled(self) -> frozenset[str]:
        """The streams whose deleted rows are in no list: the source asks for those that it is told of."""
        businesses = self.document().get("businesses", {}).values()
        return frozenset(s for one in businesses for s in one.get("adapt", {}).get("reconcile", []))

    def setting(self) -> dict[str, str]:
        """What the source's config is given; empty where nothing is to be done differently."""
        businesses = {
            business: {"adapt": adapt}
            for business, one in self.document().get("businesses", {}).items()
            if (adapt := {kind: found for kind, found in one.get("adapt", {}).items() if kind != LINKS})
        }
        return {"assumptions": json.dumps({"layout": LAYOUT, "businesses": businesses})} if businesses else {}

    def links(self, business_id: int) -> dict[str, str]:
        """How lines of that business's invoices name `time_entries` and `expenses` (verified.LINKS), where known."""
        business = self.document().get("businesses", {}).get(str(business_id), {})
        return dict(business.get("adapt", {}).get(LINKS, {}))

    def refuted(self) -> dict[int, list[Fact]]:
        """By business, what is not as it was assumed."""
        return {
            int(business): found
            for business, one in self.document().get("businesses", {}).items()
            if (found := [fact for fact in facts_of(one) if fact.result is Result.refuted])
        }

    def _write(self, document: dict[str, Any]) -> None:
        with disk_errors(self._path.parent):
            write_private(self._path, json.dumps(document, indent=1).encode())


def _changed(old: Any, new: Any) -> set[str]:
    """The streams that differ between two mappings or two lists; what is not there is an empty one of either."""
    before, after = (found if isinstance(found, dict) else dict.fromkeys(found, True) for found in (old, new))
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
