"""Each entity of each business: may it be read?"""

from __future__ import annotations

from collections.abc import Iterator

from freshbooks_hub.connection.api import ApiUnreachable
from freshbooks_hub.connection.probe import Access, Why, probe
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.doctor.finding import Check, Finding

CHECKS = {Why.scope: Check.scopes, Why.plan: Check.plan, Why.role: Check.role}


def check(access_token: str, businesses: list[Business]) -> Iterator[Finding]:
    """One finding for each entity that cannot be read, and one for each business's rest."""
    try:
        found = probe(access_token, businesses)
    except ApiUnreachable as error:
        yield Finding(Check.network, False, str(error), "Try again in some minutes.")
        return
    for business in businesses:
        own = [access for access in found if access.business_id == business.id]
        readable = sum(access.ok for access in own)
        yield Finding(
            Check.entity, True, f"{readable} of {len(own)} entities can be read", subject=business.name
        )
        for access in own:
            if not access.ok:
                yield _refused(access, business)


def _refused(access: Access, business: Business) -> Finding:
    assert access.why is not None
    # What the plan lacks is nobody's fault: a sync leaves it out.
    return Finding(
        CHECKS.get(access.why, Check.entity),
        access.why is Why.plan,
        access.what,
        access.remedy,
        f"{access.stream} of {business.name}",
    )
