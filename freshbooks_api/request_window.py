"""When the requests of the last minute were sent: by this process, or by all that share a file.

FreshBooks may count requests for each token or for the whole app (freshbooks-api.md 6.3). So all that a hub sends for
one app, its syncs and its own requests, share a file; the source finds its path in the setting `request_window`, and
knows of itself alone without it. The limit starts at what was seen live and then follows what each answer says: the
limit, how much of the window is left, and after 429 how long to wait.
"""

import logging
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

try:
    import fcntl
except ImportError:  # Windows, where nothing is shared
    fcntl = None  # type: ignore[assignment]

WINDOW = 60.0  # seconds
LIMIT = 600
RESERVE = 0.02  # of the limit, left for pages in flight
LONGEST_WAIT = 120.0
PLACES = 16_384  # requests that are remembered; a limit above that is none
SAME_BOOT = 60.0  # seconds by which the start of the machine may seem to move, as its clock is set

_KIND = struct.Struct("<8sd")  # what the file is, and when the machine was started
_STATE, _PLACE = struct.Struct("<QQd"), struct.Struct("<d")
_MAGIC = b"fbwindo1"  # the last character is the version
_STATE_AT, _PLACES_AT = 16, 64
_SIZE = _PLACES_AT + PLACES * _PLACE.size

logger = logging.getLogger("airbyte.freshbooks")

T = TypeVar("T")


@dataclass
class _State:
    """`count`: requests so far. `limit`: per minute, 0 until an answer gave it. `resume_at`: no request before then."""

    count: int = 0
    limit: int = 0
    resume_at: float = 0.0


class _Bytes(Protocol):
    """Bytes at offsets, and the right to them alone."""

    def locked(self) -> AbstractContextManager[None]: ...
    def read(self, offset: int, size: int) -> bytes: ...
    def write(self, offset: int, content: bytes) -> None: ...


class RequestWindow:
    """At most `limit` requests in any minute. Instants are of the monotonic clock, which all processes share.

    Places are given in the order of asking: whoever has few requests is not held up by one who has many. That of a
    process which is killed before it sends is lost.
    """

    def __init__(self, limit: int = LIMIT, path: str | None = None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._bytes: _Bytes = _Memory()
        if path:
            try:
                self._bytes = _File(path)
            except (OSError, ValueError) as error:
                _alone(error)

    def take(self) -> float:
        """Count one request; the instant at which it may be sent."""

        def work(state: _State, kept: _Bytes) -> float:
            at = max(time.monotonic(), state.resume_at)
            limit = state.limit or self._limit
            if state.count >= limit and limit <= PLACES:
                [before] = _PLACE.unpack(kept.read(_place(state.count - limit), _PLACE.size))
                at = max(at, before + WINDOW)
            kept.write(_place(state.count), _PLACE.pack(at))
            state.count += 1
            return at

        return self._do(work)

    def resume_at(self) -> float:
        """No request is sent before this instant, which may move while a caller waits."""
        return self._do(lambda state, _: state.resume_at)

    def limit(self) -> int:
        """Requests per minute, as given by the last answer."""
        return self._do(lambda state, _: state.limit or self._limit)

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer; good ones have these headers too, so only their numbers count."""
        told = _number(headers, "X-RateLimit-Limit")
        limit = self.limit() if told is None else max(int(told), 1)
        remaining = _number(headers, "X-RateLimit-Remaining")
        resume_at = 0.0
        if status == 429 or (remaining is not None and remaining <= limit * RESERVE):
            wait = _number(headers, "Retry-After")
            resume_at = time.monotonic() + min(WINDOW if wait is None else wait, LONGEST_WAIT)
        self.keep_limit(limit, resume_at)

    def keep_limit(self, limit: int, resume_at: float) -> None:
        """Keep the limit that an answer gave."""

        def work(state: _State, _: _Bytes) -> None:
            state.limit, state.resume_at = limit, max(state.resume_at, resume_at)

        self._do(work)

    def _do(self, work: Callable[[_State, _Bytes], T]) -> T:
        """`work` on the state, which nothing else changes meanwhile; without the file, on this process's own."""
        with self._lock:
            try:
                return _changed(self._bytes, work)
            except (OSError, struct.error) as error:
                _alone(error)
                self._bytes = _Memory()
                return _changed(self._bytes, work)


def _number(headers: Mapping[str, str], header: str) -> float | None:
    try:
        return float(headers[header])
    except (KeyError, ValueError):
        return None


def _changed(kept: _Bytes, work: Callable[[_State, _Bytes], T]) -> T:
    with kept.locked():
        before = kept.read(_STATE_AT, _STATE.size)
        state = _State(*_STATE.unpack(before))
        result = work(state, kept)
        after = _STATE.pack(state.count, state.limit, state.resume_at)
        if after != before:
            kept.write(_STATE_AT, after)
    return result


def _place(number: int) -> int:
    return _PLACES_AT + number % PLACES * _PLACE.size


def _alone(error: Exception) -> None:
    logger.warning("Requests are not counted together with those of other syncs: %s", error)


class _Memory:
    def __init__(self) -> None:
        self._content = bytearray(_SIZE)

    def locked(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._content[offset : offset + size])

    def write(self, offset: int, content: bytes) -> None:
        self._content[offset : offset + len(content)] = content


class _File:
    """Written completely when created, so that a full disk shows then. Raises OSError; ValueError for another file."""

    def __init__(self, path: str) -> None:
        if fcntl is None:
            raise OSError("this system has no locks for it")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        boot = time.time() - time.monotonic()
        with self.locked():
            kind = self.read(0, _KIND.size)
            if kind and kind[:8] != _MAGIC:
                raise ValueError(f"{path} is of another kind")
            whole = os.fstat(self._file).st_size == _SIZE
            if not whole or abs(_KIND.unpack(kind)[1] - boot) > SAME_BOOT:
                self.write(0, _KIND.pack(_MAGIC, boot).ljust(_SIZE, b"\0"))

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self._file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)

    def write(self, offset: int, content: bytes) -> None:
        os.pwrite(self._file, content, offset)
