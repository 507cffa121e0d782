"""Receipt files: taken from the owner's folder or given as bytes, validated, and kept until they are uploaded."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Receipt
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

MAX_BYTES = 10 * 1024 * 1024
_MAGIC = {  # freshbooks-api.md 7.5
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"GIF87a": ("image/gif", "gif"),
    b"GIF89a": ("image/gif", "gif"),
    b"%PDF-": ("application/pdf", "pdf"),
}


@dataclass(frozen=True)
class File:
    """A receipt's bytes with what the preview says of them."""

    receipt: Receipt
    content: bytes = field(repr=False)


def key_of(business_id: int, sha256: str) -> str:
    """The idempotency key of a receipt: it is booked once."""
    return f"receipt/{business_id}/{sha256}"


def from_path(path: str | Path, folder: str | None) -> File:
    """Read a file under the owner's folder; raises ActionRefused alike for what is outside and what is not."""
    if folder is None:
        raise ActionRefused(
            "no_receipts_folder",
            "The owner has set no folder for receipts, so files cannot be read by path. Send the bytes, or ask "
            "the owner to run: freshbooks actions receipts FOLDER",
        )
    try:
        content = _read(folder, _parts(path, folder))
    except (OSError, ValueError) as error:
        raise _not_there() from error
    return _checked(content, Path(path).name)


def from_base64(text: str, name: str | None) -> File:
    """Decode bytes sent by the agent."""
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise _too_big()
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ActionRefused("invalid_receipt", "The receipt is not valid base64.") from error
    return _checked(content, name or "receipt")


def keep(home: Home, file: File) -> None:
    """Store the bytes (mode 0600) until the action ends, so that what is uploaded is what was approved."""
    folder = _folder(home)
    with disk_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(folder / file.receipt.sha256, file.content)


def kept(home: Home, sha256: str) -> bytes | None:
    """The stored bytes, if their hash still matches."""
    try:
        content = (_folder(home) / sha256).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def listed(home: Home) -> list[str]:
    """The hashes of the stored receipts."""
    folder = _folder(home)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def forget(home: Home, sha256: str) -> None:
    """Remove the bytes."""
    (_folder(home) / sha256).unlink(missing_ok=True)


def _folder(home: Home) -> Path:
    return home.root / "receipts"


def _parts(path: str | Path, folder: str) -> tuple[str, ...]:
    """The names from the folder down to the file; raises ActionRefused for a path that leaves the folder."""
    asked = Path(path)
    parts = asked.relative_to(folder).parts if asked.is_absolute() else asked.parts
    if not parts or ".." in parts:
        raise _not_there()
    return parts


def _read(folder: str, parts: tuple[str, ...]) -> bytes:
    """The bytes of a file, opened name by name, so that swapping a part of the path meanwhile has no effect.

    No link is followed, and a file that stands elsewhere too (a hard link) is not read.
    """
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in parts[:-1]:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = inner
        # Without waiting for a writer, should it be a pipe.
        descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise _not_there()
        if about.st_size > MAX_BYTES:
            raise _too_big()
        return file.read(MAX_BYTES + 1)


def _checked(content: bytes, name: str) -> File:
    if len(content) > MAX_BYTES:
        raise _too_big()
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if kind is None:
        raise ActionRefused(
            "invalid_receipt", "A receipt is a PNG, JPEG, GIF or PDF file; this is none of them."
        )
    media_type, extension = kind
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-")[:60] or "receipt"
    digest = hashlib.sha256(content).hexdigest()
    receipt = Receipt(
        filename=f"{stem}.{extension}", media_type=media_type, bytes=len(content), sha256=digest
    )
    return File(receipt, content)


def _not_there() -> ActionRefused:
    return ActionRefused("receipt_unknown", "There is no such file in the owner's receipts folder.")


def _too_big() -> ActionRefused:
    return ActionRefused("invalid_receipt", f"A receipt has at most {MAX_BYTES // 1024 // 1024} MB.")
