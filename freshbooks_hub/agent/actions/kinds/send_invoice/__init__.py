"""Send a draft invoice by e-mail."""
