"""Asks the user's own account what no document settles, by GETs alone (freshbooks-api.md 9.2)."""
