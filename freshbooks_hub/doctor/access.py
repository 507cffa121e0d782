"""Which data of each business can be read?"""

from __future__ import annotations

from collections.abc import Iterator

from freshbooks_hub.connection import probe
from freshbooks_hub.connection.api import ApiUnreachable
from freshbooks_hub.connection.not_available import NotAvailable, Why
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.core.stream_labels import stream_label
from freshbooks_hub.doctor.finding import Check, Finding

CHECKS = {Why.gated: Check.plan, Why.refused: Check.role}


def check(access_token: str, businesses: list[Business]) -> Iterator[Finding]:
    """What each business gives, and together what plan and role do not allow: that is no failure.

    Streams whose scope the token lacks are told by the check of the scopes, and not asked for.
    """
    try:
        found = probe.probe(access_token, businesses, probe.allowed(access_token))
    except ApiUnreachable as error:
        yield Finding(Check.network, False, str(error), "Try again in a few minutes.")
        return
    names = {business.id: business.name for business in businesses}
    for business in businesses:
        own = [access for access in found if access.business_id == business.id]
        yield Finding(Check.entity, True, probe.counted(own, 1), subject=business.name)
    for group in probe.grouped(found, names):
        yield not_available(group)
    for access in found:
        if not access.ok and access.why not in probe.CODES:
            label = f"{stream_label(access.stream)} of {names[access.business_id]}"
            yield Finding(Check.entity, False, access.what, access.remedy, label)


def not_available(group: NotAvailable) -> Finding:
    """Worth knowing, and no failure."""
    return Finding(CHECKS.get(group.why, Check.scopes), True, group.reason, group.remedy, group.what)
