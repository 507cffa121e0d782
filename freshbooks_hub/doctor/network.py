"""Whether FreshBooks can be reached, and whether this machine's clock agrees with its."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from freshbooks_hub.connection.oauth import USER_AGENT, api_url
from freshbooks_hub.doctor.finding import Check, Finding

TIMEOUT = 15.0
# Tokens are refreshed ten minutes before their end, and certificates are checked to the second.
SKEW = timedelta(minutes=2)


def check() -> Iterator[Finding]:
    """One request without a token, so that nothing of the connection plays a part."""
    before = datetime.now(UTC)
    try:
        response = requests.get(
            f"{api_url()}/auth/api/v1/users/me",
            headers={"Accept": "application/json", "User-Agent": USER_AGENT},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.exceptions.SSLError:
        yield Finding(
            Check.network,
            False,
            f"{api_url()} answered with a certificate that this machine does not trust",
            "Check the clock, and whether a proxy or a firewall opens encrypted connections.",
        )
        return
    except requests.RequestException:
        yield Finding(
            Check.network,
            False,
            f"{api_url()} cannot be reached",
            "Check the network, DNS, proxy (HTTPS_PROXY) and firewall of this machine.",
        )
        return
    if response.status_code >= 500 or response.status_code == 429:
        yield Finding(
            Check.network,
            False,
            f"{api_url()} answered with status {response.status_code}",
            "FreshBooks has trouble or asks to slow down: wait a few minutes. Syncs continue by themselves.",
        )
    else:
        yield Finding(Check.network, True, f"{api_url()} answers")
    yield _clock(response.headers.get("Date"), before + response.elapsed / 2)


def _clock(stated: str | None, here: datetime) -> Finding:
    try:
        there = parsedate_to_datetime(stated or "")
    except ValueError:
        return Finding(Check.clock, True, "FreshBooks did not send its time")
    # The header has whole seconds, cut off.
    skew = here - (there + timedelta(seconds=0.5))
    if abs(skew) > SKEW:
        direction = "ahead of" if skew > timedelta() else "behind"
        return Finding(
            Check.clock,
            False,
            f"this machine's clock is {_words(abs(skew))} {direction} FreshBooks'",
            "Set the clock, and keep it set: `timedatectl set-ntp true`, or your system's date and time settings.",
        )
    return Finding(Check.clock, True, f"within {SKEW.total_seconds() / 60:.0f} minutes of FreshBooks' clock")


def _words(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
