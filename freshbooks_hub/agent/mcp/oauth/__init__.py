"""OAuth for `/mcp`: clients that know nothing but its address are let in by a person, on the hub's page."""
