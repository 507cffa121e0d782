"""The owner's rules, run after a sync: from what is in the books to an action."""
