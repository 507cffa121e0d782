"""Telling people what needs them: by e-mail, webhook and what else `apprise` knows."""
