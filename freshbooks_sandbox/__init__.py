"""A local stand-in for the FreshBooks API: OAuth, every read family, reports, writes, faults, seeded books.

It behaves as the project's API sheet says (`freshbooks-api.md`), quirks included. It holds no real data
and no real credentials, and serves on the loopback interface only.
"""

from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.server import Sandbox

__all__ = ["Clock", "Sandbox"]
