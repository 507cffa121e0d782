"""The FreshBooks connection: its grant is stored in one file and refreshed under one lock."""
