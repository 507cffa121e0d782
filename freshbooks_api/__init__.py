"""What the source and the hub both know about the FreshBooks API: client, streams, scopes and token rules."""
