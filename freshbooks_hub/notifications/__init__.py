"""Notifications when a person is needed: by email, webhook and whatever else `apprise` supports."""
