"""The published marts: one way to open them, questions, reconciliation."""
