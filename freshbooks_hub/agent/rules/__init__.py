"""What happens by itself after a sync: the owner's rules, from what is in the books to an action."""
