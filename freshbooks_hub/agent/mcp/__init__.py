"""The MCP server: the books as typed tools, over stdio or HTTP; what it may do is decided elsewhere."""
