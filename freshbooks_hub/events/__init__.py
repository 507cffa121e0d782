"""What happened in the books, for other systems: the change record of marts, events, and webhooks."""
