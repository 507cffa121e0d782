"""What agents may do to the books: proposed by them, approved by a person, sent once, and proved."""
