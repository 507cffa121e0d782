"""`python -m freshbooks_sandbox --port 8765`: serve until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import threading

from freshbooks_sandbox.backend import REDIRECT_URI
from freshbooks_sandbox.http.server import Sandbox


def run(
    port: int = 8765,
    seed: str = "demo",
    scale: int | None = None,
    redirect_uri: str = REDIRECT_URI,
    rate_limit: int | None = 600,
) -> None:
    """Serve on 127.0.0.1 and print what a client needs; ends on Ctrl-C. OSError when the port is taken."""
    with Sandbox(seed, scale, port, redirect_uri=redirect_uri, rate_limit=rate_limit) as sandbox:
        print(f"FreshBooks sandbox on {sandbox.url} (loopback only, Ctrl-C stops it)")
        print(f"  client id:     {sandbox.client_id}")
        print(f"  client secret: {sandbox.client_secret}")
        print(f"  redirect URI:  {sandbox.redirect_uri}")
        for books in sandbox.store.businesses.values():
            print(f"  business {books.business_id}: {books.business['name']} ({books.role})")
        print("Point a client at it:")
        print(f"  export FRESHBOOKS_API_URL={sandbox.url} FRESHBOOKS_AUTH_URL={sandbox.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="freshbooks_sandbox", description="A local FreshBooks API with made-up data."
    )
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--seed", choices=("demo", "empty"), default="demo")
    parser.add_argument(
        "--scale", type=int, metavar="N", help="N invoices of four lines instead of the demo data"
    )
    parser.add_argument("--redirect-uri", default=REDIRECT_URI, help="an HTTPS URI registered for the app")
    parser.add_argument("--rate-limit", type=int, default=600, help="requests a minute; 0 for no limit")
    options = vars(parser.parse_args())
    try:
        run(**{**options, "rate_limit": options["rate_limit"] or None})
    except OSError as error:
        sys.exit(f"Cannot listen on port {options['port']}: {error.strerror}. Choose another with --port.")


if __name__ == "__main__":
    main()
