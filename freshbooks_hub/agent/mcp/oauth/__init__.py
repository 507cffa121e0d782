"""OAuth for `/mcp`: a client that knows only its address is approved by a person on one of the hub's pages."""
