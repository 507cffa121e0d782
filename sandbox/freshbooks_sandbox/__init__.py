"""A local stand-in for the FreshBooks API: OAuth, every read family, reports, writes, faults, seeded books.

It behaves as the project's API sheet says (freshbooks-api.md 1 to 8), quirks included; numbers in brackets, such as
(3.2), are sections of that sheet here. It holds no real data and no real credentials, and serves on the loopback
interface only.
"""

from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.http.fleet import Fleet
from freshbooks_sandbox.http.server import Sandbox

__all__ = ["Clock", "Fleet", "Sandbox"]
