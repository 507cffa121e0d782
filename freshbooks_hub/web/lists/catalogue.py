"""All lists, by their addresses."""

from __future__ import annotations

from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.pages import routes_of

LISTINGS = (INVOICES,)

routes = [route for listing in LISTINGS for route in routes_of(listing)]
