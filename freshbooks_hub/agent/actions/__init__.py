"""What agents may change in the books: they propose it, a person approves it, it is sent once and then verified."""
