"""All lists, by their addresses."""

from __future__ import annotations

from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.money import BILLS, EXPENSES, LEDGER, PAYMENTS
from freshbooks_hub.web.lists.pages import routes_of
from freshbooks_hub.web.lists.people import CLIENTS, ENTRIES, PROJECTS
from freshbooks_hub.web.lists.tax import TAX_LINES

LISTINGS = (INVOICES, CLIENTS, PROJECTS, BILLS, PAYMENTS, EXPENSES, ENTRIES, LEDGER, TAX_LINES)

routes = [route for listing in LISTINGS for route in routes_of(listing)]
