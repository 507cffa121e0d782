"""Settings of the process that `run` starts; nobody who imports the package gets them.

Without them every command spends a second more CPU, and a read a quarter more.
"""

import gc
import sys

import attributes_doc
import requests.models


def prepare() -> None:
    """Before the CDK is imported."""
    gc.disable()  # imports make objects that stay
    # The CDK's message serializers read the docstrings of all of their classes by parsing their source.
    attributes_doc.get_attributes_doc = _no_docstrings
    # requests takes an answer in pieces of 10 kB, each of which hands the interpreter to another thread and back:
    # with eight pages of 400 kB in flight that took a fifth of a sync.
    requests.models.CONTENT_CHUNK_SIZE = 1024 * 1024


def started() -> None:
    """After the source is built: what is there now stays, and rows hold no cycles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    # Threads that have a page to work on take it away from each other every 5 ms otherwise.
    sys.setswitchinterval(0.02)


def _no_docstrings(cls: type) -> dict[str, str]:  # noqa: ARG001 - the replaced one's signature
    return {}
