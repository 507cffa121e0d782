"""The accountant's pack: the reports of one business and period as one ZIP, and a cover that says what is not in it."""
