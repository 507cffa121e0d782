"""What lists answer: pages, the look of a row, and how an account may differ."""
