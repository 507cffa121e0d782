"""The state of a connection, for `freshbooks status` and the Status page."""
