"""The sandbox's clock: real time unless a test moves, sets or freezes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Drives stamps, token expiry, the Date header, rate windows and computed statuses. All UTC."""

    def __init__(self, start: datetime | None = None) -> None:
        self._offset = timedelta()
        self._frozen: datetime | None = None
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """Current instant, aware, UTC."""
        return self._frozen if self._frozen is not None else datetime.now(UTC) + self._offset

    def set(self, at: datetime) -> None:
        """Jump to `at` (aware; naive is read as UTC) and go on running, or stay frozen there."""
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        if self._frozen is not None:
            self._frozen = at
        else:
            self._offset = at - datetime.now(UTC)

    def advance(self, **amount: float) -> None:
        """Move forward; keywords as for `timedelta`: `advance(hours=13)`."""
        step = timedelta(**amount)
        if self._frozen is not None:
            self._frozen += step
        else:
            self._offset += step

    def freeze(self, at: datetime | None = None) -> None:
        """Stop at `at`, or at the current instant."""
        self._frozen = self.now()
        if at is not None:
            self.set(at)

    def resume(self) -> None:
        """Run again from where the clock stands."""
        at = self.now()
        self._frozen = None
        self.set(at)
