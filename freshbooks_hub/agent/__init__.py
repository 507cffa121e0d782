"""AI agents on the books: reads from the marts, guarded SQL, and writes that a person approves."""
