"""Durable, private files: what is written is on disk completely or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO


class Identity(NamedTuple):
    """Another file, or another content of it, has another one."""

    inode: int
    changed_ns: int
    size: int


def identity(path: Path) -> Identity | None:
    """None without a file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of hundreds of files at every turn of `serve`
    except OSError:
        return None
    return Identity(found.st_ino, found.st_mtime_ns, found.st_size)


def fsync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private(path: Path) -> TextIO:
    """Open `path` to append text in UTF-8, and set its mode to 0600."""

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return descriptor

    return open(path, "a", encoding="utf-8", errors="backslashreplace", opener=opener)


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` (mode 0600) in one step: temp file in the same folder, fsync, rename, fsync folder."""
    with replacing_privately(path) as file:
        file.write(content)


@contextmanager
def replacing_privately(path: Path) -> Iterator[BinaryIO]:
    """As `write_private`, for what the block writes: `path` is unchanged until the block succeeds."""
    # mkstemp creates with mode 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def make_private(folder: Path, leave: Collection[str] = ()) -> None:
    """Remove the rights of others from everything in `folder`; files of other users are left unchanged.

    Nor is it looked into the folders `leave` in it.
    """
    for parent, folders, names in os.walk(folder):
        if parent == str(folder):
            folders[:] = [name for name in folders if name not in leave]
        for path in (parent, *(os.path.join(parent, name) for name in names)):  # noqa: PTH118 - thousands of files
            with suppress(OSError):
                found = os.lstat(path)
                if not stat.S_ISLNK(found.st_mode) and found.st_mode & 0o077:
                    os.chmod(path, stat.S_IMODE(found.st_mode) & ~0o077)  # noqa: PTH101


def check_writable(folder: Path, size: int = 64 * 1024) -> None:
    """Prove that `size` bytes can be made durable in `folder`; raises OSError if not."""
    descriptor, name = tempfile.mkstemp(prefix=".probe.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
    finally:
        Path(name).unlink(missing_ok=True)


def replace_durably(new: Path, target: Path) -> None:
    """Rename the finished file `new` over `target`; readers see the old or the new one, whole."""
    descriptor = os.open(new, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(target)
    fsync_folder(target.parent)
