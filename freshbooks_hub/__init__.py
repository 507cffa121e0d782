"""The application around the FreshBooks source: connection, sync, marts, command line."""
