"""What a running server does by itself: keep the connections in step."""
