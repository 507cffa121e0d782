"""The machine: the home's folder and locks, the disk, installed packages, the network and the clock."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib import metadata

import requests
from packaging.requirements import Requirement

from freshbooks_api.client import api_url
from freshbooks_hub.connection.oauth import USER_AGENT
from freshbooks_hub.core.errors import NO_SPACE
from freshbooks_hub.core.files import check_writable
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import is_held, sync_holder
from freshbooks_hub.doctor.finding import Check, Finding

# A sync writes a new copy of the marts beside the old one, and the raw tables' log; this much more is for rest.
SPARE = 100 * 2**20
# A first sync of very large books takes a while; nothing else does.
LONG = timedelta(hours=2)
# A refresh holds the connection for as long as one request.
PATIENCE = 5.0
TIMEOUT = 15.0
# Tokens are refreshed ten minutes before their end, and certificates are checked to the second.
SKEW = timedelta(minutes=2)


def check(home: Home) -> Iterator[Finding]:
    """Findings on this machine."""
    yield from _folder(home)
    yield _versions()


def check_locks(home: Home) -> Iterator[Finding]:
    """Who holds the lock of the sync and that of the connection."""
    yield _sync_lock(home)
    if is_held(home.root / f"{home.connection.name}.lock", PATIENCE):
        yield Finding(
            Check.connection_lock,
            False,
            "another process has held the connection for some seconds",
            f"Wait a minute. If it stays so, find the process and end it: fuser -v {home.connection}.lock",
        )
    else:
        yield Finding(Check.connection_lock, True, "free")


def _sync_lock(home: Home) -> Finding:
    holder = sync_holder(home.root)
    if holder is None:
        return Finding(Check.sync_lock, True, "free")
    return Finding(
        Check.sync_lock,
        datetime.now(UTC) - holder.since < LONG,
        f"process {holder.pid} has been syncing since {holder.since:%Y-%m-%d %H:%M} UTC",
        f"Wait for it. If it hangs, end it: kill {holder.pid}; the next sync continues from there.",
    )


def _folder(home: Home) -> Iterator[Finding]:
    if not home.root.is_dir():
        yield Finding(
            Check.home,
            False,
            f"{home.root} does not exist",
            "Run `freshbooks connect`, or set FRESHBOOKS_HOME to where your data is.",
        )
        return
    full = False
    try:
        check_writable(home.root)
    except OSError as error:
        full = error.errno in NO_SPACE
        if not full:
            why = (
                "not writable" if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} else error.strerror
            )
            yield Finding(
                Check.home,
                False,
                f"{home.root} cannot be used: {why}",
                "Change the folder's owner, or set FRESHBOOKS_HOME to a folder you can write to.",
            )
            return
    yield _private(home)
    yield _disk(home, full)


def _private(home: Home) -> Finding:
    """Other users must not read these files, least of all the tokens."""
    paths = [path for path in (home.root, home.connection, home.candidate) if path.exists()]
    open_to_all = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to_all:
        names = " ".join(str(path) for path in open_to_all)
        return Finding(
            Check.home, False, f"other users of this machine can open {names}", f"Run: chmod go= {names}"
        )
    return Finding(Check.home, True, f"{home.root} is writable and private")


def _disk(home: Home, full: bool) -> Finding:
    free = shutil.disk_usage(home.root).free
    needed = SPARE + sum(path.stat().st_size for path in (home.raw, home.marts) if path.exists())
    what = f"{_megabytes(free)} free, a sync may need {_megabytes(needed)}"
    if full or free < needed:
        return Finding(
            Check.disk,
            False,
            f"the disk is full: {what}" if full else what,
            f"Free some space on the disk of {home.root}, or move the folder and set FRESHBOOKS_HOME.",
        )
    return Finding(Check.disk, True, what)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"


def _versions() -> Finding:
    """The installed packages against what this version needs."""
    name = "source-freshbooks"
    try:
        required = metadata.requires(name) or []
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(
            Check.versions,
            False,
            f"{name} is not installed",
            "Install it: pip install 'source-freshbooks[hub]'",
        )
    wrong = []
    for requirement in map(Requirement, required):
        if requirement.marker and not requirement.marker.evaluate({"extra": "hub"}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is installed, but {requirement.specifier} is needed")
    what = f"{name} {version}, Python {platform.python_version()}, {os.uname().sysname} {os.uname().release}"
    if wrong:
        return Finding(
            Check.versions, False, "; ".join(wrong), "Install again: pip install 'source-freshbooks[hub]'"
        )
    return Finding(Check.versions, True, what)


def check_network() -> Iterator[Finding]:
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
