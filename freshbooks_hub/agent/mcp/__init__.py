"""The MCP server: the books as typed tools, over stdio or HTTP. What agents may do is decided elsewhere."""
