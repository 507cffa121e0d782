"""What the source and the hub both know of the FreshBooks API: client, streams, scopes and token rules."""
