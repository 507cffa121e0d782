"""Where a webhook may be sent: to addresses of the internet alone, unless a person said otherwise.

Whoever can name an address could otherwise have this machine call what only it can reach. The name is resolved here and
the connection made to that very address, so that it cannot lead elsewhere a moment later.
"""

from __future__ import annotations

import ipaddress
import socket

from freshbooks_hub.core.errors import HubError

NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddress(HubError):
    """A webhook would go to this machine or a private network."""


class NoAddress(HubError):
    """The host of a webhook has no address."""


def resolve(host: str, port: int, private: bool) -> str:
    """An IP address of the host. Raises PrivateAddress where one of its addresses is private, NoAddress."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddress(f"The host {host} has no address.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        raise PrivateAddress(
            f"{host} is an address of this machine or of a private network. If it is meant, remove the webhook and add "
            "it again as one of your own network (--allow-private)."
        )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether it is one of the internet, also of the address that is embedded in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
    return address.is_global and not address.is_multicast
