"""The stored rows: what a kind of record is, where its rows lie, and how they are found and changed."""
