"""The published marts: opening them, what they lack, reconciliation, the accountant's pack."""
