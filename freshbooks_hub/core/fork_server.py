"""The program that forks: it imports once, then only starts children and reports how they ended (`forks.py`)."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from freshbooks_hub.core import forks
from freshbooks_hub.core.forks import BEGUN, CHANNEL, ENDED, LENGTH, REPORT, Channel, Request


def serve(channel: socket.socket, preload: Sequence[str]) -> None:
    """Fork children until no channel is open and the last child has ended."""
    for name in preload:
        module, _, function = name.partition(":")
        imported = importlib.import_module(module)
        if function:
            getattr(imported, function)()
    if threads := len(list(Path("/proc/self/task").iterdir())) - 1:
        # One that holds a lock would leave it locked in every child.
        raise RuntimeError(f"{threads} threads run after importing {', '.join(preload)}")
    gc.enable()
    gc.collect()
    gc.freeze()  # so that no child's collector writes to the pages that they all share
    _Serving(channel).run()


class _Serving:
    def __init__(self, channel: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, socket.socket] = {}
        self._channels: set[socket.socket] = set()
        self._wakes, self._wake = socket.socketpair()
        for end in (self._wakes, self._wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wakes, selectors.EVENT_READ)
        self._add(channel)

    def run(self) -> None:
        while self._channels or self._children:
            for key, _ in self._selector.select():
                end = key.fileobj
                assert isinstance(end, socket.socket)
                if end is self._wakes:
                    end.recv(4096)
                elif end in self._channels:
                    self._answer(end)
            self._reap()

    def _add(self, channel: socket.socket) -> None:
        self._channels.add(channel)
        self._selector.register(channel, selectors.EVENT_READ)

    def _answer(self, channel: socket.socket) -> None:
        try:
            word, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        except ConnectionError:
            word, descriptors = b"", []
        ends = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        if not word:
            self._selector.unregister(channel)
            self._channels.discard(channel)
            channel.close()
        elif word == CHANNEL:
            for end in ends:
                self._add(end)
        else:
            for end in ends:
                self._fork(end)

    def _fork(self, request: socket.socket) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = request
            return
        code = 1
        try:
            self._leave()
            code = _child(request)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(Exception):
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
            # Tearing down what is shared would copy it first.
            os._exit(code)

    def _leave(self) -> None:
        """In a child: close everything that belongs to the server or another child."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for end in (*self._channels, *self._children.values(), self._wakes, self._wake):
            end.close()

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._children.pop(pid) as reports, suppress(OSError):
                reports.sendall(REPORT.pack(ENDED, os.waitstatus_to_exitcode(status)))


def _child(asked: socket.socket) -> int:
    """Do what is asked for; the exit code, as the interpreter would give it."""
    os.setsid()
    asked.sendall(REPORT.pack(BEGUN, os.getpid()))
    length, passed, _, _ = socket.recv_fds(asked, LENGTH.size, 3)
    content = bytearray()
    while length and len(content) < LENGTH.unpack(length)[0]:
        if not (part := asked.recv(65536)):
            return 1
        content += part
    if not content:  # the requester is gone
        return 1
    request = Request(**json.loads(content))
    _take_over(request, passed)
    module, _, function = request.target.partition(":")
    try:
        getattr(importlib.import_module(module), function)()
    except SystemExit as error:
        return _code(error.code)
    return 0


def _take_over(request: Request, passed: Sequence[int]) -> None:
    stdout, stderr, *channel = passed
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    forks.inherited = Channel(socket.socket(fileno=channel[0])) if channel else None
    os.environ.clear()
    os.environ.update(request.environment)
    os.umask(0o077)
    if request.folder:
        os.chdir(request.folder)
    sys.argv = [request.target, *request.arguments]


def _code(code: Any) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
    os._exit(0)  # there is nothing to flush, and libraries complain while they are torn down
