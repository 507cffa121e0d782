"""Users: who besides the owner may sign in, with which password, and their rights in each connection.

They are of the whole hub: web.users.json lies in the home of the default connection, mode 0600. Whoever is removed, or
loses a connection, loses at once what they gave to AI clients there; every change stands in the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.mcp.oauth.grants import Grant, Grants
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.json_list import JsonList
from freshbooks_hub.web import passwords
from freshbooks_hub.web.access import Need, Person, Right
from freshbooks_hub.web.sessions import Sessions

VERSION = 1  # of the file
# Short enough for the audit log, which takes longer words for secrets.
NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,38}")
TAKEN = frozenset({"owner"})


class NameRefused(HubError):
    """A name that a new user cannot have."""


class RightsRefused(HubError):
    """Rights that a user cannot have."""


class NoSuchUser(HubError):
    """No user has this name."""


@dataclass(frozen=True)
class User:
    """`password`: its hash. `rights`: by connection, with `default` as one of the names."""

    name: str
    password: str = field(repr=False)
    rights: Mapping[str, Right] = field(default_factory=dict)

    @property
    def person(self) -> Person:
        """As the pages know who is signed in."""
        return Person(self.name, self.rights)


class Users:
    """Those of one hub. `who` and `channel` of a change are those of the owner who makes it. All raise HomeError."""

    def __init__(self, home: Home) -> None:
        self._home = home.base
        path = self._home.root / "web.users.json"
        again = "Remove it, and add the users again."
        self._file = JsonList(path, "users", VERSION, _from_json, _as_json, again)

    def exist(self) -> bool:
        """Whether there is any user, or was one."""
        return self._file.path.exists()

    def all(self) -> list[User]:
        """By name."""
        return sorted(self._read().values(), key=lambda user: user.name)

    def find(self, name: str) -> User | None:
        """The user of this name; None also if the file cannot be read, so that nobody gets in."""
        try:
            return self._read().get(name)
        except HubError:
            return None

    def get(self, name: str) -> User:
        """The user of this name; raises NoSuchUser."""
        found = self._read().get(name)
        if found is None:
            raise NoSuchUser(f"There is no user {name}.")
        return found

    def add(self, name: str, password: str, rights: Mapping[str, Right], who: str, channel: Channel) -> User:
        """A new user. Raises NameRefused, WeakPassword, RightsRefused."""
        self._check_name(name)
        self._check_rights(rights)
        user = User(name, passwords.hashed(password), dict(rights))
        with self._changed() as users:
            if name in users:
                raise NameRefused(
                    f"There is a user {name} already. Choose another name, or change that user."
                )
            users[name] = user
        self._audit("user_added", who, channel, user)
        return user

    def share(self, name: str, rights: Mapping[str, Right], who: str, channel: Channel) -> None:
        """Set what the user may do from now on. Raises NoSuchUser, HubError."""
        self._check_rights(rights)
        with self._changed() as users:
            users[name] = user = replace(_of(users, name), rights=dict(rights))
        self._end_grants(user)
        self._audit("user_changed", who, channel, user)

    def set_password(self, name: str, password: str, who: str, channel: Channel) -> User:
        """A new password; every session of the user ends. Raises NoSuchUser, WeakPassword."""
        kept = passwords.hashed(password)
        with self._changed() as users:
            users[name] = user = replace(_of(users, name), password=kept)
        Sessions(self._home).end_of(name)
        self._audit("user_password", who, channel, user)
        return user

    def remove(self, name: str, who: str, channel: Channel) -> None:
        """The user is signed out everywhere and gets in no more. Raises NoSuchUser."""
        with self._changed() as users:
            user = replace(_of(users, name), rights={})
            del users[name]
        Sessions(self._home).end_of(name)
        self._end_grants(user)
        self._audit("user_removed", who, channel, user)

    def forget(self, connection: str) -> None:
        """Remove a deleted connection from everybody's rights: a later one of its name has other owners."""
        if not self.exist():
            return
        with self._changed() as users:
            for user in list(users.values()):
                left = {name: right for name, right in user.rights.items() if name != connection}
                users[user.name] = replace(user, rights=left)

    def _check_name(self, name: str) -> None:
        if not NAME.fullmatch(name) or name in TAKEN:
            raise NameRefused(
                f"{name!r} is not a valid user name. Use lower-case letters, digits and . _ @ + -, at most 39, "
                "and not “owner”."
            )

    def _check_rights(self, rights: Mapping[str, Right]) -> None:
        known = {home.name for home in Home.connections()}
        unknown = sorted(set(rights) - known)
        if unknown:
            raise RightsRefused(f"There is no connection {unknown[0]}.")
        if not rights:
            raise RightsRefused("Choose at least one connection that the user may see.")

    def _end_grants(self, user: User) -> None:
        """End what the user gave to AI clients and may not do any more."""

        def is_lost(grant: Grant) -> bool:
            need = Need.approve if "act" in grant.scopes else Need.look
            return not user.person.may(need, grant.connection)

        if self._home.history.exists():
            Grants(self._home).revoke_given_by(user.name, is_lost)

    def _audit(self, event: str, who: str, channel: Channel, user: User) -> None:
        self._home.ensure()
        may = {right: [name for name, had in user.rights.items() if had is right] for right in Right}
        Audit(self._home, SystemClock()).record(
            event,
            who,
            channel=channel,
            user=user.name,
            look=may[Right.look],
            approve=may[Right.approve],
        )

    @contextmanager
    def _changed(self) -> Iterator[dict[str, User]]:
        self._home.ensure()
        with self._file.changed() as kept:
            users = {user.name: user for user in kept}
            yield users
            kept[:] = users.values()

    def _read(self) -> dict[str, User]:
        return {user.name: user for user in self._file.all()}


def _from_json(one: dict[str, Any]) -> User:
    rights = {str(name): Right(right) for name, right in one["connections"].items()}
    return User(str(one["name"]), str(one["password"]), rights)


def _as_json(user: User) -> dict[str, Any]:
    return {"name": user.name, "password": user.password, "connections": user.rights}


def _of(users: Mapping[str, User], name: str) -> User:
    if name not in users:
        raise NoSuchUser(f"There is no user {name}.")
    return users[name]
