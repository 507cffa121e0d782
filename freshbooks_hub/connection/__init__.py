"""The one owner of the FreshBooks grant: stored in one file, refreshed under one lock."""
