"""What the source and the hub both know of the FreshBooks API: streams, scopes and token rules."""
