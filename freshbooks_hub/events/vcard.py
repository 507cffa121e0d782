"""A contact as a vCard 3.0 (RFC 2426), the version that address books and CRMs read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LINE = 75  # octets
TELEPHONES = {"business_phone": "WORK", "mobile_phone": "CELL", "home_phone": "HOME"}


def vcard(contact: Mapping[str, Any]) -> str:
    """The card of a row of crm_contacts, with CRLF line ends. Unknown values are left out, except the name."""
    of = {name: _text(value) for name, value in contact.items()}
    name = of["full_name"] or of["organization"] or of["email"] or "Unknown"
    known = {
        "UID": f"freshbooks-{of['account_id']}-{of['business_id']}-{of['contact_key']}",
        "FN": name,
        "N": f"{of['last_name']};{of['first_name']};;;",
        "ORG": of["organization"],
        "EMAIL;TYPE=INTERNET": of["email"],
        **{f"TEL;TYPE={kind}": of[column] for column, kind in TELEPHONES.items()},
        "ADR;TYPE=WORK": _address(of),
    }
    updated = contact["updated_at"]
    if updated:
        known["REV"] = updated.strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCARD", "VERSION:3.0", *(f"{key}:{value}" for key, value in known.items() if value)]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCARD"])


def _address(of: Mapping[str, str]) -> str:
    street = "\\n".join(filter(None, (of["street"], of["street2"])))
    parts = (street, of["city"], of["province"], of["postal_code"], of["country"])
    return f";;{';'.join(parts)}" if any(parts) else ""


def _text(value: Any) -> str:
    r"""Escaped as a value: `\`, `;` and `,`, a line feed as `\n`; other control characters are dropped."""
    escaped = re.sub(r"([\\;,])", r"\\\1", "" if value is None else str(value))
    return re.sub(r"[\x00-\x1f\x7f]", "", re.sub(r"\r\n?|\n", r"\\n", escaped))


def _folded(line: str) -> str:
    """In lines of at most 75 octets, the next ones begin with a blank; no character is cut."""
    lines, size = [""], 0
    for char in line:
        octets = len(char.encode("utf-8", "replace"))
        if size + octets > LINE:
            lines.append(" ")
            size = 1
        lines[-1] += char
        size += octets
    return "\r\n".join(lines)
